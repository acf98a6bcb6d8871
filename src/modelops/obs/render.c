/* Prometheus text exposition 0.0.4: the text before each value is made once, rendering only adds
 * numbers. */
#include "modelops/base/check.h"
#include "modelops/base/str.h"
#include "modelops/obs/registry.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const type_names[] = { "counter", "gauge", "histogram" };

static void put_escaped(struct mo_buf *b, const char *s, bool quotes)
{
	for (; *s; s++) {
		if (*s == '\\' || (quotes && *s == '"')) {
			mo_buf_putc(b, '\\');
			mo_buf_putc(b, *s);
		} else if (*s == '\n') {
			mo_buf_puts(b, "\\n");
		} else {
			mo_buf_putc(b, *s);
		}
	}
}

char *obs_header_text(const struct obs_decl *decl)
{
	mo_autobuf struct mo_buf b;

	mo_buf_init(&b, 65536);
	mo_buf_printf(&b, "# HELP %s ", decl->name);
	put_escaped(&b, decl->help, false);
	mo_buf_printf(&b, "\n# TYPE %s %s\n", decl->name, type_names[decl->type]);
	return b.failed ? NULL : mo_buf_take(&b);
}

/* NAME="VALUE", */
static void put_label(struct mo_buf *b, struct mo_str name, const char *value)
{
	mo_buf_append(b, name.p, name.n);
	mo_buf_puts(b, "=\"");
	put_escaped(b, value ? value : "", true);
	mo_buf_puts(b, "\",");
}

/* The last comma becomes the end; without a label the brace goes. */
static void close_labels(struct mo_buf *b)
{
	if (b->failed)
		return;
	if (b->data[b->len - 1] == ',')
		b->data[b->len - 1] = '}';
	else
		b->len--;
}

int obs_common_label(struct obs *obs, const char *name, const char *value, struct mo_err *err)
{
	MO_ASSERT(!obs->families);
	put_label(&obs->common, mo_str(name), value);
	return obs->common.failed ? mo_fail(err, MO_ENOMEM, "label '%s'", name) : 0;
}

/* name SUFFIX {labels, le="LE"} and a blank. */
static void put_series(struct mo_buf *b, const struct obs_family *f, const char *suffix,
	const char *const *values, const char *le)
{
	const char *at = f->decl->labels ? f->decl->labels : "";
	const struct mo_buf *common = &f->obs->common;

	mo_buf_puts(b, f->decl->name);
	mo_buf_puts(b, suffix);
	mo_buf_putc(b, '{');
	mo_buf_append(b, common->data, common->len);
	for (unsigned i = 0; i < f->nlabels; i++) {
		size_t n = strcspn(at, " ");
		put_label(b, (struct mo_str){ at, n }, values[i]);
		at += n + (at[n] == ' ');
	}
	if (le)
		put_label(b, mo_str("le"), le);
	close_labels(b);
	mo_buf_append(b, " \0", 2);
}

int obs_slot_text(struct obs_slot *slot, const char *const *values)
{
	const struct obs_family *f = slot->family;
	mo_autobuf struct mo_buf b;
	char le[40];

	mo_buf_init(&b, 1 << 20);
	if (f->decl->type != OBS_HISTOGRAM) {
		put_series(&b, f, "", values, NULL);
	} else {
		for (unsigned i = 0; i < f->decl->nbuckets; i++) {
			snprintf(le, sizeof(le), "%.10g",
				(double)f->decl->buckets[i] *
					(f->decl->scale != 0 ? f->decl->scale : 1));
			put_series(&b, f, "_bucket", values, le);
		}
		put_series(&b, f, "_bucket", values, "+Inf");
		put_series(&b, f, "_sum", values, NULL);
		put_series(&b, f, "_count", values, NULL);
	}
	if (b.failed)
		return -1;
	slot->text = mo_buf_take(&b);
	return 0;
}

static size_t put_u64(uint64_t v, char *out)
{
	char digits[20];
	size_t n = sizeof(digits), len;

	do
		digits[--n] = (char)('0' + v % 10);
	while (v /= 10);
	len = sizeof(digits) - n;
	memcpy(out, digits + n, len);
	return len;
}

size_t obs_value_text(int64_t v, double scale, char out[40])
{
	size_t n = 0;

	if (scale != 0 && scale != 1 && scale != 1e-6)
		return (size_t)snprintf(out, 40, "%.15g", (double)v * scale);
	uint64_t u = v < 0 ? 0 - (uint64_t)v : (uint64_t)v;
	if (v < 0)
		out[n++] = '-';
	if (scale != 1e-6)
		return n + put_u64(u, out + n);
	n += put_u64(u / 1000000, out + n);
	out[n++] = '.';
	for (uint64_t d = 100000, rest = u % 1000000; d; d /= 10)
		out[n++] = (char)('0' + rest / d % 10);
	return n;
}

/* One line; returns the start of the next line's text. */
static const char *put_value(struct mo_buf *out, const char *text, int64_t v, double scale)
{
	char value[41];
	size_t len = strlen(text), n = obs_value_text(v, scale, value);

	value[n++] = '\n';
	mo_buf_append(out, text, len);
	mo_buf_append(out, value, n);
	return text + len + 1;
}

static void put_slot(struct mo_buf *out, const struct obs_slot *slot)
{
	const struct obs_decl *d = slot->family->decl;
	const char *text = slot->text;
	int64_t count = 0;

	if (d->type == OBS_HISTOGRAM) {
		for (unsigned i = 0; i <= d->nbuckets; i++) {
			count +=
				atomic_load_explicit(&slot->series.counts[i], memory_order_relaxed);
			text = put_value(out, text, count, 1);
		}
	}
	text = put_value(out, text, obs_get(&slot->series), d->scale);
	if (d->type == OBS_HISTOGRAM)
		put_value(out, text, count, 1);
}

static bool touched(const struct obs_slot *slot)
{
	int64_t any = obs_get(&slot->series);

	for (unsigned i = 0;
		slot->family->decl->type == OBS_HISTOGRAM && i <= slot->series.nbuckets; i++)
		any |= atomic_load_explicit(&slot->series.counts[i], memory_order_relaxed);
	return any != 0;
}

static void put_family(struct mo_buf *out, struct obs_family *f)
{
	mo_buf_puts(out, f->header);
	mo_list_foreach (node, &f->live)
		put_slot(out, MO_LIST_ENTRY(node, struct obs_slot, node));
	if (f->nlabels == 0 || touched(f->overflow))
		put_slot(out, f->overflow);
}

int obs_render(struct obs *obs, struct mo_buf *out, struct mo_err *err)
{
	pthread_mutex_lock(&obs->lock);
	unsigned n = obs->nhooks;
	pthread_mutex_unlock(&obs->lock);
	for (unsigned i = 0; i < n; i++) /* hooks are never removed */
		obs->hooks[i].fn(obs->hooks[i].ctx);
	pthread_mutex_lock(&obs->lock);
	for (struct obs_family *f = obs->families; f; f = f->next)
		put_family(out, f);
	pthread_mutex_unlock(&obs->lock);
	if (out->failed)
		return mo_fail(err, MO_ETOOBIG, "metrics do not fit into %zu bytes", out->max);
	return 0;
}
