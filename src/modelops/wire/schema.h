/* One field table per noun: it encodes, decodes with 422 errors, and prints its JSON Schema. */
#ifndef MODELOPS_WIRE_SCHEMA_H
#define MODELOPS_WIRE_SCHEMA_H

#include "modelops/base/arena.h"
#include "modelops/base/err.h"
#include "modelops/domain/enums.h"
#include "modelops/domain/value.h"
#include "modelops/json/json.h"
#include "modelops/json/jw.h"

#include <stddef.h>
#include <stdint.h>

enum wire_type {
	WIRE_TEXT,     /* const char *; min..max bytes (default 0..1024) */
	WIRE_ID,       /* const char *; an id this platform made */
	WIRE_REF,      /* const char *; an id or a name; 1..63 bytes */
	WIRE_NAME,     /* const char *; RFC 1123 label */
	WIRE_WORDS,    /* const char *: space-separated words, a list of text on the wire */
	WIRE_INT,      /* int64_t; min..max; with WIRE_NULL, below min is null */
	WIRE_PPM,      /* int64_t millionths, a number 0..1 on the wire */
	WIRE_NUMBER,   /* double; min..max */
	WIRE_BOOL,     /* bool */
	WIRE_TIME,     /* int64_t microseconds, RFC 3339 on the wire; 0 is null */
	WIRE_DURATION, /* int64_t seconds, text like "10m" on the wire; 0 is null; min..max seconds
			*/
	WIRE_ENUM,     /* an enum; ref: struct enum_names */
	WIRE_TEXTS,    /* struct text_list; at most max entries (default 64) */
	WIRE_OBJECT,   /* nested struct at offset; ref: struct wire_noun */
	WIRE_POINTER,  /* const struct X *, NULL is null; ref: struct wire_noun */
	WIRE_LIST,     /* const struct X *; size_t count after it; ref: struct wire_noun; <= max */
	WIRE_DOC,      /* const char *: an opaque JSON object as text; at most max bytes */
	WIRE_DOC_LIST, /* const char *: an opaque JSON list as text */
	WIRE_RAW,   /* const char *: JSON of the shape that `schema` describes; not checked here */
	WIRE_VALUE, /* const struct value *: a map */
	WIRE_ANY,   /* const struct value *: any value */
	WIRE_MONEY, /* int64_t micro; aux: offset of const char *currency. Read only */
};

enum wire_flag {
	WIRE_RO = 1,     /* set by the server: refused in a body */
	WIRE_REQ = 2,    /* must be in a create body */
	WIRE_PATCHY = 4, /* may be in a patch body */
	WIRE_NULL = 8,   /* may be null (absent) */
	WIRE_WO = 16,    /* in bodies only, never shown */
};

struct wire_field {
	const char *name;
	enum wire_type type;
	size_t offset;
	unsigned flags;
	const void *ref;
	int64_t min, max;    /* used when max > min */
	const char *def;     /* JSON text of the value that an absent field gets on create */
	const char *about;   /* one sentence, for OpenAPI */
	const char *example; /* JSON text */
	size_t aux;
	const char *schema; /* JSON Schema text of WIRE_RAW */
};

/* At most 64 fields. */
struct wire_noun {
	const char *name;  /* "Pool": the schema's name */
	const char *about; /* one sentence */
	const struct wire_field *fields;
	size_t count, size; /* fields; bytes of the struct */
	unsigned shapes;    /* bit set of enum wire_shape in use: what OpenAPI lists */
};

/* The faces of a noun. Schema names: "Pool", "PoolCreate", "PoolPatch", "PoolPage". */
enum wire_shape { WIRE_READ, WIRE_CREATE, WIRE_PATCH, WIRE_PAGE };

/* A request or reply body, for route tables. noun NULL: no body. */
struct wire_body {
	const struct wire_noun *noun;
	enum wire_shape shape;
};

/* Writes OBJ as the noun's READ shape. */
void wire_encode(struct jw *w, const struct wire_noun *noun, const void *obj);

/* {"items":[...],"next":"cursor"|null}; OBJS is an array of COUNT structs. */
void wire_encode_page(struct jw *w, const struct wire_noun *noun, const void *objs, size_t count,
	const char *next);

/* Reads a CREATE or PATCH body into OBJ (of noun->size bytes, zeroed or holding the old row). Texts
 * lie in ARENA. Absent fields get their default on CREATE and are left alone on PATCH. *ret_set
 * (may be NULL) is the bit set of fields that were in the body. MO_EFIELD with the field's path;
 * OBJ's content is undefined then. */
int wire_decode(const json_t *doc, const struct wire_noun *noun, enum wire_shape shape,
	struct mo_arena *arena, void *obj, uint64_t *ret_set, struct mo_err *err);

/* mo_json_parse and wire_decode in one. MO_EINVAL when TEXT is no JSON. */
int wire_parse(const char *text, size_t len, const struct wire_noun *noun, enum wire_shape shape,
	struct mo_arena *arena, void *obj, uint64_t *ret_set, struct mo_err *err);

/* OBJ as JSON text in ARENA (at most MO_JSON_BYTES): what the store keeps. NULL and MO_ENOMEM. */
const char *wire_text(
	const struct wire_noun *noun, const void *obj, struct mo_arena *arena, struct mo_err *err);

/* Bit of field NAME in a set; 0 when the noun has no such field. */
uint64_t wire_bit(const struct wire_noun *noun, const char *name);

/* Writes the JSON Schema of one shape (an object; nested nouns as $ref to
 * #/components/schemas/NAME). */
void wire_schema(struct jw *w, const struct wire_noun *noun, enum wire_shape shape);

/* Name of the shape's schema ("PoolCreate") into OUT. Returns OUT. */
enum { WIRE_SCHEMA_NAME = 64 };
const char *wire_schema_name(
	const struct wire_noun *noun, enum wire_shape shape, char out[WIRE_SCHEMA_NAME]);

/* Writes the members of OpenAPI's components.schemas: every shape in use of every noun. */
void wire_components(struct jw *w);

/* All nouns, ended by NULL. */
extern const struct wire_noun *const wire_nouns[];

#endif
