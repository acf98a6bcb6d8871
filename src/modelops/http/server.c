/* The server: listeners, accepting, limits on connections, graceful stop. */
#include "modelops/http/server.h"

#include "modelops/base/check.h"
#include "modelops/base/id.h"
#include "modelops/base/time.h"
#include "modelops/http/conn.h"

#include <errno.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

/* LOOPS_MAX: each loop may accept one more while another does. */
enum { ACCEPT_BATCH = 16, REFUSING_MAX = 64, LOOPS_MAX = 64 };

int http_server_new(
	const struct http_server_cfg *cfg, struct http_server **ret_server, struct mo_err *err)
{
	struct http_server *s = calloc(1, sizeof(*s));

	MO_ASSERT(cfg->limits && cfg->router && cfg->app && cfg->app->request);
	if (!s)
		return mo_fail(err, MO_ENOMEM, "HTTP server");
	s->cfg = *cfg;
	s->limits = cfg->limits;
	s->app = *cfg->app;
	http_peers_init(&s->peers, s->limits, (size_t)s->limits->max_conns + LOOPS_MAX);
	bool tls = !cfg->plain && (s->limits->tls_cert || s->limits->tls_key);
	if (tls && (!s->limits->tls_cert || !s->limits->tls_key)) {
		http_server_free(s);
		return mo_fail(err, MO_EINVAL, "TLS needs both HTTP_TLS_CERT and HTTP_TLS_KEY");
	}
	if ((tls && http_tls_new(s->limits, &s->tls, err) < 0) ||
		(cfg->obs && http_metrics_new(cfg, &s->metrics, err) < 0)) {
		http_server_free(s);
		return -1;
	}
	*ret_server = s;
	return 0;
}

int http_server_listen(struct http_server *server, const char *address, char *ret_bound, size_t cap,
	struct mo_err *err)
{
	unsigned i = server->nlisteners;

	if (i == HTTP_LISTENERS_MAX)
		return mo_fail(err, MO_EFULL, "more than %d listeners", HTTP_LISTENERS_MAX);
	if (http_addr_parse(address, &server->listen_addr[i], err) < 0)
		return -1;
	if (http_listen(address, (int)server->limits->backlog, ret_bound, cap,
		    &server->listen_fd[i], err) < 0)
		return -1;
	if (server->listen_addr[i].is_unix)
		server->listen_path[i] = strdup(address + 5);
	server->nlisteners++;
	return 0;
}

int http_server_listen_inside(struct http_server *server, const char *address, char *ret_bound,
	size_t cap, struct mo_err *err)
{
	struct http_addr addr;

	if (http_addr_parse(address, &addr, err) < 0)
		return -1;
	if (!http_addr_local(&addr))
		return mo_fail(err, MO_EINVAL, "'%s' is no address of this machine alone", address);
	if (http_server_listen(server, address, ret_bound, cap, err) < 0)
		return -1;
	server->inside[server->nlisteners - 1] = true;
	return 0;
}

/* One more connection would pass a limit: says so and closes. When many are being told already, it
 * is dropped at once. */
static void over_limit(struct http_listener *l, int fd, const struct http_addr *addr, int status)
{
	struct http_conn *c = NULL;

	if (atomic_load(&l->shard->server->refusing) < REFUSING_MAX)
		c = http_conn_new(l, fd, addr, true);
	if (!c) {
		close(fd);
		return;
	}
	if (status == 503)
		http_conn_refuse_new(c, 503, "too_many_connections",
			"the server has HTTP_MAX_CONNS connections");
	else
		http_conn_refuse_new(c, 429, "too_many_from_address",
			"this address has HTTP_MAX_CONNS_PER_ADDR connections");
}

static void accepted(struct http_listener *l, int fd, struct http_addr *addr)
{
	struct http_server *s = l->shard->server;

	addr->is_unix = s->listen_addr[l->index].is_unix;
	if (atomic_load(&s->conns) >= (unsigned)s->limits->max_conns)
		over_limit(l, fd, addr, 503);
	else if (http_peers_full(&s->peers, addr))
		over_limit(l, fd, addr, 429);
	else if (!http_conn_new(l, fd, addr, false))
		close(fd);
}

static void on_accept(struct http_watch *watch, uint32_t events)
{
	struct http_listener *l = (struct http_listener *)(void *)watch;
	struct http_loop *loop = l->shard->loop;

	(void)events;
	for (int i = 0; i < ACCEPT_BATCH; i++) {
		struct http_addr addr = { .len = sizeof(addr.u) };
		int fd = accept4(watch->fd, &addr.u.sa, &addr.len, SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (fd >= 0) {
			accepted(l, fd, &addr);
			continue;
		}
		if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
			http_watch_remove(loop, watch); /* would spin: try again in a moment */
			http_timer_set(loop, &l->retry, http_loop_now(loop) + MO_SECOND / 10);
		}
		if (errno != ECONNABORTED && errno != EINTR)
			return;
	}
}

static void on_retry(struct http_timer *timer)
{
	struct http_listener *l =
		(struct http_listener *)(void *)((char *)timer -
						 offsetof(struct http_listener, retry));
	struct http_shard *sh = l->shard;

	if (!sh->draining && http_watch_add(sh->loop, &l->watch, sh->server->listen_fd[l->index],
				     EPOLLIN | EPOLLEXCLUSIVE, NULL) < 0)
		http_timer_set(sh->loop, timer, http_loop_now(sh->loop) + MO_SECOND / 10);
}

