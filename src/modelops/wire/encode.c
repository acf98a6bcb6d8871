/* Structs to JSON by their field tables. */
#include "modelops/base/time.h"
#include "modelops/domain/duration.h"
#include "modelops/domain/money.h"
#include "modelops/wire/fields.h"
#include "modelops/wire/value.h"

#include <string.h>

/* The member of type TYPE that field F of OBJ is. */
#define AT(type, obj, f) (*(const type *)(const void *)((const char *)(obj) + (f)->offset))

static void encode_texts(struct jw *w, const struct text_list *list)
{
	jw_arr(w);
	for (size_t i = 0; i < list->count; i++)
		jw_str(w, list->at[i]);
	jw_end_arr(w);
}

static void encode_words(struct jw *w, const char *words)
{
	jw_arr(w);
	for (const char *p = words ? words : ""; *p; p += strspn(p, " ")) {
		size_t len = strcspn(p, " ");
		if (len > 0)
			jw_strn(w, p, len);
		p += len;
	}
	jw_end_arr(w);
}

static void encode_list(struct jw *w, const struct wire_noun *noun, const struct wire_list *list)
{
	jw_arr(w);
	for (size_t i = 0; i < list->count; i++)
		wire_encode(w, noun, (const char *)list->at + i * noun->size);
	jw_end_arr(w);
}

static void encode_money(struct jw *w, const void *obj, const struct wire_field *f)
{
	char text[MONEY_TEXT];
	int64_t micro = AT(int64_t, obj, f);
	jw_obj(w);
	jw_ki64(w, "amount_micro", micro);
	jw_kstr(w, "currency", *(const char *const *)(const void *)((const char *)obj + f->aux));
	jw_kstr(w, "text", money_text(micro, 2, text));
	jw_end_obj(w);
}

static void encode_duration(struct jw *w, int64_t seconds)
{
	char text[DURATION_TEXT];
	jw_str(w, seconds ? duration_text(seconds, text) : NULL);
}

static void encode_nested(struct jw *w, const void *obj, const struct wire_field *f)
{
	if (f->type == WIRE_OBJECT) {
		wire_encode(w, f->ref, (const char *)obj + f->offset);
	} else if (f->type == WIRE_LIST) {
		encode_list(w, f->ref, &AT(struct wire_list, obj, f));
	} else {
		const void *p = AT(void *, obj, f);
		if (p)
			wire_encode(w, f->ref, p);
		else
			jw_null(w);
	}
}

static void encode_field(struct jw *w, const void *obj, const struct wire_field *f)
{
	switch (f->type) {
	case WIRE_TEXT:
	case WIRE_ID:
	case WIRE_REF:
	case WIRE_NAME:
		jw_str(w, AT(char *, obj, f));
		break;
	case WIRE_WORDS:
		encode_words(w, AT(char *, obj, f));
		break;
	case WIRE_INT:
		if (f->flags & WIRE_NULL && AT(int64_t, obj, f) < f->min)
			jw_null(w);
		else
			jw_i64(w, AT(int64_t, obj, f));
		break;
	case WIRE_PPM:
		jw_f64(w, (double)AT(int64_t, obj, f) / 1e6);
		break;
	case WIRE_NUMBER:
		jw_f64(w, AT(double, obj, f));
		break;
	case WIRE_BOOL:
		jw_bool(w, AT(bool, obj, f));
		break;
	case WIRE_TIME:
		jw_time(w, AT(int64_t, obj, f));
		break;
	case WIRE_DURATION:
		encode_duration(w, AT(int64_t, obj, f));
		break;
	case WIRE_ENUM:
		jw_str(w, enum_name(f->ref, AT(int, obj, f)));
		break;
	case WIRE_TEXTS:
		encode_texts(w, &AT(struct text_list, obj, f));
		break;
	case WIRE_OBJECT:
	case WIRE_POINTER:
	case WIRE_LIST:
		encode_nested(w, obj, f);
		break;
	case WIRE_DOC:
	case WIRE_DOC_LIST:
	case WIRE_RAW:
		jw_raw(w, AT(char *, obj, f));
		break;
	case WIRE_VALUE:
	case WIRE_ANY:
		wire_value_write(w, AT(struct value *, obj, f));
		break;
	case WIRE_MONEY:
		encode_money(w, obj, f);
		break;
	}
}

void wire_encode(struct jw *w, const struct wire_noun *noun, const void *obj)
{
	jw_obj(w);
	for (size_t i = 0; i < noun->count; i++) {
		if (noun->fields[i].flags & WIRE_WO)
			continue;
		jw_key(w, noun->fields[i].name);
		encode_field(w, obj, &noun->fields[i]);
	}
	jw_end_obj(w);
}

void wire_encode_page(struct jw *w, const struct wire_noun *noun, const void *objs, size_t count,
	const char *next)
{
	jw_obj(w);
	jw_key(w, "items");
	encode_list(w, noun, &(struct wire_list){ objs, count });
	jw_kstr(w, "next", next);
	jw_end_obj(w);
}

const char *wire_text(
	const struct wire_noun *noun, const void *obj, struct mo_arena *arena, struct mo_err *err)
{
	mo_autobuf struct mo_buf text;
	mo_buf_init(&text, MO_JSON_BYTES);
	struct jw w;
	jw_init(&w, &text);
	wire_encode(&w, noun, obj);
	const char *copy = jw_done(&w) < 0 ? NULL : mo_arena_memdup(arena, text.data, text.len);
	if (!copy)
		mo_fail(err, MO_ENOMEM, "document of %s", noun->name);
	return copy;
}
