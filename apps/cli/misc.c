/* status, and dashboards changed in place. */
#include "call.h"
#include "fmt.h"
#include "modelops/json/json.h"
#include "show.h"

#include <stdio.h>
#include <string.h>

int status(struct cli *c)
{
	mo_autojson json_t *doc = NULL;
	int rc = api_json(c, "GET", "/readyz", NULL, &doc);

	if (rc != CLI_OK)
		return rc;
	if (c->json)
		show_document(c, doc);
	else
		printf("%s  %s%s%s\n", c->settings.url, show_colour(c, show_text(doc, "status")),
			fmt_clean(show_text(doc, "status"), false, &c->arena), show_plain(c));
	return CLI_OK;
}

/* PUT takes a whole dashboard: the one that is there with the given members changed, sent under
 * If-Match so that nobody's change is lost. */
int dashboard_update(struct cli *c)
{
	static const char *const taken[] = { "scope", "name", "title", "definition" };
	mo_autojson json_t *body = NULL;
	mo_autojson json_t *old = NULL;
	mo_autojson json_t *doc = NULL;
	struct httpc_request request = { 0 };
	struct httpc_reply reply;
	const char *path;

	if (call_body(c, &body) != CLI_OK)
		return CLI_USAGE;
	if (!json_object_size(body))
		return cli_usage(c, "nothing to change: --name, --title or --definition");
	int rc = call_path(c, &path);
	if (rc == CLI_OK)
		rc = api_json(c, "GET", path, NULL, &old);
	if (rc != CLI_OK)
		return rc;
	for (size_t i = 0; i < sizeof(taken) / sizeof(taken[0]); i++)
		if (!json_object_get(body, taken[i]))
			json_object_set(body, taken[i], json_object_get(old, taken[i]));
	char *text = json_dumps(body, JSON_COMPACT);
	const char *const headers[] = { "Content-Type: application/json",
		mo_arena_printf(
			&c->arena, "If-Match: \"%lld\"", (long long)show_number(old, "version")),
		NULL };
	request.body = mo_str(text);
	rc = text ? api_send(c, "PUT", path, headers, &request, &reply) : CLI_REFUSED;
	free(text);
	if (rc != CLI_OK)
		return rc;
	if (mo_json_parse(mo_buf_str(&reply.body), reply.body.len, MO_JSON_BYTES, MO_JSON_DEPTH,
		    &doc, NULL) == 0)
		show_document(c, doc);
	httpc_reply_free(&reply);
	return CLI_OK;
}
