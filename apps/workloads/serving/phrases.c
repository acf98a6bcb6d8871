/* JSON fragments that replies repeat: labels, keys and the tail, escaped once at start. */
#include "modelops/base/check.h"
#include "modelops/json/jw.h"
#include "serving.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FRAGMENT_MAX = 4096 };

/* TEXT as a JSON string with BEFORE and AFTER around it. Caller frees; NULL when memory is out. */
static char *fragment(const char *before, const char *text, const char *after)
{
	mo_autobuf struct mo_buf b;
	struct jw w;
	mo_buf_init(&b, FRAGMENT_MAX);
	mo_buf_puts(&b, before);
	jw_init(&w, &b);
	jw_str(&w, text);
	mo_buf_puts(&b, after);
	return b.failed ? NULL : mo_buf_take(&b);
}

/* Label of class I as text: its name, or its number. */
static const char *label(const struct model_info *info, uint32_t i, char number[16])
{
	if (info->class_names)
		return info->class_names[i];
	snprintf(number, 16, "%u", i);
	return number;
}

static int make_classes(struct phrases *p, const struct model_info *info)
{
	char number[16];
	p->class_text = calloc(info->classes + 1, sizeof(char *));
	p->class_key = calloc(info->classes + 1, sizeof(char *));
	if (!p->class_text || !p->class_key)
		return -1;
	for (uint32_t i = 0; i < info->classes; i++) {
		const char *text = label(info, i, number);
		p->class_text[i] = info->class_names ? fragment("", text, "") : strdup(text);
		p->class_key[i] = fragment("", text, ":");
		if (!p->class_text[i] || !p->class_key[i])
			return -1;
	}
	return 0;
}

int phrases_make(struct phrases *p, const struct model_info *info, const char *model_version,
	struct mo_err *err)
{
	*p = (struct phrases){ .feature_key = calloc(info->features, sizeof(char *)) };
	bool good = p->feature_key && make_classes(p, info) == 0;
	for (uint32_t i = 0; good && i < info->features; i++)
		good = (p->feature_key[i] = fragment("", info->names[i], ":")) != NULL;
	if (good)
		good = (p->tail = fragment("],\"model_version\":", model_version,
				",\"request_id\":\"")) != NULL;
	if (good)
		return 0;
	phrases_free(p, info);
	return mo_fail(err, MO_ENOMEM, "texts of the model");
}

void phrases_free(struct phrases *p, const struct model_info *info)
{
	for (uint32_t i = 0; p->class_text && i < info->classes; i++)
		free(p->class_text[i]);
	for (uint32_t i = 0; p->class_key && i < info->classes; i++)
		free(p->class_key[i]);
	for (uint32_t i = 0; p->feature_key && i < info->features; i++)
		free(p->feature_key[i]);
	free(p->class_text);
	free(p->class_key);
	free(p->feature_key);
	free(p->tail);
	*p = (struct phrases){ 0 };
}

long phrases_class(const struct model_info *info, struct mo_str text)
{
	char number[16];
	for (uint32_t i = 0; i < info->classes; i++)
		if (mo_str_eq(text, label(info, i, number)))
			return (long)i;
	return -1;
}
