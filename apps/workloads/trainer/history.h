/* Metrics of every round, and which round was best. */
#ifndef MODELOPS_TRAINER_HISTORY_H
#define MODELOPS_TRAINER_HISTORY_H

#include "modelops/base/err.h"
#include "xgb.h"

/* Lower is better for every metric the trainer uses by default. */
struct history {
	char keys[XGB_METRICS_MAX][XGB_KEY_MAX];
	size_t nkeys;
	double *values; /* rounds * nkeys */
	size_t rounds, cap;
	size_t watch; /* the key that decides */
	size_t best;  /* round with the lowest watched value; the first of equals */
};

/* WATCHED is the key that decides ("valid-mlogloss"). */
int history_add(struct history *h, const struct xgb_metric *metrics, size_t n, const char *watched,
	struct mo_err *err);
double history_value(const struct history *h, size_t round, size_t key);
void history_free(struct history *h);

#endif
