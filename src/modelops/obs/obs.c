/* Registry: families, label sets, handles. */
#include "modelops/obs/obs.h"

#include "modelops/base/check.h"
#include "modelops/base/fault.h"
#include "modelops/obs/registry.h"

#include <stdlib.h>
#include <string.h>

enum { KEY_MAX = 4096, SERIES_DEFAULT = 1000 };

const int64_t obs_buckets_us[OBS_BUCKETS_US] = { 100, 250, 500, 1000, 2500, 5000, 10000, 25000,
	50000, 100000, 250000, 500000, 1000000, 5000000, 15000000, 60000000 };

int obs_new(struct obs **ret_obs, struct mo_err *err)
{
	struct obs *o = calloc(1, sizeof(*o));

	if (!o)
		return mo_fail(err, MO_ENOMEM, "metrics registry");
	pthread_mutex_init(&o->lock, NULL);
	mo_map_init(&o->by_name, 4096);
	mo_buf_init(&o->common, 4096);
	o->last = &o->families;
	*ret_obs = o;
	return 0;
}

static void slot_free(struct obs_slot *slot)
{
	if (!slot)
		return;
	free(slot->key);
	free(slot->text);
	free(slot);
}

static void slots_free(struct mo_list *list)
{
	for (struct mo_list *n; (n = mo_list_pop(list));)
		slot_free(MO_LIST_ENTRY(n, struct obs_slot, node));
}

static void family_free(struct obs_family *f)
{
	slots_free(&f->live);
	slot_free(f->overflow);
	mo_map_free(&f->by_key);
	free(f->header);
	free(f);
}

void obs_free(struct obs *obs)
{
	if (!obs)
		return;
	while (obs->families) {
		struct obs_family *f = obs->families;
		obs->families = f->next;
		family_free(f);
	}
	mo_map_free(&obs->by_name);
	mo_buf_free(&obs->common);
	pthread_mutex_destroy(&obs->lock);
	free(obs);
}

static unsigned count_labels(const char *labels)
{
	unsigned n = 0;

	for (const char *at = labels ? labels : ""; *at; n++) {
		at += strcspn(at, " ");
		at += *at == ' ';
	}
	return n;
}

/* A slot of these values, not yet in a list. NULL when memory is out. */
static struct obs_slot *slot_new(
	struct obs_family *f, const char *const *values, const char *key, size_t len)
{
	unsigned nb = f->decl->type == OBS_HISTOGRAM ? f->decl->nbuckets : 0;
	size_t cells = f->decl->type == OBS_HISTOGRAM ? nb + 1 : 0;
	struct obs_slot *s = mo_fault("obs.series")
				     ? NULL
				     : calloc(1, sizeof(*s) + cells * sizeof(s->series.counts[0]));
	if (!s)
		return NULL;
	s->family = f;
	s->key = malloc(len + 1);
	s->key_len = len;
	s->series.family = f;
	s->series.buckets = f->decl->buckets;
	s->series.nbuckets = nb;
	mo_list_init(&s->node);
	if (!s->key || obs_slot_text(s, values) < 0) {
		slot_free(s);
		return NULL;
	}
	memcpy(s->key, key, len);
	return s;
}

static size_t make_key(const struct obs_family *f, const char *const *values, char out[KEY_MAX])
{
	size_t n = 0;

	for (unsigned i = 0; i < f->nlabels; i++) {
		const char *v = values[i] ? values[i] : "";
		size_t len = strlen(v) + 1;
		if (len > KEY_MAX - n)
			return 0;
		memcpy(out + n, v, len);
		n += len;
	}
	return n;
}

static int family_check(const struct obs_decl *d, struct mo_err *err)
{
	if (!d->name || !d->help || count_labels(d->labels) > OBS_LABELS_MAX)
		return mo_fail(err, MO_EINVAL, "metric '%s': name, help or labels",
			d->name ? d->name : "");
	if (d->type == OBS_HISTOGRAM &&
		(!d->buckets || d->nbuckets == 0 || d->nbuckets > OBS_BUCKETS_MAX))
		return mo_fail(err, MO_EINVAL, "metric '%s': a histogram needs 1 to %d buckets",
			d->name, OBS_BUCKETS_MAX);
	for (unsigned i = 1; d->type == OBS_HISTOGRAM && i < d->nbuckets; i++)
		if (d->buckets[i] <= d->buckets[i - 1])
			return mo_fail(err, MO_EINVAL, "metric '%s': buckets must rise", d->name);
	return 0;
}

