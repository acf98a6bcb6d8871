/* Upstream pool: which call gets which connection, waiting, retry, failing. */
#include "modelops/http/upstream.h"

#include "modelops/base/check.h"
#include "modelops/base/time.h"
#include "modelops/http/net.h"
#include "modelops/http/upconn.h"

#include <stdlib.h>
#include <string.h>

static void run_failed(struct http_task *task);

int http_upstream_new(struct http_loop *loop, const char *address, const struct http_limits *limits,
	struct http_upstream **ret_upstream, struct mo_err *err)
{
	struct http_addr probe;

	if (http_addr_parse(address, &probe, err) < 0)
		return -1;
	struct http_upstream *u = calloc(1, sizeof(*u) + strlen(address) + 1);
	if (!u)
		return mo_fail(err, MO_ENOMEM, "upstream '%s'", address);
	u->loop = loop;
	u->limits = limits;
	memcpy(u->address, address, strlen(address) + 1);
	mo_list_init(&u->conns);
	mo_list_init(&u->idle);
	mo_list_init(&u->waiting);
	mo_list_init(&u->failed);
	u->task.fn = run_failed;
	*ret_upstream = u;
	return 0;
}

static void maybe_free(struct http_upstream *u)
{
	if (u->retired && !u->inside && u->load == 0 && mo_list_empty(&u->conns) && !u->task.posted)
		free(u);
}

/* Calls DONE. The call is not ours any more afterwards. */
static void finish(struct http_upstream *u, struct http_call *call, const struct mo_err *err)
{
	call->upstream = NULL;
	call->conn = NULL;
	u->load--;
	u->inside++;
	call->done(call, err);
	u->inside--;
}

static void run_failed(struct http_task *task)
{
	struct http_upstream *u =
		(struct http_upstream *)(void *)((char *)task -
						 offsetof(struct http_upstream, task));

	for (struct mo_list *n; (n = mo_list_pop(&u->failed));) {
		struct http_call *call = MO_LIST_ENTRY(n, struct http_call, node);
		struct mo_err err = call->fail;
		finish(u, call, &err);
	}
	maybe_free(u);
}

/* Later, from the loop: http_call_start never calls back by itself. */
static void fail_later(struct http_upstream *u, struct http_call *call, const struct mo_err *err)
{
	http_timer_clear(u->loop, &call->timer);
	call->fail = *err;
	call->conn = NULL;
	mo_list_push(&u->failed, &call->node);
	http_loop_post(u->loop, &u->task);
}

static void on_wait_timer(struct http_timer *timer)
{
	struct http_call *call =
		(struct http_call *)(void *)((char *)timer - offsetof(struct http_call, timer));
	struct http_upstream *u = call->upstream;
	struct mo_err err = { 0 };

	mo_list_remove(&call->node);
	u->nwaiting--;
	mo_fail(&err, MO_ETIMEOUT, "no connection to %s became free in time", u->address);
	fail_later(u, call, &err);
}

static void assign(struct http_upstream *u, struct http_call *call)
{
	struct http_upconn *conn = NULL;
	struct mo_err err = { 0 };

	if (!mo_list_empty(&u->idle) && !call->retried)
		conn = MO_LIST_ENTRY(mo_list_pop(&u->idle), struct http_upconn, idle_node);
	else if (u->nconns < (unsigned)u->limits->upstream_conns &&
		 !(conn = http_upconn_new(u, &err))) {
		fail_later(u, call, &err);
		return;
	}
	if (conn) {
		http_timer_clear(u->loop, &call->timer);
		http_upconn_send(conn, call);
		return;
	}
	if (u->nwaiting >= (unsigned)u->limits->upstream_waiting) {
		mo_fail(&err, MO_EUNAVAIL, "%u calls wait for %s", u->nwaiting, u->address);
		mo_advise(&err, "busy", "retry after the time in Retry-After");
		fail_later(u, call, &err);
		return;
	}
	mo_list_push(&u->waiting, &call->node);
	u->nwaiting++;
	call->timer.fn = on_wait_timer;
	http_timer_set(u->loop, &call->timer, call->deadline);
}

void http_call_start(struct http_upstream *upstream, struct http_call *call)
{
	struct http_upstream *u = upstream;
	struct mo_err err = { 0 };

	MO_ASSERT(call->done && !call->upstream && call->path.n > 0);
	mo_list_init(&call->node);
	call->upstream = u;
	call->started = http_loop_now(u->loop);
	u->load++;
	if (u->retired) {
		mo_fail(&err, MO_EUNAVAIL, "upstream %s is going away", u->address);
		fail_later(u, call, &err);
		return;
	}
	assign(u, call);
}

void http_upstream_next(struct http_upstream *u)
{
	while (!mo_list_empty(&u->waiting) &&
		(!mo_list_empty(&u->idle) || u->nconns < (unsigned)u->limits->upstream_conns)) {
		struct http_call *call =
			MO_LIST_ENTRY(mo_list_pop(&u->waiting), struct http_call, node);
		u->nwaiting--;
		http_timer_clear(u->loop, &call->timer);
		assign(u, call);
	}
	maybe_free(u);
}

void http_upstream_lost(
	struct http_upstream *u, struct http_call *call, const struct mo_err *err, bool retry)
{
	call->conn = NULL;
	if (retry && !call->retried && http_loop_now(u->loop) < call->deadline) {
		call->retried = true;
		assign(u, call);
	} else {
		finish(u, call, err);
	}
}

void http_upstream_done(struct http_upstream *u, struct http_call *call)
{
	finish(u, call, NULL);
}

void http_upstream_retire(struct http_upstream *upstream)
{
	struct http_upstream *u = upstream;

	u->retired = true;
	mo_list_foreach_safe (node, &u->idle)
		http_upconn_close(MO_LIST_ENTRY(node, struct http_upconn, idle_node));
	maybe_free(u);
}

void http_upstream_free(struct http_upstream *upstream)
{
	struct http_upstream *u = upstream;
	struct mo_err err = { 0 };

	if (!u)
		return;
	MO_ASSERT(u->inside == 0);
	u->retired = true;
	u->inside++; /* no free from within */
	mo_fail(&err, MO_EUNAVAIL, "upstream %s is going away", u->address);
	while (!mo_list_empty(&u->conns)) {
		struct http_upconn *conn = MO_LIST_ENTRY(u->conns.next, struct http_upconn, node);
		struct http_call *call = conn->call;
		conn->call = NULL;
		http_upconn_close(conn);
		if (call)
			finish(u, call, &err);
	}
	while (!mo_list_empty(&u->waiting)) {
		struct http_call *call =
			MO_LIST_ENTRY(mo_list_pop(&u->waiting), struct http_call, node);
		http_timer_clear(u->loop, &call->timer);
		finish(u, call, &err);
	}
	while (!mo_list_empty(&u->failed))
		finish(u, MO_LIST_ENTRY(mo_list_pop(&u->failed), struct http_call, node), &err);
	u->inside--;
	if (!u->task.posted) /* else the task frees it */
		free(u);
}

unsigned http_upstream_load(const struct http_upstream *upstream)
{
	return upstream->load;
}
