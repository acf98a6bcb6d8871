/* Settings: every type, where values come from, what is refused by name, --help and --settings. */
#include "../unit.h"

#include "modelops/base/config.h"
#include "modelops/base/environment.h"

#include <stdlib.h>
#include <string.h>

struct cfg {
	const char *text, *secret;
	int64_t number, wait, size;
	bool flag;
	int choice;
};

static const struct mo_cfg table[] = {
	{ "T_TEXT", MO_CFG_STR, offsetof(struct cfg, text), NULL, "A text.", 0, 0, NULL },
	{ "T_SECRET", MO_CFG_SECRET, offsetof(struct cfg, secret), NULL, "A secret.", 0, 0, NULL },
	{ "T_NUMBER", MO_CFG_INT, offsetof(struct cfg, number), "4", "A number.", 1, 100, NULL },
	{ "T_WAIT", MO_CFG_DURATION, offsetof(struct cfg, wait), "10s", "A wait.", 0, 0, NULL },
	{ "T_SIZE", MO_CFG_SIZE, offsetof(struct cfg, size), "1m", "A size.", 0, 1 << 30, NULL },
	{ "T_FLAG", MO_CFG_BOOL, offsetof(struct cfg, flag), "0", "A flag.", 0, 0, NULL },
	{ "T_CHOICE", MO_CFG_ENUM, offsetof(struct cfg, choice), "warn", "A choice.", 0, 0,
		"info warn error" },
};
enum { COUNT = sizeof(table) / sizeof(table[0]) };

static int load(struct cfg *cfg, struct mo_err *err, const char *a, const char *b)
{
	char *argv[] = { (char *)"program", (char *)a, (char *)b, NULL };

	return mo_cfg_load(table, COUNT, cfg, 1 + (a != NULL) + (b != NULL), argv, err);
}

static void defaults_then_environment_then_arguments(void **state)
{
	struct cfg cfg = { 0 };
	struct mo_err err = { 0 };

	assert_int_equal(load(&cfg, &err, NULL, NULL), 0);
	assert_null(cfg.text);
	assert_int_equal(cfg.number, 4);
	assert_int_equal(cfg.wait, 10000000);
	assert_int_equal(cfg.size, 1 << 20);
	assert_false(cfg.flag);
	assert_int_equal(cfg.choice, 1);
	setenv("T_NUMBER", "5", 1);
	setenv("T_TEXT", "from env", 1);
	setenv("T_WAIT", "", 1); /* empty counts as unset */
	assert_int_equal(load(&cfg, &err, "T_NUMBER=6", "T_SECRET=s=x"), 0);
	assert_int_equal(cfg.number, 6);
	assert_string_equal(cfg.text, "from env");
	assert_string_equal(cfg.secret, "s=x");
	assert_int_equal(cfg.wait, 10000000);
	unsetenv("T_NUMBER");
	unsetenv("T_TEXT");
	unsetenv("T_WAIT");
}

static void units(void **state)
{
	static const struct {
		const char *arg;
		int64_t wait, size;
	} cases[] = { { "T_WAIT=250ms", 250000, 0 }, { "T_WAIT=7us", 7, 0 },
		{ "T_WAIT=5m", 300000000, 0 }, { "T_WAIT=2h", INT64_C(7200000000), 0 },
		{ "T_WAIT=1d", INT64_C(86400000000), 0 }, { "T_WAIT=0", 0, 0 },
		{ "T_SIZE=17", 0, 17 }, { "T_SIZE=64k", 0, 65536 }, { "T_SIZE=1g", 0, 1 << 30 },
		{ "T_SIZE=0", 0, 0 } };

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct cfg cfg = { 0 };
		struct mo_err err = { 0 };
		assert_int_equal(load(&cfg, &err, cases[i].arg, NULL), 0);
		if (cases[i].arg[2] == 'W')
			assert_int_equal(cfg.wait, cases[i].wait);
		else
			assert_int_equal(cfg.size, cases[i].size);
	}
}

static void bad_values_are_refused_by_name(void **state)
{
	static const char *const bad[][2] = {
		{ "T_NUMBER=x", "setting T_NUMBER: 'x' is no integer" },
		{ "T_NUMBER=4 ", "setting T_NUMBER: '4 ' is no integer" },
		{ "T_NUMBER=0", "setting T_NUMBER: '0' is outside 1 to 100" },
		{ "T_NUMBER=101", "setting T_NUMBER: '101' is outside 1 to 100" },
		{ "T_NUMBER=99999999999999999999",
			"setting T_NUMBER: '99999999999999999999' is no integer" },
		{ "T_WAIT=10", "setting T_WAIT: '10' is no duration" },
		{ "T_WAIT=-1s", "setting T_WAIT: '-1s' is no duration" },
		{ "T_WAIT=9223372036854775807s",
			"setting T_WAIT: '9223372036854775807s' is no duration" },
		{ "T_SIZE=10x", "setting T_SIZE: '10x' is no size" },
		{ "T_SIZE=2g", "setting T_SIZE: '2g' is outside 0 to 1073741824" },
		{ "T_FLAG=yes", "setting T_FLAG: 'yes' is not 0, 1, true or false" },
		{ "T_CHOICE=inf", "setting T_CHOICE: 'inf' is none of: info warn error" },
		{ "T_CHOICE=", "setting T_CHOICE: '' is none of: info warn error" },
		{ "T_NONE=1", "argument 'T_NONE' is no setting of this program (NAME=value; see "
			      "--help)" },
		{ "T_TEX=1", "argument 'T_TEX' is no setting of this program (NAME=value; see "
			     "--help)" },
		{ "T_SECREt=s3cret", "argument 'T_SECREt' is no setting of this program "
				     "(NAME=value; see --help)" },
		{ "postgres://u:s3cret@h", "argument 'postgres' is no setting of this program "
					   "(NAME=value; see --help)" },
		{ "serve",
			"argument 'serve' is no setting of this program (NAME=value; see --help)" },
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct cfg cfg = { 0 };
		struct mo_err err = { 0 };
		assert_int_equal(load(&cfg, &err, bad[i][0], NULL), -1);
		assert_int_equal(err.code, MO_EINVAL);
		assert_string_equal(err.msg, bad[i][1]);
	}
}