static struct obs_family *family_new(struct obs *obs, const struct obs_decl *d)
{
	static const char *const overflow[OBS_LABELS_MAX] = { "overflow", "overflow", "overflow",
		"overflow", "overflow", "overflow" };
	struct obs_family *f = calloc(1, sizeof(*f));

	if (!f)
		return NULL;
	f->obs = obs;
	f->decl = d;
	f->nlabels = count_labels(d->labels);
	f->max = f->nlabels == 0 ? 1 : d->max_series ? d->max_series : SERIES_DEFAULT;
	mo_list_init(&f->live);
	mo_map_init(&f->by_key, f->max);
	f->header = obs_header_text(d);
	f->overflow = slot_new(f, overflow, "", 0);
	if (!f->header || !f->overflow) {
		family_free(f);
		return NULL;
	}
	return f;
}

/* Called with the lock. */
static int declare_one(struct obs *obs, const struct obs_decl *d, struct obs_family **ret_family,
	struct mo_err *err)
{
	if (family_check(d, err) < 0)
		return -1;
	struct obs_family *f = mo_map_get(&obs->by_name, d->name, strlen(d->name));
	if (f && f->decl == d) { /* a second server of the same kind: one family */
		*ret_family = f;
		return 0;
	}
	if (f)
		return mo_fail(err, MO_ECONFLICT, "metric '%s' is declared twice", d->name);
	f = family_new(obs, d);
	if (!f || mo_map_set(&obs->by_name, d->name, strlen(d->name), f, NULL) < 0) {
		if (f)
			family_free(f);
		return mo_fail(err, MO_ENOMEM, "metric '%s'", d->name);
	}
	*obs->last = f;
	obs->last = &f->next;
	*ret_family = f;
	return 0;
}

int obs_declare(struct obs *obs, const struct obs_decl *decls, size_t count,
	struct obs_family **ret_families, struct mo_err *err)
{
	int rc = 0;

	pthread_mutex_lock(&obs->lock);
	for (size_t i = 0; i < count && rc == 0; i++) {
		struct obs_family *f = NULL;
		rc = declare_one(obs, &decls[i], &f, err);
		if (rc == 0 && ret_families)
			ret_families[i] = f;
	}
	pthread_mutex_unlock(&obs->lock);
	return rc;
}

/* Called with the lock. */
static struct obs_slot *find_or_make(struct obs_family *f, const char *const *values)
{
	char key[KEY_MAX];
	size_t len = make_key(f, values, key);

	if (f->nlabels == 0)
		return f->overflow;
	if (len == 0)
		return f->overflow;
	struct obs_slot *s = mo_map_get(&f->by_key, key, len);
	if (s)
		return s;
	if (f->nseries >= f->max)
		return f->overflow;
	s = slot_new(f, values, key, len);
	if (!s)
		return f->overflow;
	if (mo_map_set(&f->by_key, key, len, s, NULL) < 0) {
		slot_free(s);
		return f->overflow;
	}
	mo_list_push(&f->live, &s->node);
	f->nseries++;
	return s;
}

struct obs_series *obs_series(struct obs_family *family, const char *const *values)
{
	MO_ASSERT(family->nlabels == 0 || values);
	pthread_mutex_lock(&family->obs->lock);
	struct obs_slot *s = find_or_make(family, values);
	s->holders++;
	pthread_mutex_unlock(&family->obs->lock);
	return &s->series;
}

void obs_release(struct obs_series *series)
{
	struct obs_slot *s = MO_LIST_ENTRY(series, struct obs_slot, series);
	struct obs_family *f = s->family;

	pthread_mutex_lock(&f->obs->lock);
	MO_ASSERT(s->holders > 0);
	if (--s->holders == 0 && s != f->overflow) {
		mo_map_remove(&f->by_key, s->key, s->key_len);
		mo_list_remove(&s->node);
		f->nseries--;
		slot_free(s);
	}
	pthread_mutex_unlock(&f->obs->lock);
}

int obs_on_render(struct obs *obs, void (*fn)(void *ctx), void *ctx, struct mo_err *err)
{
	int rc = 0;

	pthread_mutex_lock(&obs->lock);
	if (obs->nhooks == OBS_HOOKS_MAX) {
		rc = mo_fail(err, MO_ETOOBIG, "more than %d render hooks", OBS_HOOKS_MAX);
	} else {
		obs->hooks[obs->nhooks].fn = fn;
		obs->hooks[obs->nhooks++].ctx = ctx;
	}
	pthread_mutex_unlock(&obs->lock);
	return rc;
}