static void close_listener(struct http_server *s, unsigned i)
{
	if (s->listen_fd[i] < 0)
		return;
	close(s->listen_fd[i]);
	s->listen_fd[i] = -1;
	if (s->listen_path[i])
		unlink(s->listen_path[i]);
	free(s->listen_path[i]);
	s->listen_path[i] = NULL;
}

/* Connections that are left end now. */
static void cut_all(struct http_shard *sh)
{
	mo_list_foreach_safe (node, &sh->conns) {
		struct http_conn *c = MO_LIST_ENTRY(node, struct http_conn, node);
		http_conn_lost(c);
		http_conn_settle(c);
	}
}

static void check_drained(struct http_shard *sh)
{
	struct http_server *s = sh->server;

	if (sh->drained || !mo_list_empty(&sh->conns)) {
		if (!sh->drained)
			http_timer_set(sh->loop, &sh->drain_timer,
				http_loop_now(sh->loop) + MO_SECOND / 100);
		return;
	}
	sh->drained = true;
	http_timer_clear(sh->loop, &sh->drain_timer);
	if (atomic_fetch_sub(&s->shards_open, 1) == 1 && s->drained)
		s->drained(s->drained_ctx);
}

static void on_drain_timer(struct http_timer *timer)
{
	struct http_shard *sh =
		(struct http_shard *)(void *)((char *)timer -
					      offsetof(struct http_shard, drain_timer));

	if (http_loop_now(sh->loop) >= sh->drain_until)
		cut_all(sh);
	check_drained(sh);
}

static void on_drain(struct http_task *task)
{
	struct http_shard *sh =
		(struct http_shard *)(void *)((char *)task -
					      offsetof(struct http_shard, drain_task));
	struct http_server *s = sh->server;

	sh->draining = true;
	sh->drain_until = http_loop_now(sh->loop) + s->limits->drain_timeout;
	for (unsigned i = 0; i < s->nlisteners; i++) {
		http_timer_clear(sh->loop, &sh->listeners[i].retry);
		http_watch_remove(sh->loop, &sh->listeners[i].watch);
		if (atomic_fetch_sub(&s->listen_refs[i], 1) == 1)
			close_listener(s, i);
	}
	mo_list_foreach_safe (node, &sh->conns)
		http_conn_drain(MO_LIST_ENTRY(node, struct http_conn, node));
	check_drained(sh);
}

static struct http_shard *shard_new(struct http_server *server, struct http_loop *loop)
{
	struct http_shard *sh = calloc(1, sizeof(*sh));
	uint64_t seed;

	if (!sh)
		return NULL;
	mo_list_init(&sh->conns);
	sh->server = server;
	sh->loop = loop;
	sh->drain_task.fn = on_drain;
	sh->drain_timer.fn = on_drain_timer;
	mo_random(&seed, sizeof(seed));
	mo_hex(&seed, sizeof(seed), sh->id_prefix);
	return sh;
}

int http_server_attach(struct http_server *server, struct http_loop *loop, struct mo_err *err)
{
	struct http_shard *sh = shard_new(server, loop);

	if (!sh)
		return mo_fail(err, MO_ENOMEM, "HTTP server on a loop");
	sh->next = server->shards;
	server->shards = sh;
	atomic_fetch_add(&server->shards_open, 1);
	for (unsigned i = 0; i < server->nlisteners; i++) {
		struct http_listener *l = &sh->listeners[i];
		*l = (struct http_listener){
			.watch.fn = on_accept, .retry.fn = on_retry, .shard = sh, .index = i
		};
		if (http_watch_add(loop, &l->watch, server->listen_fd[i], EPOLLIN | EPOLLEXCLUSIVE,
			    err) < 0)
			return -1;
		atomic_fetch_add(&server->listen_refs[i], 1);
	}
	return 0;
}

void http_server_drain(struct http_server *server, void (*fn)(void *ctx), void *ctx)
{
	if (atomic_exchange(&server->drain_started, true))
		return;
	server->drained = fn;
	server->drained_ctx = ctx;
	for (struct http_shard *sh = server->shards; sh; sh = sh->next)
		http_loop_post(sh->loop, &sh->drain_task);
}

static void shard_free(struct http_shard *sh)
{
	cut_all(sh);
	/* Requests the app never answered: nobody will now. */
	while (!mo_list_empty(&sh->conns)) {
		struct http_conn *c = MO_LIST_ENTRY(sh->conns.next, struct http_conn, node);
		if (c->x && c->x->active)
			http_conn_finish(c, false);
		atomic_store(&c->task.posted, false);
		http_conn_settle(c);
	}
	for (unsigned i = 0; i < sh->server->nlisteners; i++) {
		http_timer_clear(sh->loop, &sh->listeners[i].retry);
		http_watch_remove(sh->loop, &sh->listeners[i].watch);
	}
	http_timer_clear(sh->loop, &sh->drain_timer);
	while (sh->free) {
		struct http_xchg *x = sh->free;
		sh->free = x->next_free;
		http_xchg_free(x);
	}
	free(sh);
}

void http_server_free(struct http_server *server)
{
	if (!server)
		return;
	while (server->shards) {
		struct http_shard *sh = server->shards;
		server->shards = sh->next;
		shard_free(sh);
	}
	for (unsigned i = 0; i < server->nlisteners; i++)
		close_listener(server, i);
	SSL_CTX_free(server->tls);
	http_metrics_free(server->metrics);
	http_peers_free(&server->peers);
	free(server);
}
