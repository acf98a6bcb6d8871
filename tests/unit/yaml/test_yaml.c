/* YAML: what each scalar means, what is refused and where, and that what is written reads back. */
#include "../unit.h"

#include "modelops/base/buf.h"
#include "modelops/base/check.h"
#include "modelops/json/jw.h"
#include "modelops/yaml/yaml.h"

#include <string.h>

static int parse(const char *text, json_t **ret, struct mo_err *err)
{
	return mo_yaml_parse(text, strlen(text), MO_YAML_BYTES, MO_JSON_DEPTH, ret, err);
}

static const struct {
	const char *yaml, *json;
} good[] = {
	{ "a: 1\nb: two\n", "{\"a\":1,\"b\":\"two\"}" },
	{ "[null, ~, Null, '', \"\"]", "[null,null,null,\"\",\"\"]" },
	{ "[true, False, yes, no, on]", "[true,false,\"yes\",\"no\",\"on\"]" },
	{ "[-1, +2, 007, 0x1F, 0o17]", "[-1,2,7,31,15]" },
	{ "[1.5, -2e3, .5, 3., 1e, 1.2.3]", "[1.5,-2000.0,0.5,3.0,\"1e\",\"1.2.3\"]" },
	{ "['1', \"true\"]", "[\"1\",\"true\"]" },
	{ "2026-11-23", "\"2026-11-23\"" },
	{ "- a\n- - b\n  - c\n- d: {e: f}\n", "[\"a\",[\"b\",\"c\"],{\"d\":{\"e\":\"f\"}}]" },
	{ "t: |\n  one\n  two\n", "{\"t\":\"one\\ntwo\\n\"}" },
	{ "x: ${params.rounds}", "{\"x\":\"${params.rounds}\"}" },
	{ "---\na: 1\n...\n", "{\"a\":1}" },
	{ "# only a comment\na: # and one more\n", "{\"a\":null}" },
	{ "a: 9223372036854775807", "{\"a\":9223372036854775807}" },
};

static void documents_read_as(void **state)
{
	for (size_t i = 0; i < MO_COUNT(good); i++) {
		mo_autojson json_t *doc = NULL;
		struct mo_err err = { 0 };
		if (parse(good[i].yaml, &doc, &err) < 0)
			fail_msg("%s: %s", good[i].yaml, err.msg);
		mo_autobuf struct mo_buf out;
		mo_buf_init(&out, 4096);
		struct jw w;
		jw_init(&w, &out);
		jw_json(&w, doc);
		assert_int_equal(jw_done(&w), 0);
		assert_string_equal(mo_buf_str(&out), good[i].json);
	}
}

static const struct {
	const char *yaml, *part; /* what the message says */
} bad[] = {
	{ "a: &x 1\nb: *x\n", "anchors" },
	{ "a: *x", "alias" },
	{ "a: &x [1]", "anchors" },
	{ "!!str 1", "tag" },
	{ "a: !!python/object:os.system []", "tag" },
	{ "a: !x {}", "tag" },
	{ "%YAML 1.2\n---\na: 1", "directives" },
	{ "a: 1\na: 2\n", "line 2 column 1: key 'a' is there twice" },
	{ "<<: {a: 1}", "merge" },
	{ "{[1]: 2}", "key must be a scalar" },
	{ "a: 1\n---\nb: 2\n", "second document" },
	{ "", "empty" },
	{ "# nothing", "empty" },
	{ ".inf", "infinity" },
	{ "a: .NaN", "infinity" },
	{ "9223372036854775808", "out of range" },
	{ "1e999", "out of range" },
	{ "a: [1", "line" },
	{ "a: b: c", "line 1 column" },
	{ "\"\\0\"", "NUL" },
	{ "a: \"\\xff", "line" },
	{ "\xff\xfe", "YAML" },
	{ "\x01", "YAML" },
	{ "a:\n\t- b", "line 2" },
};

static void refused_with_a_place(void **state)
{
	for (size_t i = 0; i < MO_COUNT(bad); i++) {
		json_t *doc = NULL;
		struct mo_err err = { 0 };
		if (parse(bad[i].yaml, &doc, &err) == 0)
			fail_msg("accepted: %s", bad[i].yaml);
		assert_int_equal(err.code, MO_EINVAL);
		assert_null(doc);
		if (!strstr(err.msg, bad[i].part))
			fail_msg("%s: %s", bad[i].yaml, err.msg);
	}
}

