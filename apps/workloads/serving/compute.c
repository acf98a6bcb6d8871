/* From body to reply text: rows, margins or contributions, JSON. Pure but for the clock of the
 * deadline. */
#include "modelops/base/check.h"
#include "modelops/base/time.h"
#include "modelops/model/ftoa.h"
#include "serving.h"

#include <stdlib.h>
#include <string.h>

/* Most rows between two looks at the clock, and the time they may take. */
enum { BATCH = 64, LOOK_NS = 2000000 };

int space_init(struct space *space, const struct serving *s, struct mo_err *err)
{
	const struct model_info *i = s->info;
	*space = (struct space){ 0 };
	mo_list_init(&space->node);
	mo_buf_init(&space->out, (size_t)s->cfg.max_reply);
	space->margin = calloc((size_t)BATCH * i->groups, sizeof(float));
	space->values = calloc(i->classes + 1, sizeof(float));
	space->contributions = calloc((size_t)i->groups * (i->features + 1), sizeof(double));
	if (!space->margin || !space->values || !space->contributions)
		return mo_fail(err, MO_ENOMEM, "work space");
	if (tensor_init(&space->rows, model_schema(s->model), (size_t)s->cfg.max_rows, err) < 0)
		return -1;
	return model_scratch_new(s->model, &space->scratch, err);
}

void space_free(struct space *space)
{
	tensor_free(&space->rows);
	model_scratch_free(space->scratch);
	mo_buf_free(&space->out);
	free(space->margin);
	free(space->values);
	free(space->contributions);
}

int compute_rows(
	const struct serving *s, struct space *space, const struct question *q, struct mo_err *err)
{
	return tensor_scan(model_schema(s->model), q->body.p, q->body.n, &space->rows, err);
}

static void put_float(struct mo_buf *out, float v)
{
	if (mo_buf_reserve(out, FTOA_MAX + 1) == 0)
		out->len += ftoa_write(out->data + out->len, v);
}

static void put_probabilities(const struct serving *s, struct space *space, const float *margin)
{
	struct mo_buf *out = &space->out;
	model_proba(s->model, margin, space->values);
	for (uint32_t c = 0; c < s->info->classes; c++) {
		mo_buf_putc(out, c ? ',' : '{');
		mo_buf_puts(out, s->phrases.class_key[c]);
		put_float(out, space->values[c]);
	}
	mo_buf_putc(out, '}');
}

static void put_prediction(
	const struct serving *s, struct space *space, const struct question *q, const float *margin)
{
	float v;
	if (s->info->task == MODEL_REGRESSION) {
		model_output(s->model, margin, &v);
		put_float(&space->out, v);
	} else if (q->proba) {
		put_probabilities(s, space, margin);
	} else {
		mo_buf_puts(&space->out, s->phrases.class_text[model_class(s->model, margin)]);
	}
}

static float toward(double v, bool against)
{
	return (float)(against && v != 0 ? -v : v);
}

/* Class explained: the one asked for, else the predicted one, of a binary model the second. Its
 * group of margins: binary models have one, and what speaks for one class speaks against the other.
 */
static void put_explanation(const struct serving *s, struct space *space, const struct question *q,
	const float *margin, const float *row)
{
	struct mo_buf *out = &space->out;
	const struct model_info *i = s->info;
	uint32_t class = 0, group = 0;
	if (i->task == MODEL_MULTICLASS)
		group = class = q->class_index >= 0 ? (uint32_t)q->class_index
						    : model_class(s->model, margin);
	else if (i->task == MODEL_BINARY)
		class = q->class_index != 0;
	bool against = i->task == MODEL_BINARY && class == 0;
	model_explain(s->model, space->scratch, row, space->contributions);
	const double *phi = space->contributions + (size_t)group * (i->features + 1);
	double output = phi[i->features];
	mo_buf_puts(out, "{\"base_value\":");
	put_float(out, toward(phi[i->features], against));
	mo_buf_puts(out, ",\"values\":");
	for (uint32_t f = 0; f < i->features; f++) {
		mo_buf_putc(out, f ? ',' : '{');
		mo_buf_puts(out, s->phrases.feature_key[f]);
		put_float(out, toward(phi[f], against));
		output += phi[f];
	}
	mo_buf_puts(out, "},\"output\":");
	put_float(out, toward(output, against));
	if (i->classes) {
		const char *key = s->phrases.class_key[class];
		mo_buf_puts(out, ",\"class\":");
		mo_buf_append(out, key, strlen(key) - 1); /* the quoted label without its colon */
	}
	mo_buf_putc(out, '}');
}

/* Rows FROM..FROM+N of the request. */
static void put_rows(const struct serving *s, struct space *space, const struct question *q,
	size_t from, size_t n)
{
	const float *rows = space->rows.rows + from * s->info->features;
	model_margin(s->model, space->scratch, rows, n, space->margin);
	for (size_t k = 0; k < n; k++) {
		const float *margin = space->margin + k * s->info->groups;
		if (from + k)
			mo_buf_putc(&space->out, ',');
		if (q->kind == SERVING_PREDICT)
			put_prediction(s, space, q, margin);
		else
			put_explanation(s, space, q, margin, rows + k * s->info->features);
	}
}

/* Rows of Q to do before the next look at the clock. */
static size_t batch_rows(const struct serving *s, const struct question *q)
{
	int64_t rows = LOOK_NS / serving_cost(s, q->kind);
	return rows < 1 ? 1 : rows > BATCH ? BATCH : (size_t)rows;
}

int compute_reply(
	const struct serving *s, struct space *space, const struct question *q, struct mo_err *err)
{
	struct mo_buf *out = &space->out;
	size_t count = space->rows.count, batch = batch_rows(s, q);
	mo_buf_reset(out);
	mo_buf_puts(out, q->kind == SERVING_PREDICT ? "{\"predictions\":[" : "{\"explanations\":[");
	for (size_t from = 0; from < count && !out->failed; from += batch) {
		if (from && mo_mono() > q->deadline)
			return mo_fail(err, MO_ETIMEOUT,
				"%zu of %zu instances done at the deadline", from, count);
		put_rows(s, space, q, from, count - from < batch ? count - from : batch);
	}
	mo_buf_puts(out, s->phrases.tail);
	mo_buf_puts(out, q->request_id);
	mo_buf_puts(out, "\"}\n");
	if (!out->failed)
		return 0;
	return mo_fail(err, MO_ETOOBIG, "the reply to %zu instances is larger than %lld bytes",
		count, (long long)s->cfg.max_reply);
}
