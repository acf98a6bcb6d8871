/* The table of settings of modelops-admin, and its arguments. */
#include "settings.h"

#include "modelops/base/check.h"
#include "modelops/base/str.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

enum { ARGS_MAX = 64 };

const struct mo_cfg admin_settings[] = {
	{ .name = "MODELOPS_DATA",
		.type = MO_CFG_STR,
		.offset = offsetof(struct admin_settings, data),
		.help = "Folder of the installation; made when it is not there. Required without "
			"DATABASE_URL, and for SQLite's writer.lock." },
	{ .name = "DATABASE_URL",
		.type = MO_CFG_SECRET,
		.offset = offsetof(struct admin_settings, database_url),
		.help = "sqlite:PATH or postgres://...; unset: sqlite in MODELOPS_DATA." },
};
const size_t admin_settings_count = MO_COUNT(admin_settings);

static const struct option {
	const char *name;
	size_t offset;
} options[] = {
	{ "--tenant", offsetof(struct admin_args, tenant) },
	{ "--role", offsetof(struct admin_args, role) },
	{ "--name", offsetof(struct admin_args, name) },
	{ "--file", offsetof(struct admin_args, file) },
};

/* 1 or 2: arguments used; -1: not one of the options. */
static int read_option(int left, char **argv, struct admin_args *out, struct mo_err *err)
{
	size_t n = strcspn(argv[0], "=");

	for (size_t i = 0; i < MO_COUNT(options); i++) {
		if (strlen(options[i].name) != n || strncmp(argv[0], options[i].name, n) != 0)
			continue;
		const char **field = (const char **)(void *)((char *)out + options[i].offset);
		if (argv[0][n] == '=')
			return *field = argv[0] + n + 1, 1;
		if (left < 2)
			return mo_fail(err, MO_EINVAL, "%s needs a value", argv[0]);
		return *field = argv[1], 2;
	}
	return mo_fail(err, MO_EINVAL, "unknown option '%s'", argv[0]);
}

static int find_database(const struct admin_settings *s, struct admin_args *out, struct mo_err *err)
{
	int n;

	if (!s->data && !s->database_url)
		return mo_fail(err, MO_EINVAL, "MODELOPS_DATA or DATABASE_URL must be set");
	if (s->data && mkdir(s->data, 0700) < 0 && errno != EEXIST)
		return mo_fail_errno(err, errno, "make the folder '%s'", s->data);
	if (s->database_url)
		n = snprintf(out->url, sizeof(out->url), "%s", s->database_url);
	else
		n = snprintf(out->url, sizeof(out->url), "sqlite:%s/modelops.db", s->data);
	if ((size_t)n >= sizeof(out->url))
		return mo_fail(err, MO_EINVAL, "the database's URL is too long");
	out->data_dir = s->data;
	return 0;
}

int admin_args_read(int argc, char **argv, struct admin_args *ret, struct mo_err *err)
{
	struct admin_settings s = { 0 };
	struct admin_args out = { 0 };
	char *settings[ARGS_MAX] = { argv[0] };
	int n = 1;

	for (int i = 3; i < argc;) {
		if (strncmp(argv[i], "--", 2) == 0) {
			int used = read_option(argc - i, argv + i, &out, err);
			if (used < 0)
				return -1;
			i += used;
			continue;
		}
		if (n == ARGS_MAX)
			return mo_fail(err, MO_EINVAL, "too many arguments");
		settings[n++] = argv[i++];
	}
	if (mo_cfg_load(admin_settings, admin_settings_count, &s, n, settings, err) < 0 ||
		find_database(&s, &out, err) < 0)
		return -1;
	*ret = out;
	return 0;
}

int admin_open(
	const struct admin_args *args, bool any_schema, struct store **ret, struct mo_err *err)
{
	struct store_cfg cfg = { .url = args->url,
		.data_dir = args->data_dir,
		.readers = 1,
		.queue_max = 16,
		.any_schema = any_schema };

	return store_open(&cfg, ret, err);
}
