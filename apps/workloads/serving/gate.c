/* Admission: what is short runs at once on the loop (a row takes microseconds, a hand-off more),
 * the rest on worker threads, one request each. At most max_concurrency run; a bounded number wait
 * in turn, none past its deadline. */
#include "modelops/base/check.h"
#include "modelops/base/time.h"
#include "serving.h"

#include <string.h>

/* Longest work done on the loop, and the body from which reading alone would take that long. */
enum { INLINE_NS = 200000, INLINE_BODY = 32768 };

struct work {
	struct http_job job;
	struct http_timer timer; /* deadline while queued */
	struct mo_list node;
	struct serving *s;
	struct http_req *req;
	struct question q;
	int64_t queued_at;
	bool takes_long;   /* known before it waited */
	size_t rows;       /* answered, for X-Rows */
	struct mo_err err; /* of the worker */
	bool failed;
};

static void start(struct work *w);

/* Only a request that has its thread leaves the queue: in the pool's own no deadline would see it.
 */
static bool thread_free(const struct serving *s)
{
	return s->running < (unsigned)s->cfg.threads &&
	       s->running < (unsigned)s->cfg.max_concurrency;
}

/* One request less is running: the next in turn starts. Loop. */
static void leave(struct serving *s)
{
	s->running--;
	obs_set(s->telemetry.inflight, s->running);
	while (thread_free(s) && !mo_list_empty(&s->queue)) {
		struct work *w = MO_LIST_ENTRY(mo_list_pop(&s->queue), struct work, node);
		s->queued--;
		obs_set(s->telemetry.queued, s->queued);
		http_timer_clear(s->loop, &w->timer);
		obs_observe(s->telemetry.wait, http_loop_now(s->loop) - w->queued_at);
		start(w);
	}
}

/* Adds X-Rows and counts. -1 leaves ERR. */
static int account(struct serving *s, struct http_req *req, enum serving_kind kind, size_t rows,
	struct mo_err *err)
{
	char text[24];
	size_t n = 0, v = rows;
	do
		text[sizeof(text) - 2 - n++] = (char)('0' + v % 10);
	while (v /= 10);
	text[sizeof(text) - 1] = '\0';
	obs_add(s->telemetry.rows[kind], (int64_t)rows);
	return http_req_header(req, "X-Rows", text + sizeof(text) - 1 - n, err);
}

static void answer(struct serving *s, struct http_req *req, enum serving_kind kind, size_t rows,
	struct mo_str body, bool stable)
{
	struct mo_err err = { 0 };
	if (account(s, req, kind, rows, &err) < 0) {
		http_req_problem(req, &err);
		return;
	}
	http_req_reply(req, &(struct http_reply){ .status = 200,
				    .content_type = "application/json",
				    .body = body,
				    .stable = stable });
}

/* --- worker side --- */

static struct space *take_space(struct serving *s)
{
	pthread_mutex_lock(&s->spaces_lock);
	struct mo_list *node = mo_list_pop(&s->free_spaces);
	pthread_mutex_unlock(&s->spaces_lock);
	MO_ASSERT(node); /* one per thread */
	return MO_LIST_ENTRY(node, struct space, node);
}

static void give_space(struct serving *s, struct space *space)
{
	pthread_mutex_lock(&s->spaces_lock);
	mo_list_push_front(&s->free_spaces, &space->node);
	pthread_mutex_unlock(&s->spaces_lock);
}

static int work_out(struct work *w, struct space *space, struct mo_str *ret_body)
{
	if (mo_mono() > w->q.deadline)
		return mo_fail(&w->err, MO_ETIMEOUT, "the deadline passed before its turn came");
	if (compute_rows(w->s, space, &w->q, &w->err) < 0 ||
		compute_reply(w->s, space, &w->q, &w->err) < 0)
		return -1;
	char *text = mo_arena_memdup(w->req->arena, space->out.data, space->out.len);
	if (!text)
		return mo_fail(
			&w->err, MO_ENOMEM, "no memory for a reply of %zu bytes", space->out.len);
	*ret_body = (struct mo_str){ text, space->out.len };
	w->rows = space->rows.count;
	return 0;
}

/* On the loop again, with the reply ready. */
static void finish(struct http_req *req)
{
	struct work *w = req->user;
	struct serving *s = w->s;
	if (w->failed)
		http_req_problem(req, &w->err);
	else
		answer(s, req, w->q.kind, w->rows, w->q.body, true);
	leave(s);
}

static void run_work(struct http_job *job)
{
	struct work *w = (struct work *)(void *)job;
	struct space *space = take_space(w->s);
	struct mo_str body = { 0 };
	w->failed = work_out(w, space, &body) < 0;
	w->q.body = body;
	give_space(w->s, space);
	http_req_resume_fn(w->req, finish);
}

/* --- loop side --- */

/* Puts the request, which is counted as running, on a worker thread. */
static void hand_over(struct work *w)
{
	struct http_req *req = w->req;
	struct serving *s = w->s;
	struct mo_err err = { 0 };
	req->user = w;
	http_req_suspend(req);
	if (http_workers_push(s->workers, &w->job, &err) == 0)
		return;
	http_req_resume_problem(req, &err);
	leave(s);
}

