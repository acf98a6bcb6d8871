/* Metrics of every round. */
#include "history.h"

#include <stdlib.h>
#include <string.h>

static void take_keys(
	struct history *h, const struct xgb_metric *metrics, size_t n, const char *watched)
{
	h->nkeys = n;
	for (size_t i = 0; i < n; i++) {
		memcpy(h->keys[i], metrics[i].key, XGB_KEY_MAX);
		if (strcmp(metrics[i].key, watched) == 0)
			h->watch = i;
	}
}

int history_add(struct history *h, const struct xgb_metric *metrics, size_t n, const char *watched,
	struct mo_err *err)
{
	if (h->rounds == 0)
		take_keys(h, metrics, n, watched);
	if (n != h->nkeys)
		return mo_fail(
			err, MO_EINTERNAL, "xgboost gave %zu metrics, then %zu", h->nkeys, n);
	if (h->rounds == h->cap) {
		size_t cap = h->cap ? 2 * h->cap : 64;
		double *values = reallocarray(h->values, cap * n, sizeof(*values));
		if (!values)
			return mo_fail(err, MO_ENOMEM, "metrics of %zu rounds", cap);
		h->values = values;
		h->cap = cap;
	}
	for (size_t i = 0; i < n; i++)
		h->values[h->rounds * n + i] = metrics[i].value;
	h->rounds++;
	if (metrics[h->watch].value < history_value(h, h->best, h->watch))
		h->best = h->rounds - 1;
	return 0;
}

double history_value(const struct history *h, size_t round, size_t key)
{
	return h->values[round * h->nkeys + key];
}

void history_free(struct history *h)
{
	free(h->values);
}
