/* Inside of the server: the server, and a shard, its part on one loop. */
#ifndef MODELOPS_HTTP_SHARD_H
#define MODELOPS_HTTP_SHARD_H

#include "modelops/base/list.h"
#include "modelops/http/peers.h"
#include "modelops/http/server.h"
#include "modelops/http/xchg.h"

#include <openssl/types.h>

enum { HTTP_LISTENERS_MAX = 8 };

struct http_listener {
	struct http_watch watch; /* first */
	struct http_shard *shard;
	struct http_timer retry; /* out of descriptors: try again */
	unsigned index;
};

struct http_shard {
	struct http_server *server;
	struct http_loop *loop;
	struct http_shard *next;
	struct mo_list conns;
	struct http_xchg *free;
	unsigned nfree;
	bool draining, drained;
	struct http_task drain_task;
	struct http_timer drain_timer;
	int64_t drain_until;
	int64_t date_until;
	char date[40];
	char id_prefix[17];
	uint64_t id_next;
	struct http_listener listeners[HTTP_LISTENERS_MAX];
};

struct http_metrics;

struct http_server {
	struct http_server_cfg cfg;
	const struct http_limits *limits;
	struct http_app app;
	SSL_CTX *tls;
	struct http_metrics *metrics;
	unsigned nlisteners, nshards;
	int listen_fd[HTTP_LISTENERS_MAX];
	char *listen_path[HTTP_LISTENERS_MAX]; /* of unix sockets, to unlink */
	struct http_addr listen_addr[HTTP_LISTENERS_MAX];
	bool inside[HTTP_LISTENERS_MAX]; /* for this machine's own programs */
	_Atomic unsigned listen_refs[HTTP_LISTENERS_MAX];
	struct http_shard *shards;
	_Atomic unsigned conns, inflight, shards_open;
	_Atomic unsigned refusing; /* connections only kept until their refusal was read */
	_Atomic bool drain_started;
	void (*drained)(void *ctx);
	void *drained_ctx;
	struct http_peers peers;
};

/* metrics.c */
int http_metrics_new(
	const struct http_server_cfg *cfg, struct http_metrics **ret_metrics, struct mo_err *err);
void http_metrics_free(struct http_metrics *m);
void http_metrics_request(struct http_metrics *m, const struct http_xchg *x, int64_t us);
void http_metrics_refused(struct http_metrics *m, const char *reason);
void http_metrics_conns(struct http_metrics *m, int change);
void http_metrics_inflight(struct http_metrics *m, int change);

#endif