/* True when the rows just read take longer than the loop may be held. */
static bool takes_long(const struct serving *s, enum serving_kind kind)
{
	return (int64_t)s->own.rows.count * serving_cost(s, kind) > INLINE_NS;
}

/* Answers on the loop. 1 when it is too long for that and nothing was answered. */
static int run_inline(struct serving *s, struct http_req *req, const struct question *q)
{
	struct mo_err err = { 0 };
	struct space *space = &s->own;
	if (q->body.n > INLINE_BODY)
		return 1;
	if (compute_rows(s, space, q, &err) < 0) {
		http_req_problem(req, &err);
		return 0;
	}
	if (takes_long(s, q->kind))
		return 1;
	if (compute_reply(s, space, q, &err) < 0)
		http_req_problem(req, &err);
	else
		answer(s, req, q->kind, space->rows.count,
			(struct mo_str){ space->out.data, space->out.len }, false);
	return 0;
}

/* An admitted request that waited. */
static void start(struct work *w)
{
	struct serving *s = w->s;
	if (!w->takes_long && run_inline(s, w->req, &w->q) == 0)
		return;
	s->running++;
	obs_set(s->telemetry.inflight, s->running);
	hand_over(w);
}

static void expire(struct http_timer *timer)
{
	struct work *w = MO_LIST_ENTRY(timer, struct work, timer);
	struct mo_err err = { 0 };
	mo_list_remove(&w->node);
	w->s->queued--;
	obs_set(w->s->telemetry.queued, w->s->queued);
	mo_fail(&err, MO_ETIMEOUT, "the deadline passed while %u requests were running",
		w->s->running);
	http_req_problem(w->req, &err);
}

static struct work *new_work(struct serving *s, struct http_req *req, const struct question *q)
{
	struct mo_err err = { 0 };
	struct work *w = mo_arena_zalloc(req->arena, sizeof(*w));
	if (!w) {
		mo_fail(&err, MO_ENOMEM, "request memory");
		http_req_problem(req, &err);
		return NULL;
	}
	w->job.run = run_work;
	w->timer.fn = expire;
	w->s = s;
	w->req = req;
	w->q = *q;
	return w;
}

static void begin(struct serving *s, struct http_req *req, const struct question *q)
{
	struct work *w = new_work(s, req, q);
	if (!w)
		return;
	w->takes_long = true;
	start(w);
}

static void enqueue(
	struct serving *s, struct http_req *req, const struct question *q, bool takes_long)
{
	struct mo_err err = { 0 };
	if (s->queued >= (unsigned)s->cfg.queue_max) {
		mo_fail(&err, MO_EUNAVAIL, "%u requests running and %u waiting", s->running,
			s->queued);
		mo_advise(&err, "overloaded", "retry after the time in Retry-After");
		http_req_problem(req, &err);
		return;
	}
	struct work *w = new_work(s, req, q);
	if (!w)
		return;
	w->takes_long = takes_long;
	w->queued_at = http_loop_now(s->loop);
	mo_list_push(&s->queue, &w->node);
	s->queued++;
	obs_set(s->telemetry.queued, s->queued);
	http_timer_set(s->loop, &w->timer, q->deadline);
}

/* ?proba=1, ?class=label and X-Deadline-Ms. */
static int read_options(
	struct serving *s, struct http_req *req, struct question *q, struct mo_err *err)
{
	struct mo_str v;
	int64_t wait = s->cfg.deadline;
	if (http_head_deadline(req->head, &wait, err) < 0)
		return -1;
	q->deadline = req->started + wait;
	if (req->head->query.n == 0)
		return 0;
	if (http_query_only(req->head->query, q->kind == SERVING_PREDICT ? "proba" : "class",
		    req->arena, err) < 0)
		return -1;
	int found = http_query_get(req->head->query, q->kind == SERVING_PREDICT ? "proba" : "class",
		req->arena, &v, err);
	if (found <= 0)
		return found;
	if (s->info->classes == 0)
		return mo_fail_field(err, q->kind == SERVING_PREDICT ? "proba" : "class",
			"the model is a regression: it has no classes");
	if (q->kind == SERVING_PREDICT) {
		q->proba = mo_str_eq(v, "1") || mo_str_eq(v, "true");
		if (!q->proba && !mo_str_eq(v, "0") && !mo_str_eq(v, "false"))
			return mo_fail_field(err, "proba", "proba=%.*s: 0 or 1 is needed",
				(int)(v.n > 40 ? 40 : v.n), v.p);
		return 0;
	}
	q->class_index = phrases_class(s->info, v);
	if (q->class_index < 0)
		return mo_fail_field(err, "class", "the model has no class \"%.*s\"",
			(int)(v.n > 80 ? 80 : v.n), v.p);
	return 0;
}

void gate_request(struct serving *s, struct http_req *req, enum serving_kind kind)
{
	struct mo_err err = { 0 };
	struct question q = {
		.kind = kind, .class_index = -1, .request_id = req->id, .body = req->body
	};
	if (read_options(s, req, &q, &err) < 0) {
		http_req_problem(req, &err);
		return;
	}
	if (s->running >= (unsigned)s->cfg.max_concurrency) {
		enqueue(s, req, &q, false);
	} else if (run_inline(s, req, &q) != 0) {
		if (thread_free(s) && !s->queued)
			begin(s, req, &q);
		else
			enqueue(s, req, &q, true);
	}
}
