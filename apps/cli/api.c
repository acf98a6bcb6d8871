/* Calls of the public API and the generic command. */
#include "api.h"

#include "fmt.h"
#include "modelops/base/check.h"
#include "modelops/base/id.h"
#include "modelops/base/time.h"
#include "modelops/json/json.h"
#include "show.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { HEADERS_MAX = 12, REPLY_BYTES = 256 << 20, FILE_BYTES = 64 << 20, JSON_DEPTH = 64 };
enum { RETRIES = 2, RETRY_PAUSE = 200000 };

int api_open(struct cli *c)
{
	const struct httpc_cfg cfg = { .timeout = c->timeout };
	struct mo_err err = { 0 };

	if (httpc_new(&cfg, &c->client, &err) == 0)
		return CLI_OK;
	fprintf(stderr, "error: %s\n", err.msg);
	return CLI_UNREACHABLE;
}

/* A problem+json body for people: what, and at most field, hint and request id. */
static void print_problem(struct cli *c, const struct httpc_reply *reply, const char *what)
{
	static const struct {
		const char *key, *label;
	} parts[] = { { "field", "field" }, { "hint", "hint" }, { "request_id", "request id" } };
	mo_autojson json_t *doc = NULL;
	struct mo_err err = { 0 };

	if (mo_json_parse(mo_buf_str(&reply->body), reply->body.len, 1 << 20, 16, &doc, &err) < 0) {
		fprintf(stderr, "error: %s: status %d\n", what, reply->status);
		return;
	}
	if (c->json) {
		fprintf(stderr, "%s\n", mo_buf_str(&reply->body));
		return;
	}
	const char *code = show_text(doc, "code");
	fprintf(stderr, "error: %s (%s%s%d)\n",
		fmt_clean(show_text(doc, "detail"), false, &c->arena),
		fmt_clean(code, false, &c->arena), *code ? ", " : "", reply->status);
	for (size_t i = 0; i < MO_COUNT(parts); i++)
		if (*show_text(doc, parts[i].key))
			fprintf(stderr, "  %-10s  %s\n", parts[i].label,
				fmt_clean(show_text(doc, parts[i].key), false, &c->arena));
}

static int unreachable(const struct cli *c, const char *url, const struct mo_err *err)
{
	fprintf(stderr, "error: cannot reach %s: %s\n", url, err->msg);
	if (err->code == MO_EUNAVAIL)
		fprintf(stderr, "  hint        is it running? `modelops up` starts it; --url, "
				"MODELOPS_URL or a profile says where it is\n");
	return CLI_UNREACHABLE;
}

static void add_header(
	struct cli *c, const char **headers, size_t *n, const char *name, const char *value)
{
	if (value && *n < HEADERS_MAX)
		headers[(*n)++] = mo_arena_printf(&c->arena, "%s: %s", name, value);
}

/* A write is sent under a key of its own, so that it can be sent again after a lost connection
 * with one effect. Predictions have no key: they are counted. */
static const char *key_of_write(struct cli *c, const char *method, const char *path)
{
	static const char *const counted[] = { "/predict", "/explain" };
	char id[MO_ID_MAX];

	if (strcmp(method, "GET") == 0)
		return NULL;
	if (c->idempotency_key)
		return c->idempotency_key;
	for (size_t i = 0; i < MO_COUNT(counted); i++) {
		size_t n = strcspn(path, "?"), len = strlen(counted[i]);
		if (n > len && memcmp(path + n - len, counted[i], len) == 0)
			return NULL;
	}
	return mo_arena_strdup(&c->arena, mo_id_new("cli", id));
}

/* httpc_do, again after a lost or refused connection when SAFE: a restart takes a moment. */
static int try_send(struct cli *c, const struct httpc_request *r, bool safe,
	struct httpc_reply *ret_reply, struct mo_err *err)
{
	for (int left = safe ? RETRIES : 0;; left--) {
		*err = (struct mo_err){ 0 };
		if (httpc_do(c->client, r, ret_reply, err) == 0)
			return 0;
		if (left <= 0 || err->code != MO_EUNAVAIL)
			return -1;
		usleep(RETRY_PAUSE);
	}
}

int api_send(struct cli *c, const char *method, const char *path, const char *const *extra,
	const struct httpc_request *request, struct httpc_reply *ret_reply)
{
	const char *headers[2 * HEADERS_MAX + 1] = { 0 };
	const char *key = key_of_write(c, method, path);
	struct httpc_request r = *request;
	struct mo_err err = { 0 };
	size_t n = 0;

	if (c->settings.token)
		add_header(c, headers, &n, "Authorization",
			mo_arena_printf(&c->arena, "Bearer %s", c->settings.token));
	else
		add_header(c, headers, &n, "X-Actor", c->settings.actor);
	add_header(c, headers, &n, "Idempotency-Key", key);
	for (; extra && *extra && n < HEADERS_MAX; extra++)
		headers[n++] = *extra;
	r.method = method;
	r.url = mo_arena_printf(&c->arena, "%s%s", c->settings.url, path);
	r.headers = headers;
	if (!r.max_reply)
		r.max_reply = REPLY_BYTES;
	bool safe = !r.sink && (key || strcmp(method, "GET") == 0);
	if (try_send(c, &r, safe, ret_reply, &err) < 0)
		return c->hushed ? CLI_UNREACHABLE : unreachable(c, c->settings.url, &err);
	if (ret_reply->status >= 200 && ret_reply->status < 300)
		return CLI_OK;
	if (!c->hushed)
		print_problem(c, ret_reply, path);
	httpc_reply_free(ret_reply);
	return CLI_REFUSED;
}

