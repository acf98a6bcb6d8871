/* Manifests: a round trip, everything that must be refused, and verification against files. */
#include "../unit.h"

#include "modelops/artifact/manifest.h"
#include "modelops/artifact/spec.h"
#include "modelops/base/check.h"

#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SHA        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define FILE_ENTRY "{\"path\":\"metrics.json\",\"size\":0,\"sha256\":\"" SHA "\"}"
#define DOC(kind, files, metrics, more) \
	"{\"format\":1,\"attempt_id\":\"att_1\",\"kind\":" kind ",\"files\":[" files \
	"],\"metrics\":" metrics \
	",\"device\":\"cpu\",\"created_at\":\"2026-11-23T22:00:00Z\"" more "}"

static int parse(struct mo_arena *arena, const char *text, struct manifest *m, struct mo_err *err)
{
	*err = (struct mo_err){ 0 };
	return manifest_parse(arena, text, strlen(text), m, err);
}

static void round_trip(void **state)
{
	struct manifest_file files[2] = { { "model.json", 12, SHA }, { "metrics.json", 0, SHA } };
	struct manifest_metric metrics[2] = { { "valid-rmse", 0.1 }, { "train-rmse", 1e-9 } };
	const struct manifest m = { "att_01", "model", files, 2, metrics, 2, "cuda", 17,
		1764000000000000 };
	struct manifest back;
	struct mo_arena arena;
	struct mo_err err = { 0 };
	struct mo_buf one, two;

	mo_arena_init(&arena, 1 << 20, 4096);
	mo_buf_init(&one, MANIFEST_BYTES_MAX);
	mo_buf_init(&two, MANIFEST_BYTES_MAX);
	assert_int_equal(manifest_write(&m, &one, &err), 0);
	assert_int_equal(parse(&arena, mo_buf_str(&one), &back, &err), 0);
	assert_string_equal(back.attempt_id, "att_01");
	assert_string_equal(back.device, "cuda");
	assert_int_equal(back.best_iteration, 17);
	assert_int_equal(back.created_at, m.created_at);
	assert_int_equal(back.nfiles, 2);
	assert_int_equal(manifest_find(&back, "model.json")->size, 12);
	assert_null(manifest_find(&back, "model"));
	assert_true(back.metrics[0].value == 0.1 && back.metrics[1].value == 1e-9);
	assert_int_equal(manifest_write(&back, &two, &err), 0);
	assert_string_equal(mo_buf_str(&one), mo_buf_str(&two));
	mo_buf_free(&one);
	mo_buf_init(&one, 40);
	assert_int_equal(manifest_write(&m, &one, &err), -1);
	mo_buf_free(&one);
	mo_buf_free(&two);
	mo_arena_free(&arena);
}

