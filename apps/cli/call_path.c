/* The path of a command: names become ids, query flags are added. */
#include "call.h"

#include "fmt.h"
#include "modelops/base/check.h"
#include "modelops/json/json.h"
#include "show.h"

#include <stdio.h>
#include <string.h>

const char *call_key(struct cli *c, const struct cli_flag *f)
{
	char *key = mo_arena_strdup(&c->arena, f->key ? f->key : f->name);

	MO_ASSERT(key);
	for (char *p = key; !f->key && *p; p++)
		if (*p == '-')
			*p = '_';
	return key;
}

/* Lists that names are looked up in. Their nouns' ids start so; no name of these holds a '_' but
 * an artifact's. */
static const struct {
	const char *path, *prefix, *noun;
} lists[] = {
	{ "/v1/projects", "prj_", "project" },
	{ "/v1/artifacts", "art_", "artifact" },
	{ "/v1/pipelines", "pl_", "pipeline" },
	{ "/v1/models", "mdl_", "model" },
	{ "/v1/deployments", "dep_", "deployment" },
};

/* The one row of PAGE called NAME, or NULL after saying why. */
static const char *find_row(struct cli *c, const json_t *page, const char *name, const char *noun)
{
	const char *id = NULL;
	size_t i, found = 0;
	json_t *row;

	json_array_foreach(json_object_get(page, "items"), i, row)
	{
		if (strcmp(show_text(row, "name"), name) != 0)
			continue;
		id = mo_arena_strdup(&c->arena, show_text(row, "id"));
		found++;
	}
	if (found == 1)
		return id;
	name = fmt_clean(name, false, &c->arena);
	if (found)
		fprintf(stderr,
			"error: %zu times a %s '%s'\n  hint        give its id, or the project: "
			"MODELOPS_PROJECT\n",
			found, noun, name);
	else
		fprintf(stderr, "error: no %s '%s' that you may see\n", noun, name);
	return NULL;
}

int call_resolve(struct cli *c, const char *list, const char *text, const char **ret)
{
	mo_autojson json_t *page = NULL;
	size_t k = 0;

	while (k < MO_COUNT(lists) && strcmp(lists[k].path, list) != 0)
		k++;
	*ret = text;
	if (k == MO_COUNT(lists) || strncmp(text, lists[k].prefix, strlen(lists[k].prefix)) == 0)
		return CLI_OK;
	const char *path = api_query(c, list, "name", text);
	path = api_query(c, path, "limit", "500");
	if (c->settings.project && strcmp(list, "/v1/projects") != 0)
		path = api_query(c, path, "project_id", c->settings.project);
	if (c->settings.tenant)
		path = api_query(c, path, "tenant_id", c->settings.tenant);
	int rc = api_json(c, "GET", path, NULL, &page);
	if (rc != CLI_OK)
		return rc;
	*ret = find_row(c, page, text, lists[k].noun);
	return *ret ? CLI_OK : CLI_REFUSED;
}

int call_path(struct cli *c, const char **ret)
{
	const char *p = c->cmd->path, *out = "";

	while (*p) { /* {N} is argument N */
		size_t n = strcspn(p, "{");
		out = mo_arena_printf(&c->arena, "%s%.*s", out, (int)n, p);
		p += n;
		if (*p) {
			size_t arg = (size_t)(p[1] - '0');
			MO_ASSERT(out && arg < c->nargs);
			const char *text = c->args[arg];
			const char *list = mo_arena_memdup(&c->arena, out, strlen(out) - 1);
			int rc = arg == 0 && list ? call_resolve(c, list, text, &text) : CLI_OK;
			if (rc != CLI_OK)
				return rc;
			out = mo_arena_printf(&c->arena, "%s%s", out, api_encode(c, text));
			p += 3;
		}
	}
	for (size_t i = 0; i < c->ngiven; i++)
		if (c->given[i].flag->to == TO_QUERY)
			out = api_query(c, out, call_key(c, c->given[i].flag),
				c->given[i].value ? c->given[i].value : "true");
	*ret = out;
	return CLI_OK;
}
