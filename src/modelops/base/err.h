/* Error values: a failure is a struct passed in, made in one line, wrapped once per layer. */
#ifndef MODELOPS_BASE_ERR_H
#define MODELOPS_BASE_ERR_H

#include <stdarg.h>

enum mo_code {
	MO_OK,
	MO_EINVAL,       /* 400 malformed: the bytes cannot be read as what they claim to be */
	MO_EAUTH,        /* 401 nobody we know */
	MO_EDENIED,      /* 403 known, but not allowed */
	MO_ENOTFOUND,    /* 404 absent, or another tenant's */
	MO_ECONFLICT,    /* 409 clashes with what is stored */
	MO_EPRECOND,     /* 412 If-Match did not match */
	MO_ESLOW,        /* 408 the client was too slow to send its request */
	MO_ETOOBIG,      /* 413 past a limit of size */
	MO_EFIELD,       /* 422 well formed, but a field's value is wrong; field names it */
	MO_EQUOTA,       /* 403 a quota is used up (slug quota_exceeded) */
	MO_ERATE,        /* 429 too many requests, come back later */
	MO_EUNAVAIL,     /* 503 a part that is needed does not answer; retry later */
	MO_ETIMEOUT,     /* 504 a deadline passed */
	MO_EMISDIRECTED, /* 421 this process is not who the caller meant */
	MO_EFULL,        /* 507 disk or a hard store limit is full */
	MO_ENOMEM,       /* 503 memory or an arena's ceiling is used up */
	MO_EINTERNAL,    /* 500 our bug */
	MO_CODE_COUNT
};

/* Fixed size: reporting out-of-memory cannot fail. Zero-initialise before the first use. */
struct mo_err {
	enum mo_code code; /* what the caller may do; maps to one HTTP status */
	const char *slug;  /* stable problem code; NULL means the code's own */
	const char *hint;  /* advice, or NULL; a string constant */
	char field[64];    /* path of the offending field ("steps[2].pool"), or "" */
	char msg[256];     /* what happened, for people; names the offending value */
};

/* Fills ERR (which may be NULL) and returns -1. Text past 255 bytes is cut. */
int mo_fail(struct mo_err *err, enum mo_code code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* mo_fail with MO_EFIELD and the path of the offending field. Returns -1. */
int mo_fail_field(struct mo_err *err, const char *field, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* mo_fail with errno's text appended; maps ENOMEM, ENOSPC/EDQUOT, ENOENT, ETIMEDOUT to their codes
 * and everything else to MO_EUNAVAIL. Returns -1. */
int mo_fail_errno(struct mo_err *err, int errnum, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Puts "WHERE: " before the message already in ERR. Returns -1. */
int mo_wrap(struct mo_err *err, const char *where);

/* Sets the stable slug and the hint of an error already made. Both are string constants. Returns
 * -1. */
int mo_advise(struct mo_err *err, const char *slug, const char *hint);

/* Puts "PREFIX" before the field path already in ERR: ("steps[2]", "pool") -> "steps[2].pool".
 * Returns -1. */
int mo_wrap_field(struct mo_err *err, const char *prefix);

/* HTTP status of CODE (RFC 9110): the only place that maps one to the other. MO_OK is 200. */
int mo_code_status(enum mo_code code);

/* Stable default slug of CODE, e.g. "not_found". String constant. */
const char *mo_code_slug(enum mo_code code);

/* The slug a client sees for ERR: its own or the code's default. */
const char *mo_err_slug(const struct mo_err *err);

#endif
