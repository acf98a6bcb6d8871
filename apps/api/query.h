/* Query parameters of a request, held to its route's list. */
#ifndef MODELOPS_API_QUERY_H
#define MODELOPS_API_QUERY_H

#include "modelops/base/arena.h"
#include "modelops/base/err.h"
#include "modelops/base/str.h"

#include "route.h"

enum { QUERY_MAX = 16 };

struct query_value {
	const char *name; /* borrowed from the table */
	const char *text; /* decoded, NUL-terminated, in the arena; NULL: not given */
	int64_t number;   /* Q_INT; Q_TIME: microseconds; Q_BOOL: 0 or 1 */
};

struct query {
	struct query_value values[QUERY_MAX];
	unsigned count;
};

/* The names of ROUTE's parameters with those its flags add (limit, cursor, tenant_id), in order:
 * fills FIELDS, returns how many. */
unsigned query_fields(const struct route *route, const struct query_field *ret_fields[QUERY_MAX]);

/* Reads RAW strictly: an unknown name, a name given twice, an empty or malformed value and a
 * missing required one fail as MO_EFIELD naming the parameter. */
int query_read(const struct route *route, struct mo_str raw, struct mo_arena *arena,
	struct query *ret_query, struct mo_err *err);

/* The value of NAME, or NULL; NAME must be one of the route's (our bug otherwise). */
const char *query_text(const struct query *q, const char *name);
bool query_given(const struct query *q, const char *name);
int64_t query_number(const struct query *q, const char *name, int64_t absent);

#endif
