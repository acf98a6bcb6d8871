/* YAML documents to and from the JSON DOM, under strict limits. */
#ifndef MODELOPS_YAML_YAML_H
#define MODELOPS_YAML_YAML_H

#include "modelops/base/buf.h"
#include "modelops/base/err.h"
#include "modelops/json/json.h"

#include <stddef.h>

enum { MO_YAML_BYTES = 256 << 10 }; /* usual size limit of a document */

/* Parses LEN bytes of TEXT as one YAML document of at most MAX_BYTES and MAX_DEPTH levels, scalars
 * by YAML 1.2's core schema. Refused: aliases and anchors, tags, directives, duplicate keys, keys
 * that are no scalars, more than one document, .inf and .nan, numbers out of range. MO_EINVAL with
 * line and column; MO_ETOOBIG past MAX_BYTES. Caller owns *ret. */
int mo_yaml_parse(const char *text, size_t len, size_t max_bytes, int max_depth, json_t **ret,
	struct mo_err *err);

/* Writes DOC in block style; text of several lines as a literal block. Reads back equal. 0, or -1
 * when OUT's maximum is passed. */
int mo_yaml_write(struct mo_buf *out, const json_t *doc);

#endif
