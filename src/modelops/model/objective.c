/* Objectives: link and prediction of each, with the operations of XGBoost's sources (1.7.4
 * and 3.2.0 agree). */
#include "modelops/model/objective.h"

#include "modelops/base/check.h"

#include <math.h>

static const struct objective objectives[] = {
	{ "reg:squarederror", OBJECTIVE_IDENTITY, LINK_NONE, 0 },
	{ "reg:linear", OBJECTIVE_IDENTITY, LINK_NONE, 0 },
	{ "reg:squaredlogerror", OBJECTIVE_IDENTITY, LINK_NONE, 0 },
	{ "reg:pseudohubererror", OBJECTIVE_IDENTITY, LINK_NONE, 0 },
	{ "reg:absoluteerror", OBJECTIVE_IDENTITY, LINK_NONE, 0 },
	{ "rank:pairwise", OBJECTIVE_IDENTITY, LINK_NONE, 0 },
	{ "rank:ndcg", OBJECTIVE_IDENTITY, LINK_NONE, 0 },
	{ "rank:map", OBJECTIVE_IDENTITY, LINK_NONE, 0 },
	{ "binary:logitraw", OBJECTIVE_IDENTITY, LINK_NONE, 1 },
	{ "reg:logistic", OBJECTIVE_LOGISTIC, LINK_LOGIT, 0 },
	{ "binary:logistic", OBJECTIVE_LOGISTIC, LINK_LOGIT, 1 },
	{ "binary:hinge", OBJECTIVE_HINGE, LINK_NONE, 1 },
	{ "count:poisson", OBJECTIVE_EXP, LINK_LOG, 0 },
	{ "reg:gamma", OBJECTIVE_EXP, LINK_LOG, 0 },
	{ "reg:tweedie", OBJECTIVE_EXP, LINK_LOG, 0 },
	{ "survival:cox", OBJECTIVE_EXP, LINK_LOG, 0 },
	{ "multi:softprob", OBJECTIVE_SOFTPROB, LINK_NONE, 0 },
	{ "multi:softmax", OBJECTIVE_SOFTMAX, LINK_NONE, 0 },
};

const struct objective *objective_find(struct mo_str name)
{
	for (size_t i = 0; i < MO_COUNT(objectives); i++)
		if (mo_str_eq(name, objectives[i].name))
			return &objectives[i];
	return NULL;
}

/* From 3.2 on the logit is clamped; before, a score outside (0,1) was refused (regression_loss.h of
 * each tag). */
static int logit(const int version[3], float *b, struct mo_err *err)
{
	const float eps = 1e-6f;
	if (version[0] > 3 || (version[0] == 3 && version[1] >= 2)) {
		*b = *b < eps ? eps : *b;
		*b = *b > 1.0f - eps ? 1.0f - eps : *b;
	}
	if (!(*b > 0.0f && *b < 1.0f))
		return mo_fail(err, MO_EINVAL, "base_score %g is not in (0,1)", (double)*b);
	*b = -logf(1.0f / *b - 1.0f);
	return 0;
}

int objective_base(
	const struct objective *o, const int version[3], float *base_score, struct mo_err *err)
{
	float b = *base_score;
	if (o->link == LINK_LOGIT && logit(version, &b, err) < 0)
		return -1;
	if (o->link == LINK_LOG) {
		if (!(b > 0.0f))
			return mo_fail(err, MO_EINVAL, "base_score %g is not above 0", (double)b);
		b = logf(b);
	}
	*base_score = b;
	return 0;
}

/* common/math.h, Sigmoid: the clamp and the 1e-16 are theirs. */
static float sigmoid(float x)
{
	x = 88.7f < -x ? 88.7f : -x;
	float denom = expf(x) + 1.0f + 1e-16f;
	return 1.0f / denom;
}

/* common/math.h, Softmax: the sum is kept in double. */
static void softmax(const float *margin, uint32_t n, float *out)
{
	float max = margin[0];
	for (uint32_t i = 1; i < n; i++)
		max = fmaxf(margin[i], max);
	double sum = 0;
	for (uint32_t i = 0; i < n; i++) {
		out[i] = expf(margin[i] - max);
		sum += (double)out[i];
	}
	for (uint32_t i = 0; i < n; i++)
		out[i] /= (float)sum;
}

static uint32_t first_max(const float *v, uint32_t n)
{
	uint32_t best = 0;
	for (uint32_t i = 1; i < n; i++)
		if (v[i] > v[best])
			best = i;
	return best;
}

void objective_predict(const struct objective *o, const float *margin, uint32_t groups, float *out)
{
	switch (o->kind) {
	case OBJECTIVE_IDENTITY:
		out[0] = margin[0];
		break;
	case OBJECTIVE_LOGISTIC:
		out[0] = sigmoid(margin[0]);
		break;
	case OBJECTIVE_EXP:
		out[0] = expf(margin[0]);
		break;
	case OBJECTIVE_HINGE:
		out[0] = margin[0] > 0.0f ? 1.0f : 0.0f;
		break;
	case OBJECTIVE_SOFTPROB:
		softmax(margin, groups, out);
		break;
	case OBJECTIVE_SOFTMAX:
		out[0] = (float)first_max(margin, groups);
		break;
	}
}

void objective_proba(const struct objective *o, const float *margin, uint32_t groups, float *out)
{
	if (o->kind == OBJECTIVE_SOFTPROB || o->kind == OBJECTIVE_SOFTMAX)
		softmax(margin, groups, out);
	else if (o->kind == OBJECTIVE_HINGE)
		out[0] = margin[0] > 0.0f ? 1.0f : 0.0f;
	else
		out[0] = sigmoid(margin[0]);
}