static const struct {
	const char *text, *field;
} bad[] = {
	{ "", "" },
	{ "[]", "" },
	{ "{}", "format" },
	{ "{\"format\":1", "" },
	{ "{\"format\":2}", "format" },
	{ "{\"format\":1,\"extra\":1}", "extra" },
	{ "{\"format\":1,\"attempt_id\":7}", "attempt_id" },
	{ "{\"format\":1,\"attempt_id\":\"\"}", "attempt_id" },
	{ DOC("\"other\"", FILE_ENTRY, "{}", ""), "kind" },
	{ DOC("null", FILE_ENTRY, "{}", ""), "kind" },
	{ DOC("\"model\"", "", "{}", ""), "files" },
	{ DOC("\"model\"", "1", "{}", ""), "files[0]" },
	{ DOC("\"model\"", "{\"path\":\"a\",\"size\":1}", "{}", ""), "files[0]" },
	{ DOC("\"model\"", "{\"a\":\"a\",\"b\":1,\"c\":1}", "{}", ""), "files[0].path" },
	{ DOC("\"model\"", "{\"path\":\"../a\",\"size\":1,\"sha256\":\"" SHA "\"}", "{}", ""),
		"files[0].path" },
	{ DOC("\"model\"", "{\"path\":\"a/b\",\"size\":1,\"sha256\":\"" SHA "\"}", "{}", ""),
		"files[0].path" },
	{ DOC("\"model\"", "{\"path\":\".a\",\"size\":1,\"sha256\":\"" SHA "\"}", "{}", ""),
		"files[0].path" },
	{ DOC("\"model\"", "{\"path\":\"manifest.json\",\"size\":1,\"sha256\":\"" SHA "\"}", "{}",
		  ""),
		"files[0].path" },
	{ DOC("\"model\"", "{\"path\":\"a\",\"size\":-1,\"sha256\":\"" SHA "\"}", "{}", ""),
		"files[0].size" },
	{ DOC("\"model\"", "{\"path\":\"a\",\"size\":1.5,\"sha256\":\"" SHA "\"}", "{}", ""),
		"files[0].size" },
	{ DOC("\"model\"", "{\"path\":\"a\",\"size\":1,\"sha256\":\"E3\"}", "{}", ""),
		"files[0].sha256" },
	{ DOC("\"model\"", FILE_ENTRY "," FILE_ENTRY, "{}", ""), "files[1].path" },
	{ DOC("\"model\"", FILE_ENTRY, "[]", ""), "metrics" },
	{ DOC("\"model\"", FILE_ENTRY, "{\"a\":\"1\"}", ""), "metrics" },
	{ DOC("\"model\"", FILE_ENTRY, "{\"\":1}", ""), "metrics" },
	{ DOC("\"model\"", FILE_ENTRY, "{}", ",\"best_iteration\":-1"), "best_iteration" },
	{ DOC("\"model\"", FILE_ENTRY, "{}", ",\"best_iteration\":\"1\""), "best_iteration" },
	{ DOC("\"model\"", FILE_ENTRY, "{}", ",\"device\":\"cpu\""), "" },
	{ "{\"format\":1,\"attempt_id\":\"a\",\"kind\":\"model\",\"files\":[" FILE_ENTRY
	  "],\"metrics\":{},\"device\":\"tpu\",\"created_at\":\"2026-11-23T22:00:00Z\"}",
		"device" },
	{ "{\"format\":1,\"attempt_id\":\"a\",\"kind\":\"model\",\"files\":[" FILE_ENTRY
	  "],\"metrics\":{},\"device\":\"cpu\",\"created_at\":\"today\"}",
		"created_at" },
};

static void refusals(void **state)
{
	struct mo_arena arena;
	struct manifest m;
	struct mo_err err;

	mo_arena_init(&arena, 1 << 20, 4096);
	for (size_t i = 0; i < MO_COUNT(bad); i++) {
		if (parse(&arena, bad[i].text, &m, &err) == 0)
			fail_msg("case %zu is accepted", i);
		if (strcmp(err.field, bad[i].field) != 0)
			fail_msg("case %zu: field '%s': %s", i, err.field, err.msg);
	}
	assert_int_equal(parse(&arena, DOC("\"model\"", FILE_ENTRY, "{}", ""), &m, &err), 0);
	assert_int_equal(m.best_iteration, -1);
	mo_arena_free(&arena);
}

static void too_many_files(void **state)
{
	struct mo_arena arena;
	struct manifest m;
	struct mo_err err;
	struct mo_buf text;

	mo_arena_init(&arena, 1 << 20, 4096);
	mo_buf_init(&text, 1 << 20);
	mo_buf_puts(&text, "{\"format\":1,\"attempt_id\":\"a\",\"kind\":\"model\",\"files\":[");
	for (int i = 0; i <= MANIFEST_FILES_MAX; i++)
		mo_buf_printf(&text, "%s{\"path\":\"f%d\",\"size\":1,\"sha256\":\"" SHA "\"}",
			i ? "," : "", i);
	mo_buf_puts(&text,
		"],\"metrics\":{},\"device\":\"cpu\",\"created_at\":\"2026-11-23T22:00:00Z\"}");
	assert_int_equal(parse(&arena, mo_buf_str(&text), &m, &err), -1);
	assert_string_equal(err.field, "files");
	mo_buf_free(&text);
	mo_arena_free(&arena);
}

