/* Streaming JSON writer into a bounded buffer: no DOM, one pass, commas and escapes by itself. */
#ifndef MODELOPS_JSON_JW_H
#define MODELOPS_JSON_JW_H

#include "modelops/base/buf.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { JW_DEPTH = 63 }; /* deepest nesting; past it is our bug */

/* Errors are the buffer's sticky `failed`: write everything, then ask jw_done once. */
struct jw {
	struct mo_buf *out; /* borrowed */
	uint64_t comma;     /* bit per level: a value was written there */
	int depth;
	bool after_key;
};

void jw_init(struct jw *w, struct mo_buf *out);

void jw_obj(struct jw *w);
void jw_end_obj(struct jw *w);
void jw_arr(struct jw *w);
void jw_end_arr(struct jw *w);

/* The next value's name; inside an object only. */
void jw_key(struct jw *w, const char *key);

/* Text; NULL writes null. Bytes that are not UTF-8 become U+FFFD. */
void jw_str(struct jw *w, const char *s);
void jw_strn(struct jw *w, const char *s, size_t len);
void jw_i64(struct jw *w, int64_t v);
void jw_u64(struct jw *w, uint64_t v);
void jw_f64(struct jw *w, double v); /* shortest text that reads back equal; null unless finite */
void jw_bool(struct jw *w, bool v);
void jw_null(struct jw *w);
void jw_time(struct jw *w, int64_t t); /* RFC 3339 text; 0 writes null */

/* TEXT is JSON already (a stored document); NULL writes null. */
void jw_raw(struct jw *w, const char *text);

/* A DOM value, members in their order. */
void jw_json(struct jw *w, const json_t *value);

/* Key and value in one line. */
void jw_kstr(struct jw *w, const char *key, const char *s);
void jw_ki64(struct jw *w, const char *key, int64_t v);
void jw_kf64(struct jw *w, const char *key, double v);
void jw_kbool(struct jw *w, const char *key, bool v);
void jw_ktime(struct jw *w, const char *key, int64_t t);
void jw_kraw(struct jw *w, const char *key, const char *text);

/* 0 when everything was written (and every object and list was closed: else our bug), -1 when the
 * buffer's maximum was passed or memory ran out. */
int jw_done(struct jw *w);

/* V as jw_f64 writes it, into OUT; returns its length. V must be finite. */
enum { JW_F64_TEXT = 32 };
int jw_f64_text(double v, char out[JW_F64_TEXT]);

#endif
