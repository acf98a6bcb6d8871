/* Settings: parse by type, defaults, environment, arguments. */
#include "modelops/base/config.h"

#include "modelops/base/environment.h"
#include "modelops/base/str.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *const type_names[] = { "text", "secret", "integer", "boolean", "duration",
	"size", "choice" };

struct unit {
	const char *suffix;
	int64_t factor;
};

static const struct unit durations[] = { { "us", 1 }, { "ms", 1000 }, { "s", 1000000 },
	{ "m", 60000000 }, { "h", INT64_C(3600000000) }, { "d", INT64_C(86400000000) } };
static const struct unit sizes[] = { { "", 1 }, { "k", 1 << 10 }, { "m", 1 << 20 },
	{ "g", 1 << 30 } };

/* Digits followed by one of UNITS; "0" needs none. */
static int parse_scaled(const char *s, const struct unit *units, size_t count, int64_t *ret)
{
	size_t n = strspn(s, "0123456789");
	int64_t v;

	if (mo_parse_i64(s, n, &v) < 0)
		return -1;
	if (v == 0 && s[n] == '\0') {
		*ret = 0;
		return 0;
	}
	for (size_t i = 0; i < count; i++)
		if (strcmp(s + n, units[i].suffix) == 0)
			return __builtin_mul_overflow(v, units[i].factor, ret) ? -1 : 0;
	return -1;
}

static int parse_choice(const char *s, const char *choices, int *ret)
{
	int index = 0;

	for (const char *at = choices; *at; index++) {
		size_t n = strcspn(at, " ");
		if (strlen(s) == n && memcmp(s, at, n) == 0) {
			*ret = index;
			return 0;
		}
		at += n + (at[n] == ' ');
	}
	return -1;
}

static int parse_bool(const char *s, bool *ret)
{
	if (strcmp(s, "1") == 0 || strcmp(s, "true") == 0)
		*ret = true;
	else if (strcmp(s, "0") == 0 || strcmp(s, "false") == 0)
		*ret = false;
	else
		return -1;
	return 0;
}

static int parse_number(const struct mo_cfg *c, const char *s, int64_t *ret)
{
	switch (c->type) {
	case MO_CFG_DURATION:
		return parse_scaled(s, durations, 6, ret);
	case MO_CFG_SIZE:
		return parse_scaled(s, sizes, 4, ret);
	default:
		return mo_parse_i64(s, strlen(s), ret);
	}
}

static int set(const struct mo_cfg *c, void *out, const char *s, struct mo_err *err)
{
	void *field = (char *)out + c->offset;

	switch (c->type) {
	case MO_CFG_STR:
	case MO_CFG_SECRET:
		*(const char **)field = *s ? s : NULL;
		return 0;
	case MO_CFG_BOOL:
		if (parse_bool(s, field) == 0)
			return 0;
		return mo_fail(
			err, MO_EINVAL, "setting %s: '%s' is not 0, 1, true or false", c->name, s);
	case MO_CFG_ENUM:
		if (parse_choice(s, c->choices, field) == 0)
			return 0;
		return mo_fail(
			err, MO_EINVAL, "setting %s: '%s' is none of: %s", c->name, s, c->choices);
	default:
		break;
	}
	int64_t v;
	if (parse_number(c, s, &v) < 0)
		return mo_fail(err, MO_EINVAL, "setting %s: '%s' is no %s", c->name, s,
			type_names[c->type]);
	if (c->max > c->min && (v < c->min || v > c->max))
		return mo_fail(err, MO_EINVAL, "setting %s: '%s' is outside %lld to %lld", c->name,
			s, (long long)c->min, (long long)c->max);
	*(int64_t *)field = v;
	return 0;
}

static int set_argument(
	const struct mo_cfg *table, size_t count, void *out, const char *arg, struct mo_err *err)
{
	const char *eq = strchr(arg, '=');

	for (size_t i = 0; eq && i < count; i++)
		if (strlen(table[i].name) == (size_t)(eq - arg) &&
			memcmp(table[i].name, arg, (size_t)(eq - arg)) == 0)
			return set(&table[i], out, eq + 1, err);
	/* No more than the name: the value may be a secret whose name was mistyped. */
	int name = (int)strspn(
		arg, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-");
	return mo_fail(err, MO_EINVAL,
		"argument '%.*s' is no setting of this program (NAME=value; see --help)", name,
		arg);
}

int mo_cfg_load(const struct mo_cfg *table, size_t count, void *out, int argc, char **argv,
	struct mo_err *err)
{
	if (mo_env_check(table, count, environ, err) < 0)
		return -1;
	for (size_t i = 0; i < count; i++) {
		const char *env = getenv(table[i].name);
		const char *value = env && *env ? env : table[i].def;
		if (value && set(&table[i], out, value, err) < 0)
			return -1;
	}
	for (int i = 1; i < argc; i++)
		if (set_argument(table, count, out, argv[i], err) < 0)
			return -1;
	return 0;
}

int mo_cfg_defaults(const struct mo_cfg *table, size_t count, void *out, struct mo_err *err)
{
	for (size_t i = 0; i < count; i++)
		if (table[i].def && set(&table[i], out, table[i].def, err) < 0)
			return -1;
	return 0;
}

static void print_help(const struct mo_cfg *table, size_t count, const char *program,
	const char *purpose, FILE *out)
{
	fprintf(out, "%s %s - %s\n\nSettings, from the environment or as NAME=value arguments:\n",
		program, MO_VERSION, purpose);
	for (size_t i = 0; i < count; i++)
		fprintf(out, "  %-30s %s (%s%s%s; default: %s)\n", table[i].name, table[i].help,
			type_names[table[i].type], table[i].choices ? ": " : "",
			table[i].choices ? table[i].choices : "",
			table[i].def ? table[i].def : "unset");
}

bool mo_cfg_info(const struct mo_cfg *table, size_t count, const char *program, const char *purpose,
	int argc, char **argv, FILE *out)
{
	const char *arg = argc > 1 ? argv[1] : "";

	if (strcmp(arg, "--help") == 0 || strcmp(arg, "-h") == 0) {
		print_help(table, count, program, purpose, out);
	} else if (strcmp(arg, "--version") == 0) {
		fprintf(out, "%s %s\n", program, MO_VERSION);
	} else if (strcmp(arg, "--settings") == 0) {
		for (size_t i = 0; i < count; i++)
			fprintf(out, "%s\t%s\t%s\t%s\t%s\n", table[i].name,
				type_names[table[i].type], table[i].def ? table[i].def : "",
				table[i].choices ? table[i].choices : "", table[i].help);
	} else {
		return false;
	}
	return true;
}
