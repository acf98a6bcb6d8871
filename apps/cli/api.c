/* Calls of the public API: credentials, retries, and what a refusal says to people. */
#include "api.h"

#include "fmt.h"
#include "modelops/base/check.h"
#include "modelops/base/id.h"
#include "modelops/base/str.h"
#include "modelops/base/time.h"
#include "modelops/json/json.h"
#include "show.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { HEADERS_MAX = 12 };
enum { RETRIES = 2, RETRY_PAUSE = 200000 };

int api_open(struct cli *c)
{
	const struct httpc_cfg cfg = { .timeout = c->timeout, .ca_file = c->settings.ca };
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

static int no_reply(const struct cli *c, const char *url, const struct mo_err *err)
{
	if (mo_streq(err->slug, API_SINK_FAILED)) {
		fprintf(stderr, "error: %s\n", err->msg);
		return CLI_REFUSED;
	}
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
		return c->hushed ? CLI_UNREACHABLE : no_reply(c, c->settings.url, &err);
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
