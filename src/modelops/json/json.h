/* JSON documents as a DOM (jansson's), parsed under strict limits. Output is jw.h's work. */
#ifndef MODELOPS_JSON_JSON_H
#define MODELOPS_JSON_JSON_H

#include "modelops/base/err.h"

#include <jansson.h>
#include <stddef.h>

enum {
	MO_JSON_DEPTH = 32,      /* deepest nesting that anything here accepts */
	MO_JSON_BYTES = 1 << 20, /* usual size limit of a document */
};

#define mo_autojson __attribute__((cleanup(mo_json_cleanup)))
void mo_json_cleanup(json_t **doc); /* drops the reference; NULL is fine */

/* Parses LEN bytes of TEXT as one JSON value of at most MAX_BYTES and MAX_DEPTH levels (1 is a
 * scalar). Refused: duplicate keys, NaN and numbers out of range, bad UTF-8, \u0000, anything
 * after the value. MO_EINVAL with line, column and the offending text; MO_ETOOBIG past MAX_BYTES.
 * Caller owns *ret. */
int mo_json_parse(const char *text, size_t len, size_t max_bytes, int max_depth, json_t **ret,
	struct mo_err *err);

/* "object", "list", "text", "whole number", "number", "boolean", "null": for messages. */
const char *mo_json_kind(const json_t *value);

#endif
