/* Replies: header look-up, statuses as errors, the ready sink. */
#include "modelops/httpc/httpc.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

const char *httpc_reply_header(
	const struct httpc_reply *reply, const char *name, struct mo_arena *arena)
{
	const char *at = mo_buf_str(&reply->headers);
	size_t n = strlen(name);

	while (*at) {
		size_t len = strcspn(at, "\n");
		if (len > n && at[n] == ':' && !memcmp(at, name, n)) {
			const char *v = at + n + 1, *end = at + len;
			v += strspn(v, " \t");
			while (end > v && (end[-1] == ' ' || end[-1] == '\t'))
				end--;
			return end >= v ? mo_arena_memdup(arena, v, (size_t)(end - v)) : NULL;
		}
		at += len + (at[len] == '\n');
	}
	return NULL;
}

static enum mo_code code_of(int status)
{
	static const struct {
		int status;
		enum mo_code code;
	} map[] = { { 400, MO_EINVAL }, { 401, MO_EAUTH }, { 403, MO_EDENIED },
		{ 404, MO_ENOTFOUND }, { 408, MO_ETIMEOUT }, { 409, MO_ECONFLICT },
		{ 410, MO_ENOTFOUND }, { 412, MO_EPRECOND }, { 413, MO_ETOOBIG },
		{ 421, MO_EMISDIRECTED }, { 422, MO_EFIELD }, { 429, MO_ERATE },
		{ 502, MO_EUNAVAIL }, { 503, MO_EUNAVAIL }, { 504, MO_ETIMEOUT },
		{ 507, MO_EFULL } };

	for (size_t i = 0; i < sizeof(map) / sizeof(map[0]); i++)
		if (map[i].status == status)
			return map[i].code;
	return status >= 500 ? MO_EUNAVAIL : MO_EINVAL;
}

/* The text of "NAME":"..." in a problem document; plain escapes are undone, others kept. 0 or -1.
 */
static int member(const char *text, const char *name, char *out, size_t cap)
{
	char key[32];
	size_t n = 0;

	snprintf(key, sizeof(key), "\"%s\":", name);
	const char *at = strstr(text, key);
	if (!at)
		return -1;
	at += strlen(key);
	at += strspn(at, " ");
	if (*at++ != '"')
		return -1;
	for (; *at && *at != '"' && n + 1 < cap; at++) {
		if (*at == '\\' && (at[1] == '"' || at[1] == '\\' || at[1] == '/'))
			at++;
		out[n++] = *at;
	}
	out[n] = '\0';
	return 0;
}

int httpc_check(const struct httpc_reply *reply, const char *what, struct mo_err *err)
{
	char detail[200], field[64];

	if (reply->status >= 200 && reply->status < 300)
		return 0;
	const char *body = mo_buf_str(&reply->body);
	bool problem = !strncmp(reply->content_type, "application/problem+json", 24);
	if (!problem || member(body, "detail", detail, sizeof(detail)) < 0)
		detail[0] = '\0';
	mo_fail(err, code_of(reply->status), "%s: %s (HTTP %d)", what,
		detail[0] ? detail : "refused", reply->status);
	if (err && problem && member(body, "field", field, sizeof(field)) == 0)
		mo_str_copy(err->field, sizeof(err->field), field);
	return -1;
}

int httpc_sink_fd(void *ctx, const void *p, size_t n, struct mo_err *err)
{
	const char *at = p;
	int fd = *(const int *)ctx;

	while (n > 0) {
		ssize_t put = write(fd, at, n);
		if (put < 0 && errno == EINTR)
			continue;
		if (put <= 0)
			return mo_fail_errno(
				err, put < 0 ? errno : EIO, "write what was downloaded");
		at += put;
		n -= (size_t)put;
	}
	return 0;
}
