/* Usage windows: a quantity of one metric over one span of time, with the reason it is or is not
 * billed. */
#ifndef MODELOPS_DOMAIN_USAGE_H
#define MODELOPS_DOMAIN_USAGE_H

#include "modelops/base/err.h"
#include "modelops/domain/allocation.h"
#include "modelops/domain/enums.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Metrics of windows and ledger entries, with the unit of their quantity. */
#define METRIC_GPU_SHARE_US         "gpu_share_us" /* share-microseconds */
#define METRIC_PREDICT_REQUESTS     "predict_requests"
#define METRIC_PREDICT_ROWS         "predict_rows"
#define METRIC_EXPLAIN_REQUESTS     "explain_requests"
#define METRIC_EXPLAIN_ROWS         "explain_rows"
#define METRIC_ARTIFACT_KIB_SECONDS "artifact_kib_seconds" /* KiB kept for whole seconds */

#define REASON_BILLABLE "billable"
#define REASON_PLATFORM "platform"
#define REASON_CREDIT   "platform_credit" /* takes a billed window back: negative, and billed */

/* Windows of REASON count in invoices. */
bool reason_billed(const char *reason);

/* METRIC is one of the metrics above. */
bool metric_known(const char *metric);

enum usage_source { USAGE_ALLOCATION, USAGE_GATEWAY, USAGE_STORAGE, USAGE_CREDIT };
extern const struct enum_names usage_sources;

struct usage_window {
	const char *id, *tenant_id, *project_id;
	enum usage_source source_kind;
	const char *source_id; /* allocation, gateway or project id; of a credit the window it takes
				  back */
	const char *resource_id; /* run, deployment or project id */
	const char *pool_id;     /* NULL for gateway windows */
	const char *price_class; /* "*" for gateway windows */
	const char *metric;
	int64_t quantity;
	int64_t start_at, end_at; /* half-open */
	const char *reason;       /* REASON_BILLABLE, REASON_CREDIT, or why it is not billed */
	int64_t created_at;
};

/* Total of one metric that a gateway process has counted for one deployment, as last flushed. */
struct usage_counter {
	const char *source, *tenant_id, *deployment_id, *metric;
	int64_t total;
};

/* One span of an allocation that becomes a window. */
struct usage_cut {
	int64_t start_at, end_at, quantity;
	const char *reason;
};

/* The next span of A to be recorded at time NOW: from billed_until (or bound_at) to the next hour
 * boundary, ended_at or released_at, whichever is first. true and *ret_cut, or false when there is
 * none: not bound, all recorded, or still open in this hour. The caller moves billed_until to
 * end_at and asks again. From ended_at, the owner's end as the evidence has it, to released_at,
 * when we noticed, is ours: unbilled, reason `platform`, and so is all that is recorded after a
 * release for our failure. An open allocation is cut at hour boundaries up to its last sign of life
 * only (last_seen_at 0: signs are not kept). */
bool usage_cut_next(const struct allocation *a, int64_t now, struct usage_cut *ret_cut);

/* Of a job that was lost by our fault nothing is billed, also not what was entered while it ran:
 * its billed windows are credited. An instance has served meanwhile: its hours stay. */
bool usage_is_given_back(const struct allocation *a);

/* The window that takes W back when it turns out at AT that it must not be billed. Its source is
 * W's id, so that there is one; it belongs to the period of AT, for W's may have its invoice. */
struct usage_window usage_credit_of(
	const struct usage_window *w, int64_t at, const char *id, int64_t now);

/* The window of CUT. Texts are borrowed from A and ID. */
struct usage_window usage_window_of(
	const struct allocation *a, const struct usage_cut *cut, const char *id, int64_t now);

#endif
