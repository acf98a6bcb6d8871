/* Logs: one line per event in either format, values escaped, cut without breaking JSON, levels
 * held. */
#include "../unit.h"

#include "modelops/base/log.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static char out[20000];
static int saved_stderr, pipe_ends[2];

static void capture(void)
{
	assert_int_equal(pipe2(pipe_ends, O_CLOEXEC | O_NONBLOCK), 0);
	saved_stderr = dup(STDERR_FILENO);
	dup2(pipe_ends[1], STDERR_FILENO);
}

static const char *captured(void)
{
	dup2(saved_stderr, STDERR_FILENO);
	close(saved_stderr);
	close(pipe_ends[1]);
	ssize_t n = read(pipe_ends[0], out, sizeof(out) - 1);
	out[n > 0 ? n : 0] = '\0';
	close(pipe_ends[0]);
	return out;
}

/* The line after its time: "time=2026-...Z level=..." */
static const char *after_time(const char *line)
{
	const char *level = strstr(line, "level");

	assert_non_null(level);
	assert_memory_equal(line, "time=2", 6);
	return level;
}

static void key_value_lines(void **state)
{
	mo_log_init("modelops-test", MO_LOG_INFO, MO_LOG_KV);
	capture();
	mo_log(MO_LOG_WARN, "run failed", "run", "run_1", "error", "a \"b\"=\\\n", "none", NULL,
		NULL);
	assert_string_equal(after_time(captured()),
		"level=warn program=modelops-test msg=\"run failed\" "
		"run=run_1 error=\"a \\\"b\\\"=\\\\\\u000a\" none=\"\"\n");
}

static void json_lines(void **state)
{
	mo_log_init("modelops-test", MO_LOG_DEBUG, MO_LOG_JSON);
	capture();
	mo_log(MO_LOG_DEBUG, "x", "k", "tab\there \x7f \xc3\xa9", "bad", "\xff", NULL);
	const char *line = captured();
	assert_memory_equal(line, "{\"time\":\"2", 10);
	assert_string_equal(strstr(line, "\"level\""),
		"\"level\":\"debug\",\"program\":\"modelops-test\",\"msg\":\"x\",\"k\":"
		"\"tab\\u0009here \\u007f \xc3\xa9\","
		"\"bad\":\"\\u00ff\"}\n");
}

static void a_value_cannot_forge_a_line(void **state)
{
	mo_log_init("modelops-test", MO_LOG_INFO, MO_LOG_KV);
	capture();
	mo_log(MO_LOG_INFO, "x", "name", "a\nlevel=error msg=forged", NULL);
	const char *line = captured();
	assert_ptr_equal(strchr(line, '\n'), line + strlen(line) - 1);
}

static void levels_below_are_silent(void **state)
{
	mo_log_init("modelops-test", MO_LOG_WARN, MO_LOG_KV);
	capture();
	mo_log(MO_LOG_DEBUG, "no", NULL);
	mo_log(MO_LOG_INFO, "no", NULL);
	mo_log(MO_LOG_ERROR, "yes", NULL);
	assert_string_equal(after_time(captured()), "level=error program=modelops-test msg=yes\n");
}

static void long_values_are_cut_and_json_stays_whole(void **state)
{
	static char value[10001];

	mo_log_init("modelops-test", MO_LOG_INFO, MO_LOG_JSON);
	for (int shift = 0; shift < 8; shift++) {
		memset(value, 0, sizeof(value));
		memset(value, 'x', (size_t)shift);
		for (size_t i = (size_t)shift; i + 2 < sizeof(value); i += 2)
			memcpy(value + i, shift < 4 ? "\xc3\xa9" : "\n\"", 2);
		capture();
		mo_log(MO_LOG_INFO, "x", "long", value, "after", "gone", NULL);
		const char *line = captured();
		size_t n = strlen(line);
		assert_true(n <= 4096 && n > 4000);
		assert_string_equal(line + n - 3, "\"}\n");
		assert_null(strstr(line, "after"));
		assert_true(line[n - 4] != '\xc3');
	}
}

static void a_long_message_and_many_pairs_fit(void **state)
{
	static char msg[9000], key[5000];

	memset(msg, 'm', sizeof(msg) - 1);
	memset(key, 'k', sizeof(key) - 1);
	mo_log_init("modelops-test", MO_LOG_INFO, MO_LOG_KV);
	capture();
	mo_log(MO_LOG_INFO, msg, key, msg, "a", "b", NULL);
	const char *line = captured();
	assert_true(strlen(line) <= 4096);
	assert_int_equal(line[strlen(line) - 1], '\n');
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(key_value_lines),
		cmocka_unit_test(json_lines),
		cmocka_unit_test(a_value_cannot_forge_a_line),
		cmocka_unit_test(levels_below_are_silent),
		cmocka_unit_test(long_values_are_cut_and_json_stays_whole),
		cmocka_unit_test(a_long_message_and_many_pairs_fit),
	};
	return RUN_TESTS(tests);
}