static void kinds(void **state)
{
	struct manifest_file files[3] = { { "model.json", 1, SHA }, { "features.json", 1, SHA },
		{ "metrics.json", 1, SHA } };
	struct manifest m = { .attempt_id = "a", .kind = "model", .files = files, .nfiles = 3 };
	struct mo_err err = { 0 };

	assert_int_equal(manifest_check(&m, "model", "a", &err), 0);
	assert_int_equal(manifest_check(&m, "model", NULL, &err), 0);
	assert_int_equal(manifest_check(&m, "model", "b", &err), -1);
	assert_int_equal(manifest_check(&m, "evaluation", "a", &err), -1);
	m.nfiles = 2;
	assert_int_equal(manifest_check(&m, "model", "a", &err), -1);
	m = (struct manifest){
		.attempt_id = "a", .kind = "evaluation", .files = files + 2, .nfiles = 1
	};
	assert_int_equal(manifest_check(&m, "evaluation", "a", &err), 0);
}

static void files_are_verified(void **state)
{
	char folder[] = "/tmp/test_manifest_XXXXXX";
	struct manifest_file file = { .path = "a.txt" };
	const struct manifest m = { .files = &file, .nfiles = 1 };
	struct mo_err err = { 0 };

	assert_non_null(mkdtemp(folder));
	int dir = open(folder, O_RDONLY | O_DIRECTORY);
	int fd = openat(dir, "a.txt", O_CREAT | O_WRONLY, 0600);
	assert_int_equal(write(fd, "abc", 3), 3);
	assert_int_equal(manifest_digest(dir, "a.txt", &file.size, file.sha256, &err), 0);
	assert_int_equal(file.size, 3);
	assert_string_equal(
		file.sha256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	assert_int_equal(manifest_verify(&m, dir, &err), 0);
	assert_int_equal(write(fd, "d", 1), 1);
	assert_int_equal(manifest_verify(&m, dir, &err), -1);
	assert_non_null(strstr(err.msg, "a.txt"));
	assert_int_equal(symlinkat("a.txt", dir, "link"), 0);
	assert_int_equal(manifest_digest(dir, "link", &file.size, file.sha256, &err), -1);
	assert_int_equal(manifest_digest(dir, ".", &file.size, file.sha256, &err), -1);
	assert_int_equal(manifest_digest(dir, "none", &file.size, file.sha256, &err), -1);
	assert_int_equal(err.code, MO_ENOTFOUND);
	close(fd);
	unlinkat(dir, "a.txt", 0);
	unlinkat(dir, "link", 0);
	close(dir);
	rmdir(folder);
}

static void safe_names(void **state)
{
	static const char *const good[] = { "a", "model.json", "A-1_2.tar.gz", "9" };
	static const char *const refused[] = { "", ".", "..", ".hidden", "-x", "a/b", "a\\b", "a b",
		"a\n", "\xc3\xa4", "a:b", "~" };
	char longest[SPEC_PATH_MAX + 2];

	for (size_t i = 0; i < MO_COUNT(good); i++)
		assert_true(spec_path_valid(good[i]));
	for (size_t i = 0; i < MO_COUNT(refused); i++)
		assert_false(spec_path_valid(refused[i]));
	memset(longest, 'x', sizeof(longest));
	longest[SPEC_PATH_MAX] = '\0';
	assert_true(spec_path_valid(longest));
	longest[SPEC_PATH_MAX] = 'x';
	longest[SPEC_PATH_MAX + 1] = '\0';
	assert_false(spec_path_valid(longest));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(round_trip),
		cmocka_unit_test(refusals),
		cmocka_unit_test(too_many_files),
		cmocka_unit_test(kinds),
		cmocka_unit_test(files_are_verified),
		cmocka_unit_test(safe_names),
	};
	return RUN_TESTS(tests);
}
