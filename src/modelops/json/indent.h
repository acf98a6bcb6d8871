/* JSON text over several lines, for people. */
#ifndef MODELOPS_JSON_INDENT_H
#define MODELOPS_JSON_INDENT_H

#include "modelops/base/buf.h"
#include "modelops/base/str.h"

/* Appends TEXT, which must be valid JSON, to OUT with two blanks per level. Only blanks outside of
 * strings change: numbers keep their spelling. 0, or -1 when OUT is full (see out->failed). */
int mo_json_indent(struct mo_str text, struct mo_buf *out);

#endif
