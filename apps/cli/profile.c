/* The settings table of the CLI and the profile file (~/.config/modelops/profile). */
#include "profile.h"

#include "modelops/base/buf.h"
#include "modelops/base/check.h"
#include "modelops/base/line.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PROFILE_BYTES = 65536 };

#define AT(field) offsetof(struct cli_settings, field)
const struct mo_cfg cli_settings_table[] = {
	{ "MODELOPS_URL", MO_CFG_STR, AT(url), NULL,
		"Where the API is; unset: the address in MODELOPS_DATA/run/api.address, else "
		"http://127.0.0.1:8000." },
	{ "MODELOPS_TOKEN", MO_CFG_SECRET, AT(token), NULL, "API key." },
	{ "MODELOPS_CA", MO_CFG_STR, AT(ca), NULL,
		"PEM file with the certificates that vouch for the API; unset: the system's." },
	{ "MODELOPS_ACTOR", MO_CFG_STR, AT(actor), NULL,
		"Demo mode: name|tenant=NAME|role=admin, user or viewer." },
	{ "MODELOPS_PROJECT", MO_CFG_STR, AT(project), NULL,
		"Project of commands that name none." },
	{ "MODELOPS_TENANT", MO_CFG_STR, AT(tenant), NULL,
		"Platform admin: tenant of commands that name none." },
	{ "MODELOPS_PROFILE", MO_CFG_STR, AT(profile), NULL, "Section of the profile file." },
	{ "HOME", MO_CFG_STR, AT(home), NULL,
		"Where the profile file and the data folder are looked for." },
	{ "XDG_CONFIG_HOME", MO_CFG_STR, AT(config_home), NULL, "Instead of HOME/.config." },
	{ "NO_COLOR", MO_CFG_STR, AT(no_color), NULL, "Set to anything: no colours." },
	{ "MODELOPS_DATA", MO_CFG_STR, AT(data), NULL,
		"Folder of the installation on this machine." },
	{ "HOST", MO_CFG_STR, AT(host), "127.0.0.1", "`up`: address the API listens on." },
	{ "PORT", MO_CFG_INT, AT(port), "8000",
		"`up`: port of the API; the next free one if taken.", 0, 65535 },
	{ "AUTH_MODE", MO_CFG_STR, AT(auth_mode), NULL, "`up`: keys or demo; keys without any." },
	{ "MODELOPS_REPO_ROOT", MO_CFG_STR, AT(repo_root), NULL,
		"`up`: built-in dashboards and Swagger UI; found beside the programs." },
};
const size_t cli_settings_count = MO_COUNT(cli_settings_table);

static char *trim(char *s)
{
	s += strspn(s, " \t");
	for (size_t n = strlen(s); n > 0 && strchr(" \t\r", s[n - 1]); n--)
		s[n - 1] = '\0';
	return s;
}

static void take(struct cli_settings *s, const char *name, const char *value)
{
	const struct {
		const char *name;
		const char **to;
	} known[] = { { "url", &s->url }, { "token", &s->token }, { "ca", &s->ca },
		{ "actor", &s->actor }, { "project", &s->project }, { "tenant", &s->tenant } };

	if (strncmp(name, "MODELOPS_", 9) == 0) /* the variable's own name does as well */
		name += 9;
	for (size_t i = 0; i < MO_COUNT(known); i++)
		if (strcasecmp(known[i].name, name) == 0 && !*known[i].to && *value)
			*known[i].to = value;
}

/* Lines "name = value" below "[section]"; those above any section hold for all. */
static void read_lines(struct cli_settings *s, char *text)
{
	bool here = true;
	const char *want = s->profile ? s->profile : "default";

	for (char *line = text, *next; line; line = next) {
		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		line = trim(line);
		char *equals = strchr(line, '='), *end = strchr(line, ']');
		if (*line == '[' && end) {
			*end = '\0';
			here = strcmp(line + 1, want) == 0;
		} else if (here && equals && *line != '#') {
			*equals = '\0';
			take(s, trim(line), trim(equals + 1));
		}
	}
}

