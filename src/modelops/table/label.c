/* Labels: interned while they are read, sorted into classes at the end. */
#include "modelops/table/label.h"

#include "modelops/base/check.h"
#include "modelops/base/fault.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static void *regrow(void *p, size_t n, size_t size)
{
	return mo_fault("table.alloc") ? NULL : reallocarray(p, n, size);
}

void label_build_init(struct label_build *b)
{
	*b = (struct label_build){ .numeric = true, .whole = true };
	mo_map_init(&b->map, TABLE_CLASSES);
}

void label_build_free(struct label_build *b)
{
	for (size_t i = 0; i < b->nentries; i++) {
		free(b->entries[i]->text);
		free(b->entries[i]);
	}
	free(b->entries);
	free(b->rows);
	free(b->values);
	mo_map_free(&b->map);
}

void label_free(struct table_label *l)
{
	for (size_t i = 0; i < l->nclasses; i++)
		free(l->classes[i]);
	free(l->classes);
	free(l->class_rows);
	free(l->class_of);
	free(l->values);
	free(l->name);
}

static int grow_rows(struct label_build *b, struct mo_err *err)
{
	size_t cap = b->cap ? 2 * b->cap : 1024;
	int32_t *rows = regrow(b->rows, cap, sizeof(*rows));
	if (rows)
		b->rows = rows;
	double *values = rows ? regrow(b->values, cap, sizeof(*values)) : NULL;
	if (!values)
		return mo_fail(err, MO_ENOMEM, "labels");
	b->values = values;
	b->cap = cap;
	return 0;
}

static int add_entry(struct label_build *b, const char *text, double v, struct label_entry **ret,
	struct mo_err *err)
{
	if (!b->entries)
		b->entries = regrow(NULL, TABLE_CLASSES, sizeof(*b->entries));
	struct label_entry *e = b->entries ? regrow(NULL, 1, sizeof(*e)) : NULL;
	char *copy = e ? strdup(text) : NULL;
	if (!copy || mo_map_set(&b->map, text, strlen(text), e, NULL) < 0) {
		free(copy);
		free(e);
		return mo_fail(err, MO_ENOMEM, "labels");
	}
	*e = (struct label_entry){ copy, v, b->nentries };
	b->entries[b->nentries++] = e;
	*ret = e;
	return 0;
}

int label_add(struct label_build *b, const char *text, bool is_number, double v, bool is_whole,
	struct mo_err *err)
{
	b->numeric = b->numeric && is_number;
	b->whole = b->whole && is_whole;
	if (b->nrows == b->cap && grow_rows(b, err) < 0)
		return -1;
	struct label_entry *e = b->many ? NULL : mo_map_get(&b->map, text, strlen(text));
	if (!b->many && !e) {
		if (b->nentries == TABLE_CLASSES)
			b->many = true;
		else if (add_entry(b, text, v, &e, err) < 0)
			return -1;
	}
	if (b->many && !b->numeric)
		return mo_fail(err, MO_EFIELD, "more than %d distinct labels", TABLE_CLASSES);
	b->rows[b->nrows] = e ? (int32_t)e->index : -1;
	b->values[b->nrows++] = v;
	return 0;
}

static int by_value(const void *a, const void *b)
{
	const struct label_entry *x = *(struct label_entry *const *)a;
	const struct label_entry *y = *(struct label_entry *const *)b;
	return (x->value > y->value) - (x->value < y->value);
}

static int by_text(const void *a, const void *b)
{
	const struct label_entry *x = *(struct label_entry *const *)a;
	const struct label_entry *y = *(struct label_entry *const *)b;
	return strcmp(x->text, y->text);
}

/* "1", "01" and "1.0" are one class: it gets the shortest text of its value. */
static char *class_text(const struct label_entry *e, bool numeric)
{
	char text[40];

	if (!numeric)
		return strdup(e->text);
	for (int digits = 1; digits <= 17; digits++) {
		snprintf(text, sizeof(text), "%.*g", digits, e->value);
		if (strtod(text, NULL) == e->value)
			break;
	}
	if (fabs(e->value) < 1e15 && floor(e->value) == e->value)
		snprintf(text, sizeof(text), "%.0f", e->value + 0.0);
	return strdup(text);
}

/* Sorted entries become classes; CLASS_INDEX maps an entry's index to its class. */
static int make_classes(struct label_build *b, struct label_entry **sorted, int32_t *class_index,
	struct table_label *l, struct mo_err *err)
{
	for (size_t i = 0; i < b->nentries; i++) {
		bool same = i > 0 && b->numeric && sorted[i]->value == sorted[i - 1]->value;
		if (!same) {
			char *text = class_text(sorted[i], b->numeric);
			if (!text)
				return mo_fail(err, MO_ENOMEM, "labels");
			l->classes[l->nclasses++] = text;
		}
		class_index[sorted[i]->index] = (int32_t)l->nclasses - 1;
	}
	for (size_t i = 0; i < b->nrows; i++) {
		b->rows[i] = class_index[b->rows[i]];
		l->class_rows[b->rows[i]]++;
	}
	return 0;
}

static int sort_classes(struct label_build *b, struct table_label *l, struct mo_err *err)
{
	mo_autofree struct label_entry **sorted = regrow(NULL, b->nentries, sizeof(*sorted));
	mo_autofree int32_t *class_index = regrow(NULL, b->nentries, sizeof(*class_index));
	l->classes = calloc(b->nentries, sizeof(*l->classes));
	l->class_rows = calloc(b->nentries, sizeof(*l->class_rows));
	if (!sorted || !class_index || !l->classes || !l->class_rows)
		return mo_fail(err, MO_ENOMEM, "labels");
	memcpy(sorted, b->entries, b->nentries * sizeof(struct label_entry *));
	qsort(sorted, b->nentries, sizeof(*sorted), b->numeric ? by_value : by_text);
	return make_classes(b, sorted, class_index, l, err);
}

int label_finish(struct label_build *b, struct table_label *ret, struct mo_err *err)
{
	struct table_label l = { .numeric = b->numeric, .whole = b->whole, .many = b->many };

	if (!b->many && b->nentries > 0 && sort_classes(b, &l, err) < 0) {
		label_free(&l);
		return -1;
	}
	l.name = ret->name;
	l.class_of = b->many ? NULL : MO_TAKE(b->rows);
	l.values = b->numeric ? MO_TAKE(b->values) : NULL;
	*ret = l;
	return 0;
}
