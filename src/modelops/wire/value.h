/* Value trees to and from JSON. */
#ifndef MODELOPS_WIRE_VALUE_H
#define MODELOPS_WIRE_VALUE_H

#include "modelops/base/arena.h"
#include "modelops/base/err.h"
#include "modelops/domain/value.h"
#include "modelops/json/json.h"
#include "modelops/json/jw.h"

/* Copies DOC (at most MO_JSON_DEPTH levels) into ARENA. MO_ENOMEM. */
int wire_value_read(
	const json_t *doc, struct mo_arena *arena, struct value *ret, struct mo_err *err);

/* Parses TEXT (a stored document) into a value. */
int wire_value_parse(
	const char *text, struct mo_arena *arena, struct value *ret, struct mo_err *err);

/* Writes V as JSON; NULL writes null. */
void wire_value_write(struct jw *w, const struct value *v);

#endif