static void limits_hold(void **state)
{
	json_t *doc = NULL;
	struct mo_err err = { 0 };
	assert_int_equal(mo_yaml_parse("a: 1", 4, 3, 32, &doc, &err), -1);
	assert_int_equal(err.code, MO_ETOOBIG);
	char deep[200];
	memset(deep, '[', 100);
	memset(deep + 100, ']', 100);
	assert_int_equal(mo_yaml_parse(deep, 200, 1000, 32, &doc, &err), -1);
	assert_non_null(strstr(err.msg, "deep"));
	mo_autojson json_t *ok = NULL;
	assert_int_equal(mo_yaml_parse("[[1]]", 5, 1000, 3, &ok, &err), 0);
	assert_int_equal(mo_yaml_parse("[[1]]", 5, 1000, 2, &doc, &err), -1);
}

static const char *const written[] = {
	"{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{\"labels\":{\"grafana_"
	"dashboard\":\"1\"}}}",
	"{\"data\":{\"board.json\":\"{\\n  \\\"a\\\": [1,\\n\\n  2]\\n}\\n\"}}",
	"{\"a\":\"line\\nline\",\"b\":\" lead\\nx\",\"c\":\"x\\n\\n\",\"d\":\"tab\\there\\nz\"}",
	"[\"true\",\"no\",\"null\",\"~\",\"1\",\"1.5\",\"\",\"-\",\"- a\",\"a: b\",\"#x\",\"a "
	"#b\",\"2026-11-23\",\"0x1\",\"y\"]",
	"[1,-2,1.5,2.0,true,false,null,{},[],[[],{}],{\"x\":[]}]",
	"{\"k: v\":1,\"\":2,\"1\":3,\"true\":4,\"\\u00e9\\u4e2d\":\"\\u00e9\",\"<<\":5}",
	"\"scalar\"",
	"{\"nel\\u0085\":\"a\\u2028b\\ufeff\",\"lines\":\"a\\u0085\\nb\",\"\\u007f\\ud83d\\ude00\":"
	"\"\\ufffe\"}",
	"{\"ctl\":\"a\\u0001b\\nc\",\"trail\":\"a \\nb\\n\"}",
};

static void what_is_written_reads_back(void **state)
{
	for (size_t i = 0; i < MO_COUNT(written); i++) {
		mo_autojson json_t *doc = NULL;
		mo_autojson json_t *back = NULL;
		struct mo_err err = { 0 };
		assert_int_equal(
			mo_json_parse(written[i], strlen(written[i]), 10000, 32, &doc, &err), 0);
		mo_autobuf struct mo_buf out;
		mo_buf_init(&out, 4096);
		assert_int_equal(mo_yaml_write(&out, doc), 0);
		if (mo_yaml_parse(out.data, out.len, 10000, 32, &back, &err) < 0)
			fail_msg("%s\n%s", err.msg, out.data);
		if (!json_equal(doc, back))
			fail_msg("%s\n%s", written[i], out.data);
	}
}

static void several_lines_become_a_block(void **state)
{
	mo_autojson json_t *doc = json_pack("{s:{s:s}}", "data", "d.json", "{\n  \"a\": 1\n}\n");
	mo_autobuf struct mo_buf out;
	mo_buf_init(&out, 4096);
	assert_int_equal(mo_yaml_write(&out, doc), 0);
	assert_string_equal(out.data, "data:\n  d.json: |\n    {\n      \"a\": 1\n    }\n");
	struct mo_buf small;
	mo_buf_init(&small, 8);
	assert_int_equal(mo_yaml_write(&small, doc), -1);
	mo_buf_free(&small);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(documents_read_as),
		cmocka_unit_test(refused_with_a_place),
		cmocka_unit_test(limits_hold),
		cmocka_unit_test(what_is_written_reads_back),
		cmocka_unit_test(several_lines_become_a_block),
	};
	return RUN_TESTS(tests);
}
