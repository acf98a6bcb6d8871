/* Field tables as JSON Schema (2020-12, as OpenAPI 3.1 uses it). */
#include "modelops/wire/schema.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

const char *wire_schema_name(
	const struct wire_noun *noun, enum wire_shape shape, char out[WIRE_SCHEMA_NAME])
{
	static const char *const suffix[] = { "", "Create", "Patch", "Page" };
	bool body_only = !(noun->shapes & (1U << WIRE_READ)) && shape != WIRE_PAGE;
	snprintf(out, WIRE_SCHEMA_NAME, "%s%s", noun->name, body_only ? "" : suffix[shape]);
	return out;
}

static void write_ref(struct jw *w, const struct wire_noun *noun, enum wire_shape shape)
{
	char name[WIRE_SCHEMA_NAME], ref[WIRE_SCHEMA_NAME + 32];
	snprintf(ref, sizeof(ref), "#/components/schemas/%s", wire_schema_name(noun, shape, name));
	jw_obj(w);
	jw_kstr(w, "$ref", ref);
	jw_end_obj(w);
}

static void write_type(struct jw *w, const struct wire_field *f, const char *type)
{
	jw_key(w, "type");
	if (f->flags & WIRE_NULL) {
		jw_arr(w);
		jw_str(w, type);
		jw_str(w, "null");
		jw_end_arr(w);
	} else {
		jw_str(w, type);
	}
}

static void write_range(
	struct jw *w, const struct wire_field *f, const char *least, const char *most)
{
	if (f->max <= f->min)
		return;
	if (least && (f->min != 0 || f->type == WIRE_INT || f->type == WIRE_NUMBER))
		jw_ki64(w, least, f->min);
	jw_ki64(w, most, f->max);
}

static void write_text(struct jw *w, const struct wire_field *f)
{
	write_type(w, f, "string");
	if (f->type == WIRE_NAME) {
		jw_kstr(w, "pattern", "^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$");
	} else if (f->type == WIRE_TIME) {
		jw_kstr(w, "format", "date-time");
	} else if (f->type == WIRE_DURATION) {
		jw_kstr(w, "pattern", "^([0-9]+d)?([0-9]+h)?([0-9]+m)?([0-9]+s)?$");
	} else if (f->type == WIRE_ID) {
		jw_kstr(w, "pattern", "^[A-Za-z0-9_]+$");
		jw_ki64(w, "maxLength", 63);
	} else if (f->max > f->min) {
		write_range(w, f, "minLength", "maxLength");
	} else if (f->type == WIRE_REF) {
		jw_ki64(w, "minLength", 1);
		jw_ki64(w, "maxLength", 63);
	}
}

static void write_enum(struct jw *w, const struct wire_field *f)
{
	const struct enum_names *e = f->ref;
	write_type(w, f, "string");
	jw_key(w, "enum");
	jw_arr(w);
	for (int i = 0; i < e->count; i++)
		if (e->names[i])
			jw_str(w, e->names[i]);
	if (f->flags & WIRE_NULL)
		jw_null(w);
	jw_end_arr(w);
}

static void write_items(struct jw *w, const struct wire_field *f, enum wire_shape shape)
{
	write_type(w, f, "array");
	jw_key(w, "items");
	if (f->type == WIRE_LIST) {
		write_ref(w, f->ref, shape == WIRE_READ ? WIRE_READ : WIRE_CREATE);
	} else {
		jw_obj(w);
		if (f->type == WIRE_TEXTS || f->type == WIRE_WORDS)
			jw_kstr(w, "type", "string");
		jw_end_obj(w);
	}
	if (f->type != WIRE_DOC_LIST && f->max > 0)
		jw_ki64(w, "maxItems", f->max);
}

/* A nested noun: a $ref may stand beside a description in 2020-12. */
static void write_nested(struct jw *w, const struct wire_field *f, enum wire_shape shape)
{
	jw_key(w, f->flags & WIRE_NULL ? "oneOf" : "allOf");
	jw_arr(w);
	write_ref(w, f->ref, shape == WIRE_READ ? WIRE_READ : WIRE_CREATE);
	if (f->flags & WIRE_NULL) {
		jw_obj(w);
		jw_kstr(w, "type", "null");
		jw_end_obj(w);
	}
	jw_end_arr(w);
}

static void write_money(struct jw *w)
{
	jw_key(w, "allOf");
	jw_raw(w, "[{\"$ref\":\"#/components/schemas/Money\"}]");
}

