/* The generic command: a row of the table becomes a request, its reply is shown. */
#include "call.h"

#include "modelops/base/check.h"
#include "modelops/json/json.h"
#include "show.h"

#include <stdio.h>
#include <string.h>

/* The file named by an argument "FILE@type" is the body. */
static int send_file(struct cli *c, const char *at)
{
	size_t index = 0;
	mo_autobuf struct mo_buf file;
	struct httpc_reply reply;
	struct mo_err err = { 0 };
	mo_autojson json_t *doc = NULL;

	for (const char *p = c->cmd->args; p < at; p++)
		index += *p == ' ';
	mo_buf_init(&file, FILE_BYTES + 65536);
	if (call_read_file(c, c->args[index], &file) != CLI_OK)
		return CLI_USAGE;
	bool json = file.len && file.data[strspn(file.data, " \t\r\n")] == '{';
	const char *const headers[] = {
		json ? "Content-Type: application/json" : "Content-Type: application/yaml", NULL
	};
	const struct httpc_request request = { .body = { mo_buf_str(&file), file.len } };
	const char *path;
	int rc = call_path(c, &path);
	if (rc == CLI_OK)
		rc = api_send(c, c->cmd->method, path, headers, &request, &reply);
	if (rc != CLI_OK)
		return rc;
	if (reply.body.len && mo_json_parse(mo_buf_str(&reply.body), reply.body.len, REPLY_BYTES,
				      JSON_DEPTH, &doc, &err) == 0)
		show_document(c, doc);
	httpc_reply_free(&reply);
	return CLI_OK;
}

/* Follows "next" until the end and shows one list. */
static int list_all(struct cli *c, const char *path)
{
	mo_autojson json_t *whole = json_pack("{s:[],s:n}", "items", "next");
	const char *at = path;

	for (;;) {
		mo_autojson json_t *page = NULL;
		int rc = api_json(c, "GET", at, NULL, &page);
		if (rc != CLI_OK)
			return rc;
		json_array_extend(json_object_get(whole, "items"), json_object_get(page, "items"));
		if (!*show_text(page, "next"))
			break;
		at = api_query(c, path, "cursor", show_text(page, "next"));
	}
	show_document(c, whole);
	return CLI_OK;
}

/* Replies that are no JSON (YAML, text) are printed as they are. */
static int print_raw(struct cli *c, const char *path)
{
	const struct httpc_request request = { 0 };
	struct httpc_reply reply;

	int rc = api_send(c, c->cmd->method, path, NULL, &request, &reply);
	if (rc != CLI_OK)
		return rc;
	fwrite(mo_buf_str(&reply.body), 1, reply.body.len, stdout);
	httpc_reply_free(&reply);
	return CLI_OK;
}

/* The route has a body: some flag or argument goes there. */
static bool takes_body(const struct cli_cmd *cmd)
{
	if (cmd->args && strchr(cmd->args, '='))
		return true;
	for (const struct cli_flag *f = cmd->flags; f && f->name; f++)
		if (f->to == TO_BODY)
			return true;
	return false;
}

int call_command(struct cli *c)
{
	const char *file = c->cmd->args ? strchr(c->cmd->args, '@') : NULL;
	mo_autojson json_t *body = NULL;
	mo_autojson json_t *doc = NULL;
	bool writes = strcmp(c->cmd->method, "POST") == 0 || strcmp(c->cmd->method, "PUT") == 0 ||
		      strcmp(c->cmd->method, "PATCH") == 0;

	if (file)
		return send_file(c, file);
	if (writes && call_body(c, &body) != CLI_OK)
		return CLI_USAGE;
	const char *path;
	int rc = call_path(c, &path);
	if (rc != CLI_OK)
		return rc;
	if (strstr(path, "/export_configmap"))
		return print_raw(c, path);
	if (c->all)
		return list_all(c, path);
	bool empty = !takes_body(c->cmd); /* cancel, issue ... */
	rc = api_json(c, c->cmd->method, path, empty ? NULL : body, &doc);
	if (rc != CLI_OK)
		return rc;
	if (doc)
		show_document(c, doc);
	else if (!c->json && !c->ids && !c->quiet)
		printf("%s %s: done\n", c->cmd->noun, c->cmd->verb ? c->cmd->verb : "");
	return CLI_OK;
}
