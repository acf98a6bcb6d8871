/* Exchanges: memory of one request and its reply, recycled per shard. */
#include "modelops/base/check.h"
#include "modelops/base/fault.h"
#include "modelops/http/conn.h"

#include <stdlib.h>
#include <unistd.h>

static void task_run(struct http_task *task)
{
	struct http_xchg *x =
		(struct http_xchg *)(void *)((char *)task - offsetof(struct http_xchg, task));

	atomic_store_explicit(&x->suspended, false, memory_order_relaxed);
	x->resume(&x->req);
}

struct http_xchg *http_xchg_get(struct http_shard *shard)
{
	const struct http_limits *l = shard->server->limits;
	struct http_xchg *x = shard->free;

	if (x) {
		shard->free = x->next_free;
		shard->nfree--;
		return x;
	}
	x = mo_fault("http.xchg") ? NULL : calloc(1, sizeof(*x));
	if (!x)
		return NULL;
	x->in_cap = (size_t)l->max_head + HTTP_IN_EXTRA;
	x->in = malloc(x->in_cap);
	if (!x->in) {
		free(x);
		return NULL;
	}
	x->file = -1;
	x->task.fn = task_run;
	mo_arena_init(&x->arena, (size_t)l->arena_max, 4096 - 64);
	mo_buf_init(&x->body, (size_t)l->max_body);
	mo_buf_init(&x->extra, (size_t)l->max_head);
	mo_buf_init(&x->out, (size_t)l->arena_max + (size_t)l->max_head);
	return x;
}

void http_xchg_free(struct http_xchg *x)
{
	mo_arena_free(&x->arena);
	mo_buf_free(&x->body);
	mo_buf_free(&x->extra);
	mo_buf_free(&x->out);
	free(x->in);
	free(x);
}

static void trim(struct mo_buf *b)
{
	if (b->cap > HTTP_BODY_KEEP)
		mo_buf_free(b);
	mo_buf_reset(b);
}

void http_xchg_clean(struct http_xchg *x)
{
	http_stream_free(x);
	mo_cleanup_close(&x->file);
	x->file = -1;
	x->file_left = 0;
	mo_arena_reset(&x->arena);
	trim(&x->body);
	trim(&x->out);
	mo_buf_reset(&x->extra);
	x->retry_after = false;
	x->out_sent = 0;
	x->rest = (struct mo_str){ NULL, 0 };
	x->since = 0;
	x->active = false;
	x->begin = x->pos;
	if (x->begin >= x->end)
		x->begin = x->end = x->pos = 0;
}

void http_xchg_put(struct http_shard *shard, struct http_xchg *x)
{
	x->begin = x->end = x->pos = 0;
	x->conn = NULL;
	if (shard->nfree >= HTTP_XCHG_KEEP) {
		http_xchg_free(x);
		return;
	}
	x->next_free = shard->free;
	shard->free = x;
	shard->nfree++;
}
