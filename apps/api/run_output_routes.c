/* What runs leave while they work: metrics and logs. */
#include "handlers.h"

#include "modelops/base/check.h"
#include "modelops/objstore/objstore.h"
#include "modelops/store/runs.h"
#include "modelops/wire/run.h"

#include "rows.h"

#include <stdlib.h>
#include <string.h>

enum { CHUNK = 64 * 1024 };

static int find(struct api_req *r, struct store_tx *tx, struct run **ret, struct mo_err *err)
{
	const char *id = req_param(r, "id");
	struct run *run = NULL;
	if (store_run_get(tx, r->tenant, id, r->arena, &run, err) < 0 ||
		req_in_project(r, run->project_id, "run", id, err) < 0)
		return -1;
	*ret = run;
	return 0;
}

/* "STEP/ITERATION/KEY": keys may hold anything but come last. */
static const char *metric_cursor(struct api_req *r, const void *row)
{
	const struct run_metric *m = row;
	return mo_arena_printf(r->arena, "%s/%lld/%s", m->step, (long long)m->iteration, m->key);
}

static int read_cursor(
	struct api_req *r, const char *text, struct store_metric_cursor *ret, struct mo_err *err)
{
	char *copy = mo_arena_strdup(r->arena, text), *first = copy ? strchr(copy, '/') : NULL;
	char *second = first ? strchr(first + 1, '/') : NULL;
	if (!second || mo_parse_i64(first + 1, (size_t)(second - first - 1), &ret->iteration) < 0)
		return mo_fail_field(err, "cursor", "'%.60s' is no cursor of metrics", text);
	*first = *second = '\0';
	ret->step = copy;
	ret->key = second + 1;
	return 0;
}

static int metrics(struct api_req *r, struct store_tx *tx, struct mo_err *err)
{
	struct store_page page;
	struct store_metric_cursor after = { 0 };
	struct run *run = NULL;
	struct run_metric *rows = NULL;
	size_t n = 0;
	const char *step = query_text(&r->query, "step"), *key = query_text(&r->query, "key");
	if (req_page(r, &page, err) < 0 || find(r, tx, &run, err) < 0 ||
		(page.after && read_cursor(r, page.after, &after, err) < 0))
		return -1;
	if (store_run_metric_list(tx, run->tenant_id, run->id, step, key,
		    page.after ? &after : NULL, page.limit, r->arena, &rows, &n, err) < 0)
		return -1;
	return req_answer_rows_by(r, rows, n, metric_cursor, err);
}

int run_metric_list(struct api_req *r, struct mo_err *err)
{
	return req_read(r, metrics, err);
}

/* The chunks of one attempt's log and the bytes of them that are wanted. */
struct log {
	struct run_log *chunks;
	size_t n;
	int64_t from, to;
};

static int pick_step(struct api_req *r, struct store_tx *tx, const struct run *run,
	struct run_step **ret, struct mo_err *err)
{
	struct run_step *steps = NULL;
	size_t n = 0;
	const char *name = query_text(&r->query, "step");
	if (name)
		return store_step_find(tx, run->tenant_id, run->id, name, r->arena, ret, err);
	if (store_step_list(tx, run->tenant_id, run->id, r->arena, &steps, &n, err) < 0)
		return -1;
	if (n != 1)
		return mo_fail_field(err, "step", "the run has %zu steps: name one", n);
	*ret = steps;
	return 0;
}

static int find_log(struct api_req *r, struct store_tx *tx, struct mo_err *err)
{
	struct log *log = r->in;
	struct run *run = NULL;
	struct run_step *step = NULL;
	const char *attempt = query_text(&r->query, "attempt");
	if (find(r, tx, &run, err) < 0 || pick_step(r, tx, run, &step, err) < 0)
		return -1;
	if (!attempt)
		attempt = step->attempt_id;
	if (!attempt)
		return 0;
	if (store_run_log_list(tx, run->tenant_id, run->id, step->id, attempt, r->arena,
		    &log->chunks, &log->n, err) < 0)
		return -1;
	for (size_t i = 0; i < log->n; i++)
		log->to += log->chunks[i].size;
	return 0;
}

static int choose(struct api_req *r, struct log *log, struct mo_err *err)
{
	int64_t offset = query_number(&r->query, "offset", 0),
		tail = query_number(&r->query, "tail", -1);
	if (offset < 0)
		return mo_fail_field(err, "offset", "%lld is negative", (long long)offset);
	if (tail < -1)
		return mo_fail_field(err, "tail", "%lld is negative", (long long)tail);
	log->from = offset < log->to ? offset : log->to;
	if (tail >= 0 && log->to - tail > log->from)
		log->from = log->to - tail;
	return 0;
}

static int send_part(struct api_req *r, const struct run_log *chunk, int64_t skip, int64_t *left,
	char *buf, struct mo_err *err)
{
	struct objstore_get *get = NULL;
	int rc =
		objstore_get_open(r->api->objects, chunk->object_key, skip, *left, &get, NULL, err);
	for (size_t n = 1; rc == 0 && n;) {
		rc = objstore_get_read(get, buf, CHUNK, &n, err);
		if (rc == 0 && n)
			rc = http_stream_write(r->http, buf, n, true, err);
		if (rc == 0)
			*left -= (int64_t)n;
	}
	objstore_get_close(get);
	return rc;
}

/* Past the first byte a failure can only cut the reply short. */
static void send_log(struct api_req *r, const struct log *log, char *buf)
{
	int64_t at = 0, left = log->to - log->from;
	struct mo_err err = { 0 };
	int rc = 0;
	for (size_t i = 0; i < log->n && left > 0 && rc == 0; i++) {
		int64_t size = log->chunks[i].size, skip = log->from > at ? log->from - at : 0;
		if (skip < size)
			rc = send_part(r, &log->chunks[i], skip, &left, buf, &err);
		at += size;
	}
	http_stream_end(r->http, rc == 0 && left == 0);
}

int run_logs(struct api_req *r, struct mo_err *err)
{
	struct log log = { 0 };
	mo_autofree char *buf = malloc(CHUNK);
	if (!buf)
		return mo_fail(err, MO_ENOMEM, "log");
	r->in = &log;
	if (req_read(r, find_log, err) < 0 || choose(r, &log, err) < 0)
		return -1;
	struct http_reply reply = { .status = 200, .content_type = "text/plain; charset=utf-8" };
	if (http_req_header(r->http, "X-Content-Type-Options", "nosniff", err) < 0 ||
		http_stream_start(r->http, &reply, log.to - log.from, err) < 0)
		return -1;
	*r->later = true;
	send_log(r, &log, buf);
	return 0;
}
