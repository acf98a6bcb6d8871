/* Error values: make, wrap, and map to HTTP status. */
#include "modelops/base/err.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const struct {
	int status;
	const char *slug;
} codes[MO_CODE_COUNT] = {
	[MO_OK] = { 200, "ok" },
	[MO_EINVAL] = { 400, "invalid_request" },
	[MO_EAUTH] = { 401, "unauthenticated" },
	[MO_EDENIED] = { 403, "permission_denied" },
	[MO_ENOTFOUND] = { 404, "not_found" },
	[MO_ECONFLICT] = { 409, "conflict" },
	[MO_EPRECOND] = { 412, "precondition_failed" },
	[MO_ESLOW] = { 408, "too_slow" },
	[MO_ETOOBIG] = { 413, "too_large" },
	[MO_EFIELD] = { 422, "invalid_field" },
	[MO_EQUOTA] = { 403, "quota_exceeded" },
	[MO_ERATE] = { 429, "rate_limited" },
	[MO_EUNAVAIL] = { 503, "unavailable" },
	[MO_ETIMEOUT] = { 504, "deadline_exceeded" },
	[MO_EMISDIRECTED] = { 421, "misdirected" },
	[MO_EFULL] = { 507, "storage_full" },
	[MO_ENOMEM] = { 503, "out_of_memory" },
	[MO_EINTERNAL] = { 500, "internal" },
};

static int vfail(struct mo_err *err, enum mo_code code, const char *fmt, va_list ap)
{
	if (!err)
		return -1;
	err->code = code;
	err->slug = NULL;
	err->hint = NULL;
	err->field[0] = '\0';
	vsnprintf(err->msg, sizeof(err->msg), fmt, ap);
	return -1;
}

int mo_fail(struct mo_err *err, enum mo_code code, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	vfail(err, code, fmt, ap);
	va_end(ap);
	return -1;
}

int mo_fail_field(struct mo_err *err, const char *field, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	vfail(err, MO_EFIELD, fmt, ap);
	va_end(ap);
	if (err)
		snprintf(err->field, sizeof(err->field), "%s", field);
	return -1;
}

static enum mo_code errno_code(int errnum)
{
	switch (errnum) {
	case ENOMEM:
		return MO_ENOMEM;
	case ENOSPC:
	case EDQUOT:
		return MO_EFULL;
	case ENOENT:
		return MO_ENOTFOUND;
	case ETIMEDOUT:
		return MO_ETIMEOUT;
	default:
		return MO_EUNAVAIL;
	}
}

int mo_fail_errno(struct mo_err *err, int errnum, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	vfail(err, errno_code(errnum), fmt, ap);
	va_end(ap);
	if (err) {
		size_t n = strlen(err->msg);
		snprintf(err->msg + n, sizeof(err->msg) - n, ": %s", strerrordesc_np(errnum));
	}
	return -1;
}

/* dst = prefix + sep + dst, cut at the end of dst. */
static void prepend(char *dst, size_t cap, const char *prefix, const char *sep)
{
	size_t head = strlen(prefix) + strlen(sep);
	size_t tail = strlen(dst);

	if (head >= cap)
		return;
	if (tail > cap - 1 - head)
		tail = cap - 1 - head;
	memmove(dst + head, dst, tail);
	dst[head + tail] = '\0';
	memcpy(dst, prefix, strlen(prefix));
	memcpy(dst + strlen(prefix), sep, strlen(sep));
}

int mo_wrap(struct mo_err *err, const char *where)
{
	if (err)
		prepend(err->msg, sizeof(err->msg), where, ": ");
	return -1;
}

int mo_wrap_field(struct mo_err *err, const char *prefix)
{
	if (err) {
		const char *sep = err->field[0] && err->field[0] != '[' ? "." : "";
		prepend(err->field, sizeof(err->field), prefix, sep);
	}
	return -1;
}

int mo_advise(struct mo_err *err, const char *slug, const char *hint)
{
	if (err) {
		err->slug = slug;
		err->hint = hint;
	}
	return -1;
}

int mo_code_status(enum mo_code code)
{
	return code < MO_CODE_COUNT ? codes[code].status : 500;
}

const char *mo_code_slug(enum mo_code code)
{
	return code < MO_CODE_COUNT ? codes[code].slug : "internal";
}

const char *mo_err_slug(const struct mo_err *err)
{
	return err->slug ? err->slug : mo_code_slug(err->code);
}
