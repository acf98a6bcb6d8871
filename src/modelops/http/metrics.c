/* Metrics of the server. Handles are made on first use and kept, so that a warm request only adds.
 */
#include "modelops/base/check.h"
#include "modelops/http/conn.h"

#include <stdlib.h>
#include <string.h>

enum { M_REQUESTS, M_SECONDS, M_REFUSED, M_CONNS, M_INFLIGHT, M_COUNT };
enum { CLASSES = 4 }; /* 2xx to 5xx */

const struct obs_decl http_metrics_decls[] = {
	[M_REQUESTS] = { .name = "http_requests_total",
		.type = OBS_COUNTER,
		.labels = "server route method class",
		.max_series = 2000,
		.help = "Requests answered, by route, method and class of the status; class lost: "
			"nobody took the reply." },
	[M_SECONDS] = { .name = "http_request_seconds",
		.type = OBS_HISTOGRAM,
		.labels = "server route",
		.scale = 1e-6,
		.max_series = 500,
		.help = "From the complete head to the last byte of the reply given to the kernel.",
		.buckets = obs_buckets_us,
		.nbuckets = OBS_BUCKETS_US },
	[M_REFUSED] = { .name = "http_refused_total",
		.type = OBS_COUNTER,
		.labels = "server reason",
		.max_series = 100,
		.help = "Messages and connections refused before a handler saw them, by reason." },
	[M_CONNS] = { .name = "http_connections",
		.type = OBS_GAUGE,
		.labels = "server",
		.max_series = 8,
		.help = "Open client connections." },
	[M_INFLIGHT] = { .name = "http_requests_in_flight",
		.type = OBS_GAUGE,
		.labels = "server",
		.max_series = 8,
		.help = "Requests being worked on." },
};
const size_t http_metrics_count = MO_COUNT(http_metrics_decls);

struct row {
	_Atomic(struct obs_series *) seconds;
	_Atomic(struct obs_series *) requests[HTTP_METHOD_COUNT][CLASSES + 1];
};

struct http_metrics {
	const char *server;
	const char *const *names;
	unsigned nrows;
	struct obs_family *families[M_COUNT];
	struct obs_series *conns, *inflight;
	struct row rows[]; /* the last is for requests without a route */
};

int http_metrics_new(
	const struct http_server_cfg *cfg, struct http_metrics **ret_metrics, struct mo_err *err)
{
	unsigned n = 0;

	while (cfg->route_names && cfg->route_names[n])
		n++;
	struct http_metrics *m = calloc(1, sizeof(*m) + (n + 1) * sizeof(m->rows[0]));
	if (!m)
		return mo_fail(err, MO_ENOMEM, "HTTP metrics");
	m->server = cfg->name ? cfg->name : "main";
	m->names = cfg->route_names;
	m->nrows = n;
	if (obs_declare(cfg->obs, http_metrics_decls, M_COUNT, m->families, err) < 0) {
		free(m);
		return -1;
	}
	m->conns = obs_series(m->families[M_CONNS], &m->server);
	m->inflight = obs_series(m->families[M_INFLIGHT], &m->server);
	*ret_metrics = m;
	return 0;
}

void http_metrics_free(struct http_metrics *m)
{
	free(m);
}

static struct obs_series *seconds_of(struct http_metrics *m, struct row *row, const char *name)
{
	struct obs_series *s = atomic_load_explicit(&row->seconds, memory_order_acquire);

	if (!s) {
		s = obs_series(m->families[M_SECONDS], (const char *const[]){ m->server, name });
		atomic_store_explicit(&row->seconds, s, memory_order_release);
	}
	return s;
}

static struct obs_series *requests_of(struct http_metrics *m, struct row *row, const char *name,
	enum http_method method, unsigned class)
{
	static const char *const classes[] = { "lost", "2xx", "3xx", "4xx", "5xx" };
	_Atomic(struct obs_series *) *slot = &row->requests[method][class];
	struct obs_series *s = atomic_load_explicit(slot, memory_order_acquire);

	if (!s) {
		s = obs_series(m->families[M_REQUESTS],
			(const char *const[]){
				m->server, name, http_method_name(method), classes[class] });
		atomic_store_explicit(slot, s, memory_order_release);
	}
	return s;
}

void http_metrics_request(struct http_metrics *m, const struct http_xchg *x, int64_t us)
{
	if (!m)
		return;
	unsigned i = x->match.row >= 0 && (unsigned)x->match.row < m->nrows ? (unsigned)x->match.row
									    : m->nrows;
	const char *name = i < m->nrows ? m->names[i] : "none";
	unsigned class = x->status >= 200 && x->status < 600 ? (unsigned)x->status / 100 - 1 : 0;

	obs_observe(seconds_of(m, &m->rows[i], name), us);
	obs_add(requests_of(m, &m->rows[i], name, x->head.method, class), 1);
}

void http_metrics_refused(struct http_metrics *m, const char *reason)
{
	if (m) /* rare: the look-up takes a lock */
		obs_add(obs_series(
				m->families[M_REFUSED], (const char *const[]){ m->server, reason }),
			1);
}

void http_metrics_conns(struct http_metrics *m, int change)
{
	if (m)
		obs_add(m->conns, change);
}

void http_metrics_inflight(struct http_metrics *m, int change)
{
	if (m)
		obs_add(m->inflight, change);
}
