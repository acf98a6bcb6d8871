/* Looks for mistyped settings in the environment. */
#include "modelops/base/environment.h"

#include "modelops/base/check.h"

#include <ctype.h>
#include <string.h>

enum { NAME_MAX_LEN = 63, SLIPS = 2 };

static const struct {
	const char *text;
	bool common; /* other software uses it too */
} prefixes[] = { { "AGENT_", false }, { "API_", true }, { "CONTROLLER_", false },
	{ "FETCH_", false }, { "HTTP_", true }, { "MODELOPS_", false }, { "OPS_", false },
	{ "PRESIGN_", false }, { "SERVING_", false }, { "TRAINER_", false },
	{ "WORKLOAD_", false } };

static unsigned least(unsigned a, unsigned b, unsigned c)
{
	unsigned m = a < b ? a : b;
	return m < c ? m : c;
}

/* Letters put in, left out, exchanged or swapped with their neighbour, to make B of A. */
static unsigned slips(const char *a, size_t na, const char *b, size_t nb)
{
	unsigned row[3][NAME_MAX_LEN + 1];

	if (na > NAME_MAX_LEN || nb > NAME_MAX_LEN)
		return NAME_MAX_LEN;
	for (size_t j = 0; j <= nb; j++)
		row[0][j] = (unsigned)j;
	for (size_t i = 1; i <= na; i++) {
		unsigned *now = row[i % 3], *last = row[(i + 2) % 3], *before = row[(i + 1) % 3];
		now[0] = (unsigned)i;
		for (size_t j = 1; j <= nb; j++) {
			now[j] = least(
				last[j] + 1, now[j - 1] + 1, last[j - 1] + (a[i - 1] != b[j - 1]));
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				now[j] = least(now[j], before[j - 2] + 1, now[j]);
		}
	}
	return row[na % 3][nb];
}

static bool ends(const char *s, size_t n, const char *end)
{
	size_t k = strlen(end);
	return n >= k && memcmp(s + n - k, end, k) == 0;
}

static bool service_link(const char *name, size_t n, const char *value)
{
	const char *port = memmem(name, n, "_PORT_", 6);

	return ends(name, n, "_SERVICE_HOST") || memmem(name, n, "_SERVICE_PORT", 13) ||
	       (port && isdigit((unsigned char)port[6])) ||
	       (ends(name, n, "_PORT") && strstr(value, "://"));
}

/* 1 a setting of some program; 0 none, *RET_NEAR is the nearest and *RET_SLIPS how far it is. */
static bool known(const char *name, size_t n, const char **ret_near, unsigned *ret_slips)
{
	*ret_slips = UINT32_MAX;
	for (size_t i = 0; i < mo_setting_count; i++) {
		unsigned d = slips(name, n, mo_setting_names[i], strlen(mo_setting_names[i]));
		if (d < *ret_slips) {
			*ret_slips = d;
			*ret_near = mo_setting_names[i];
		}
	}
	return *ret_slips == 0;
}

static int check_one(const char *line, bool common, struct mo_err *err)
{
	size_t n = strcspn(line, "=");
	const char *near = "", *value = line[n] ? line + n + 1 : "";
	unsigned far;

	if (service_link(line, n, value) || known(line, n, &near, &far) || (common && far > SLIPS))
		return 0;
	mo_fail(err, MO_EINVAL,
		"environment: %.*s is a setting of no program (the nearest is %s); unset it",
		(int)(n < NAME_MAX_LEN ? n : NAME_MAX_LEN), line, near);
	return mo_advise(err, NULL, "docs/CONFIG.md lists all settings");
}

static bool uses(const struct mo_cfg *table, size_t count, const char *prefix)
{
	for (size_t i = 0; i < count; i++)
		if (strncmp(table[i].name, prefix, strlen(prefix)) == 0)
			return true;
	return false;
}

int mo_env_check(const struct mo_cfg *table, size_t count, char *const *env, struct mo_err *err)
{
	for (size_t i = 0; i < MO_COUNT(prefixes); i++) {
		const char *prefix = prefixes[i].text;
		if (!uses(table, count, prefix))
			continue;
		for (char *const *line = env; line && *line; line++)
			if (strncmp(*line, prefix, strlen(prefix)) == 0 &&
				check_one(*line, prefixes[i].common, err) < 0)
				return -1;
	}
	return 0;
}