static int read_profile(struct cli *c, const char *path)
{
	mo_autoclose int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;

	if (fd < 0)
		return c->settings.profile
			       ? cli_usage(c, "profile file %s: %s", path, strerror(errno))
			       : CLI_OK;
	char *text = mo_arena_zalloc(&c->arena, PROFILE_BYTES);
	if (!text || fstat(fd, &st) < 0 || read(fd, text, PROFILE_BYTES - 1) < 0)
		return cli_usage(c, "profile file %s cannot be read", path);
	bool secret = strcasestr(text, "token");
	if (secret && st.st_mode & (S_IRWXG | S_IRWXO))
		return cli_usage(c, "%s holds a token and others may read it: chmod 600 it", path);
	read_lines(&c->settings, text);
	return CLI_OK;
}

/* The argument would stand in the process list for as long as we run. */
static void hide_token(struct cli *c)
{
	char *arg = (char *)(uintptr_t)c->settings.token; /* main's argv, which is writable */

	c->settings.token = mo_arena_strdup(&c->arena, arg);
	memset(arg, '*', strlen(arg));
}

static void apply_flags(struct cli *c)
{
	const struct {
		const char *flag;
		const char **to;
	} known[] = { { "url", &c->settings.url }, { "token", &c->settings.token },
		{ "ca", &c->settings.ca }, { "actor", &c->settings.actor },
		{ "profile", &c->settings.profile } };

	for (size_t i = 0; i < MO_COUNT(known); i++)
		if (cli_flag(c, known[i].flag))
			*known[i].to = cli_flag(c, known[i].flag);
	if (cli_flag(c, "token"))
		hide_token(c);
	if (cli_flag(c, "actor") && !cli_flag(c, "token")) /* the nearer one wins */
		c->settings.token = NULL;
}

/* Where `modelops up` on this machine says it is. */
static const char *local_address(struct cli *c)
{
	const char *path = mo_arena_printf(&c->arena, "%s/run/api.address", c->settings.data);
	char text[256];

	return path && mo_line_read(path, text, sizeof(text)) == 0
		       ? mo_arena_strdup(&c->arena, text)
		       : NULL;
}

/* Header values come from here: a line feed in one would make another header. */
static int check_plain(struct cli *c)
{
	const char *const values[] = { c->settings.url, c->settings.token, c->settings.actor };

	for (size_t i = 0; i < MO_COUNT(values); i++)
		for (const char *p = values[i]; p && *p; p++)
			if ((unsigned char)*p < 0x20 || *p == 0x7f)
				return cli_usage(
					c, "address, token and actor hold no control characters");
	if (strncmp(c->settings.url, "http://", 7) != 0 &&
		strncmp(c->settings.url, "https://", 8) != 0)
		return cli_usage(
			c, "'%s' is no address like http://127.0.0.1:8000", c->settings.url);
	return CLI_OK;
}

int profile_load(struct cli *c)
{
	struct cli_settings *s = &c->settings;
	const char *path = NULL;

	apply_flags(c);
	bool actor_given = s->actor && !s->token;
	if (s->config_home)
		path = mo_arena_printf(&c->arena, "%s/modelops/profile", s->config_home);
	else if (s->home)
		path = mo_arena_printf(&c->arena, "%s/.config/modelops/profile", s->home);
	if (path && read_profile(c, path) != CLI_OK)
		return CLI_USAGE;
	if (actor_given)
		s->token = NULL;
	if (!s->url && s->data)
		s->url = local_address(c);
	if (!s->url || !*s->url)
		s->url = "http://127.0.0.1:8000";
	size_t n = strlen(s->url);
	if (n && s->url[n - 1] == '/')
		s->url = mo_arena_printf(&c->arena, "%.*s", (int)n - 1, s->url);
	return check_plain(c);
}
