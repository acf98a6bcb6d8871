/* modelops-serving: what its parts share. One loop thread owns all of it but what says otherwise.
 */
#ifndef MODELOPS_APPS_WORKLOADS_SERVING_SERVING_H
#define MODELOPS_APPS_WORKLOADS_SERVING_SERVING_H

#include "modelops/base/list.h"
#include "modelops/http/ops.h"
#include "modelops/http/server.h"
#include "modelops/http/workers.h"
#include "modelops/model/model.h"

#include <pthread.h>
#include <stdbool.h>

struct serving_cfg {
	struct http_limits http;
	const char *model_dir, *listen, *model_version, *tenant, *project, *deployment;
	const char *instance_id, *instance_secret;
	int64_t max_concurrency, queue_max, deadline, max_rows, max_body, max_reply, threads;
	int log_level, log_format;
};

enum serving_kind { SERVING_PREDICT, SERVING_EXPLAIN, SERVING_KINDS };

/* Statuses with a counter of their own, the last one for all others. */
enum { SERVING_CODES = 10 };

struct telemetry {
	struct obs *obs;
	struct obs_series *requests[SERVING_KINDS][SERVING_CODES], *rows[SERVING_KINDS],
		*seconds[SERVING_KINDS];
	struct obs_series *inflight, *queued, *wait, *cpu, *resident, *start;
	int64_t started; /* wall clock */
};

/* Texts that replies repeat, made once: JSON fragments. */
struct phrases {
	char **class_text;  /* quoted label, or its number */
	char **class_key;   /* "label": */
	char **feature_key; /* "name": */
	char *tail;         /* ],"model_version":"..","request_id":" */
};

/* What one thread needs to work: nothing here is allocated per request once it has grown. */
struct space {
	struct tensor rows;
	struct model_scratch *scratch;
	struct mo_buf out;
	float *margin, *values; /* max rows at a time * groups; classes */
	double *contributions;
	struct mo_list node;
};

struct serving {
	struct serving_cfg cfg;
	struct model *model;
	const struct model_info *info;
	struct phrases phrases;
	struct telemetry telemetry;
	struct http_loop *loop;
	struct http_server *server;
	struct http_router *router;
	struct http_workers *workers;
	struct space own;           /* the loop's */
	struct space *spaces;       /* the workers' */
	struct mo_list free_spaces; /* under spaces_lock */
	pthread_mutex_t spaces_lock;
	struct mo_list queue; /* of struct work: admitted when one of those running ends */
	unsigned running, queued;
	int64_t cost_predict, cost_explain; /* nanoseconds a row, measured at start */
	_Atomic bool draining;
	struct http_timer drain_timer;
	int64_t drain_by; /* mo_mono(): end of the patience */
};

/* Nanoseconds that a row takes, at least 1. */
static inline int64_t serving_cost(const struct serving *s, enum serving_kind kind)
{
	return kind == SERVING_PREDICT ? s->cost_predict : s->cost_explain;
}

/* --- compute.c: body in, reply text out; any thread with a space of its own --- */

/* How to answer one request. */
struct question {
	enum serving_kind kind;
	bool proba;
	long class_index; /* explain this class; -1: the predicted one */
	const char *request_id;
	struct mo_str body;
	int64_t deadline; /* mo_mono() */
};

int space_init(struct space *space, const struct serving *s, struct mo_err *err);
void space_free(struct space *space);

/* Reads the rows of Q's body into SPACE. */
int compute_rows(
	const struct serving *s, struct space *space, const struct question *q, struct mo_err *err);

/* Predicts or explains the rows read and writes the reply into space->out. MO_ETIMEOUT past the
 * deadline. */
int compute_reply(
	const struct serving *s, struct space *space, const struct question *q, struct mo_err *err);

/* --- phrases.c --- */

int phrases_make(struct phrases *p, const struct model_info *info, const char *model_version,
	struct mo_err *err);
void phrases_free(struct phrases *p, const struct model_info *info);

/* Class whose label is TEXT, or -1. */
long phrases_class(const struct model_info *info, struct mo_str text);

/* --- gate.c: admission, deadline, where it runs --- */

/* The body of a predict or explain request is there. */
void gate_request(struct serving *s, struct http_req *req, enum serving_kind kind);

/* --- telemetry.c --- */

int telemetry_init(struct telemetry *t, const struct serving_cfg *cfg, struct mo_err *err);
void telemetry_done(struct telemetry *t, enum serving_kind kind, int status, int64_t started);

/* --- routes.c --- */

int routes_init(struct serving *s, struct mo_err *err);
extern const struct http_app serving_app;
extern const char *const serving_route_names[];

/* --- settings_table.c --- */
extern const struct mo_cfg serving_settings[];
extern const size_t serving_settings_count;

#endif