int api_json(struct cli *c, const char *method, const char *path, const json_t *body, json_t **ret)
{
	static const char *const type[] = { "Content-Type: application/json", NULL };
	struct httpc_request request = { 0 };
	struct httpc_reply reply;
	struct mo_err err = { 0 };
	mo_autofree char *text = body ? json_dumps(body, JSON_COMPACT) : NULL;

	*ret = NULL;
	request.body = mo_str(text);
	int rc = api_send(c, method, path, text ? type : NULL, &request, &reply);
	if (rc != CLI_OK)
		return rc;
	if (reply.body.len && mo_json_parse(mo_buf_str(&reply.body), reply.body.len, REPLY_BYTES,
				      JSON_DEPTH, ret, &err) < 0) {
		fprintf(stderr, "error: the reply of %s is no JSON: %s\n", path, err.msg);
		rc = CLI_REFUSED;
	}
	httpc_reply_free(&reply);
	return rc;
}

int api_poll(struct cli *c, const char *path, json_t **ret)
{
	int64_t until = mo_mono() + 10 * MO_SECOND;
	bool hushed = c->hushed;
	int rc;

	do {
		c->hushed = hushed || mo_mono() < until;
		rc = api_json(c, "GET", path, NULL, ret);
		if (rc == CLI_REFUSED && c->hushed && !hushed) { /* again, to say why */
			c->hushed = false;
			rc = api_json(c, "GET", path, NULL, ret);
		}
	} while (rc == CLI_UNREACHABLE && c->hushed && !hushed);
	c->hushed = hushed;
	return rc;
}

const char *api_encode(struct cli *c, const char *text)
{
	static const char hex[] = "0123456789ABCDEF";
	char *out = mo_arena_alloc(&c->arena, 3 * strlen(text) + 1), *p = out;

	MO_ASSERT(out);
	for (; *text; text++) {
		unsigned char b = (unsigned char)*text;
		if ((b >= 'a' && b <= 'z') || (b >= 'A' && b <= 'Z') || (b >= '0' && b <= '9') ||
			strchr("-_.~", b)) {
			*p++ = *text;
			continue;
		}
		*p++ = '%';
		*p++ = hex[b >> 4];
		*p++ = hex[b & 15];
	}
	*p = '\0';
	return out;
}

const char *api_query(struct cli *c, const char *path, const char *name, const char *value)
{
	const char *out = mo_arena_printf(&c->arena, "%s%c%s=%s", path,
		strchr(path, '?') ? '&' : '?', name, api_encode(c, value));
	MO_ASSERT(out);
	return out;
}

/* ---- the generic command ---- */

/* The flag's key: its own, or its name with '_' for '-'. */
static const char *key_of(struct cli *c, const struct cli_flag *f)
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

int api_resolve(struct cli *c, const char *list, const char *text, const char **ret)
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

int api_path(struct cli *c, const char **ret)
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
			int rc = arg == 0 && list ? api_resolve(c, list, text, &text) : CLI_OK;
			if (rc != CLI_OK)
				return rc;
			out = mo_arena_printf(&c->arena, "%s%s", out, api_encode(c, text));
			p += 3;
		}
	}
	for (size_t i = 0; i < c->ngiven; i++)
		if (c->given[i].flag->to == TO_QUERY)
			out = api_query(c, out, key_of(c, c->given[i].flag),
				c->given[i].value ? c->given[i].value : "true");
	*ret = out;
	return CLI_OK;
}

int api_read_file(struct cli *c, const char *path, struct mo_buf *out)
{
	bool standard = strcmp(path, "-") == 0;
	mo_autoclose int fd = standard ? dup(STDIN_FILENO) : open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = 1;

	if (fd < 0)
		return cli_usage(c, "%s: %s", path, strerror(errno));
	while (n > 0) {
		if (out->len > FILE_BYTES || mo_buf_reserve(out, 65536) < 0)
			return cli_usage(c, "%s is larger than %d MiB", path, FILE_BYTES >> 20);
		n = read(fd, out->data + out->len, 65535);
		if (n < 0)
			return cli_usage(c, "%s: %s", path, strerror(errno));
		out->len += (size_t)n;
		out->data[out->len] = '\0';
	}
	return CLI_OK;
}