static void bad_environment_is_refused(void **state)
{
	struct cfg cfg = { 0 };
	struct mo_err err = { 0 };

	setenv("T_FLAG", "maybe", 1);
	assert_int_equal(load(&cfg, &err, NULL, NULL), -1);
	assert_string_equal(err.msg, "setting T_FLAG: 'maybe' is not 0, 1, true or false");
	unsetenv("T_FLAG");
}

/* A table with the prefixes of several programs; the names are real ones. */
static const struct mo_cfg platform[] = {
	{ .name = "MODELOPS_DATA" },
	{ .name = "API_WORKERS" },
	{ .name = "HTTP_MAX_HEAD" },
	{ .name = "CONTROLLER_TICK" },
};

static int check(const char *line, struct mo_err *err)
{
	char *env[] = { (char *)"PATH=/bin", (char *)line, NULL };

	*err = (struct mo_err){ 0 };
	return mo_env_check(platform, 4, env, err);
}

static void mistyped_names_are_refused(void **state)
{
	static const char *const bad[][2] = { { "HTTP_MAX_HAED=1k", "HTTP_MAX_HEAD" },
		{ "API_WORKER=1", "API_WORKERS" }, { "API_LOPPS=s3cret", "API_LOOPS" },
		{ "HTTP_MINRATE=1", "HTTP_MIN_RATE" }, { "MODELOPS_DATE=/d", "MODELOPS_DATA" },
		{ "MODELOPS_WHATEVER=1", "MODELOPS_" },
		{ "CONTROLLER_TICKS=1s", "CONTROLLER_TICK" },
		{ "CONTROLLER_NOTHING_LIKE_IT=1", "CONTROLLER_" }, { "MODELOPS_=", "MODELOPS_" } };

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct mo_err err;
		assert_int_equal(check(bad[i][0], &err), -1);
		assert_int_equal(err.code, MO_EINVAL);
		assert_non_null(strstr(err.msg, bad[i][1]));
		assert_null(strstr(err.msg, "s3cret"));
	}
}

static void what_others_put_there_is_let_through(void **state)
{
	static const char *const good[] = { "MODELOPS_URL=http://x", "AGENT_SOCKET=/tmp/x",
		"SERVING_ANYTHING=1", "API_KEY=s", "API_TOKEN=s", "API_URL=x",
		"HTTP_PROXY=http://p", "HTTP_ACCEPT=x", "HTTPS_PROXY=http://p",
		"API_SERVICE_HOST=10.0.0.1", "API_SERVICE_PORT=80", "API_SERVICE_PORT_HTTP=80",
		"API_PORT=tcp://10.0.0.1:80", "API_PORT_80_TCP=tcp://10.0.0.1:80",
		"API_PORT_80_TCP_ADDR=10.0.0.1", "CONTROLLER_SERVICE_HOST=10.0.0.1",
		"CONTROLLER_PORT=tcp://10.0.0.1:80", "CONTROLLER_PORT_80_TCP_PROTO=tcp",
		"MODELOPS_API_SERVICE_PORT=80", "MODELOPS_API_PORT_8000_TCP=tcp://x",
		"modelops_data=x", "XHTTP_MAX_HAED=1" };

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		struct mo_err err;
		assert_int_equal(check(good[i], &err), 0);
	}
}

static void flag_words(void **state)
{
	struct cfg cfg = { 0 };

	assert_int_equal(load(&cfg, NULL, "T_FLAG=true", NULL), 0);
	assert_true(cfg.flag);
	assert_int_equal(load(&cfg, NULL, "T_FLAG=1", "T_FLAG=false"), 0);
	assert_false(cfg.flag);
}

/* What --help and the like print into TEXT; false when ARG is none of them. */
static bool info(const char *arg, char text[4096])
{
	char *argv[] = { (char *)"program", (char *)arg, NULL };
	FILE *f = fmemopen(text, 4096, "w");
	bool done = mo_cfg_info(table, COUNT, "modelops-test", "tests", arg ? 2 : 1, argv, f);

	fclose(f);
	return done;
}

static void information(void **state)
{
	char text[4096] = "";

	assert_true(info("--help", text));
	for (int i = 0; i < COUNT; i++) {
		assert_non_null(strstr(text, table[i].name));
		assert_non_null(strstr(text, table[i].help));
	}
	assert_true(info("--version", text));
	assert_memory_equal(text, "modelops-test ", 14);
	assert_true(info("--settings", text));
	assert_non_null(strstr(text, "T_CHOICE\tchoice\twarn\tinfo warn error\tA choice.\n"));
	assert_non_null(strstr(text, "T_TEXT\ttext\t\t\tA text.\n"));
	assert_false(info("T_FLAG=1", text));
	assert_false(info(NULL, text));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults_then_environment_then_arguments),
		cmocka_unit_test(units),
		cmocka_unit_test(bad_values_are_refused_by_name),
		cmocka_unit_test(bad_environment_is_refused),
		cmocka_unit_test(mistyped_names_are_refused),
		cmocka_unit_test(what_others_put_there_is_let_through),
		cmocka_unit_test(flag_words),
		cmocka_unit_test(information),
	};
	return RUN_TESTS(tests);
}