static void write_kind(struct jw *w, const struct wire_field *f, enum wire_shape shape)
{
	switch (f->type) {
	case WIRE_INT:
		write_type(w, f, "integer");
		write_range(w, f, "minimum", "maximum");
		break;
	case WIRE_NUMBER:
		write_type(w, f, "number");
		write_range(w, f, "minimum", "maximum");
		break;
	case WIRE_PPM:
		write_type(w, f, "number");
		jw_ki64(w, "minimum", 0);
		jw_ki64(w, "maximum", 1);
		break;
	case WIRE_BOOL:
		write_type(w, f, "boolean");
		break;
	case WIRE_ENUM:
		write_enum(w, f);
		break;
	case WIRE_TEXTS:
	case WIRE_WORDS:
	case WIRE_LIST:
	case WIRE_DOC_LIST:
		write_items(w, f, shape);
		break;
	case WIRE_OBJECT:
	case WIRE_POINTER:
		write_nested(w, f, shape);
		break;
	case WIRE_DOC:
	case WIRE_VALUE:
		write_type(w, f, "object");
		jw_kbool(w, "x-opaque", true);
		break;
	case WIRE_ANY:
		jw_kbool(w, "x-opaque", true);
		break;
	case WIRE_MONEY:
		write_money(w);
		break;
	default:
		write_text(w, f);
	}
}

static void write_field(struct jw *w, const struct wire_field *f, enum wire_shape shape)
{
	jw_key(w, f->name);
	if (f->type == WIRE_RAW) {
		jw_raw(w, f->schema);
		return;
	}
	jw_obj(w);
	write_kind(w, f, shape);
	if (f->about)
		jw_kstr(w, "description", f->about);
	if (shape == WIRE_READ && f->flags & WIRE_RO)
		jw_kbool(w, "readOnly", true);
	if (shape == WIRE_CREATE && f->def)
		jw_kraw(w, "default", f->def);
	if (f->example) {
		jw_key(w, "examples");
		jw_arr(w);
		jw_raw(w, f->example);
		jw_end_arr(w);
	}
	jw_end_obj(w);
}

static bool in_shape(const struct wire_field *f, enum wire_shape shape)
{
	if (shape == WIRE_READ)
		return !(f->flags & WIRE_WO);
	if (shape == WIRE_CREATE)
		return !(f->flags & WIRE_RO);
	return f->flags & WIRE_PATCHY && !(f->flags & WIRE_RO);
}

/* Every field of a reply is there; of a create body, those flagged. */
static void write_required(struct jw *w, const struct wire_noun *noun, enum wire_shape shape)
{
	if (shape == WIRE_PATCH)
		return;
	jw_key(w, "required");
	jw_arr(w);
	for (size_t i = 0; i < noun->count; i++)
		if (in_shape(&noun->fields[i], shape) &&
			(shape == WIRE_READ || noun->fields[i].flags & WIRE_REQ))
			jw_str(w, noun->fields[i].name);
	jw_end_arr(w);
}

static void write_page(struct jw *w, const struct wire_noun *noun)
{
	jw_obj(w);
	jw_kstr(w, "type", "object");
	jw_kstr(w, "description", "One page of a list.");
	jw_key(w, "properties");
	jw_obj(w);
	jw_key(w, "items");
	jw_obj(w);
	jw_kstr(w, "type", "array");
	jw_key(w, "items");
	write_ref(w, noun, WIRE_READ);
	jw_end_obj(w);
	jw_key(w, "next");
	jw_raw(w,
		"{\"type\":[\"string\",\"null\"],\"description\":\"Give it back as cursor= for the "
		"next page; null on the last.\"}");
	jw_end_obj(w);
	jw_kraw(w, "required", "[\"items\",\"next\"]");
	jw_kbool(w, "additionalProperties", false);
	jw_end_obj(w);
}

void wire_schema(struct jw *w, const struct wire_noun *noun, enum wire_shape shape)
{
	if (shape == WIRE_PAGE) {
		write_page(w, noun);
		return;
	}
	jw_obj(w);
	jw_kstr(w, "type", "object");
	jw_kstr(w, "description", noun->about);
	jw_key(w, "properties");
	jw_obj(w);
	for (size_t i = 0; i < noun->count; i++)
		if (in_shape(&noun->fields[i], shape))
			write_field(w, &noun->fields[i], shape);
	jw_end_obj(w);
	write_required(w, noun, shape);
	jw_kbool(w, "additionalProperties", false);
	jw_end_obj(w);
}

void wire_components(struct jw *w)
{
	for (const struct wire_noun *const *n = wire_nouns; *n; n++) {
		for (enum wire_shape shape = WIRE_READ; shape <= WIRE_PAGE; shape++) {
			char name[WIRE_SCHEMA_NAME];
			if (!((*n)->shapes >> shape & 1))
				continue;
			jw_key(w, wire_schema_name(*n, shape, name));
			wire_schema(w, *n, shape);
		}
	}
}