static int json_value(struct cli *c, const char *name, const char *text, json_t **ret)
{
	mo_autobuf struct mo_buf file;
	struct mo_err err = { 0 };

	mo_buf_init(&file, FILE_BYTES + 65536);
	if (*text == '@') {
		if (api_read_file(c, text + 1, &file) != CLI_OK)
			return CLI_USAGE;
		text = mo_buf_str(&file);
	}
	if (mo_json_parse(text, strlen(text), FILE_BYTES, JSON_DEPTH, ret, &err) < 0)
		return cli_usage(c, "--%s: %s", name, err.msg);
	return CLI_OK;
}

/* "7" is a number, "true" a boolean, "text" text: what a parameter's value means. */
static json_t *loose_value(const char *text)
{
	struct mo_err err;
	json_t *v = NULL;

	if (mo_json_parse(text, strlen(text), FILE_BYTES, JSON_DEPTH, &v, &err) == 0)
		return v;
	return json_string(text);
}

static int flag_value(struct cli *c, const struct cli_given *g, json_t **ret)
{
	const char *text = g->value;
	int64_t whole;
	double number;

	switch (g->flag->kind) {
	case KIND_BOOL:
		*ret = json_true();
		return CLI_OK;
	case KIND_INT:
		if (mo_parse_i64(text, strlen(text), &whole) < 0)
			return cli_usage(c, "--%s: '%s' is no whole number", g->flag->name, text);
		*ret = json_integer(whole);
		return CLI_OK;
	case KIND_NUMBER:
		if (mo_parse_f64(text, strlen(text), &number) < 0)
			return cli_usage(c, "--%s: '%s' is no number", g->flag->name, text);
		*ret = json_real(number);
		return CLI_OK;
	case KIND_JSON:
		return json_value(c, g->flag->name, text, ret);
	case KIND_TEXT:
	case KIND_PAIRS:
		break;
	}
	*ret = json_string(text);
	return CLI_OK;
}

/* Sets "a.b" in BODY; takes VALUE. */
static void set_key(json_t *body, const char *key, json_t *value)
{
	const char *dot = strchr(key, '.');
	char head[64];

	if (!dot) {
		json_object_set_new(body, key, value);
		return;
	}
	snprintf(head, sizeof(head), "%.*s", (int)(dot - key), key);
	if (!json_object_get(body, head))
		json_object_set_new(body, head, json_object());
	set_key(json_object_get(body, head), dot + 1, value);
}

static int set_pair(struct cli *c, const struct cli_given *g, const char *key, json_t *body)
{
	const char *equals = strchr(g->value, '=');

	if (!equals || equals == g->value)
		return cli_usage(c, "--%s: '%s' is not NAME=VALUE", g->flag->name, g->value);
	if (!json_object_get(body, key))
		json_object_set_new(body, key, json_object());
	char *name = mo_arena_memdup(&c->arena, g->value, (size_t)(equals - g->value));
	MO_ASSERT(name);
	json_object_set_new(json_object_get(body, key), name, loose_value(equals + 1));
	return CLI_OK;
}

/* Arguments written "NAME=name" in the table go into the body. */
static void add_arguments(struct cli *c, json_t *body)
{
	const char *p = c->cmd->args;

	for (size_t i = 0; p && *p && i < c->nargs; i++) {
		size_t n = strcspn(p, " ");
		const char *equals = memchr(p, '=', n);
		if (equals) {
			char key[64];
			snprintf(key, sizeof(key), "%.*s", (int)(p + n - equals - 1), equals + 1);
			set_key(body, key, json_string(c->args[i]));
		}
		p += n + (p[n] == ' ');
	}
}

int api_body(struct cli *c, json_t **ret)
{
	json_t *body = json_object();

	add_arguments(c, body);
	for (size_t i = 0; i < c->ngiven; i++) {
		const struct cli_given *g = &c->given[i];
		json_t *value = NULL;
		if (g->flag->to != TO_BODY)
			continue;
		int rc = g->flag->kind == KIND_PAIRS ? set_pair(c, g, key_of(c, g->flag), body)
						     : flag_value(c, g, &value);
		if (rc != CLI_OK) {
			json_decref(body);
			return rc;
		}
		if (value)
			set_key(body, key_of(c, g->flag), value);
	}
	*ret = body;
	return CLI_OK;
}

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
	if (api_read_file(c, c->args[index], &file) != CLI_OK)
		return CLI_USAGE;
	bool json = file.len && file.data[strspn(file.data, " \t\r\n")] == '{';
	const char *const headers[] = {
		json ? "Content-Type: application/json" : "Content-Type: application/yaml", NULL
	};
	const struct httpc_request request = { .body = { mo_buf_str(&file), file.len } };
	const char *path;
	int rc = api_path(c, &path);
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

int api_command(struct cli *c)
{
	const char *file = c->cmd->args ? strchr(c->cmd->args, '@') : NULL;
	mo_autojson json_t *body = NULL;
	mo_autojson json_t *doc = NULL;
	bool writes = strcmp(c->cmd->method, "POST") == 0 || strcmp(c->cmd->method, "PUT") == 0 ||
		      strcmp(c->cmd->method, "PATCH") == 0;

	if (file)
		return send_file(c, file);
	if (writes && api_body(c, &body) != CLI_OK)
		return CLI_USAGE;
	const char *path;
	int rc = api_path(c, &path);
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
