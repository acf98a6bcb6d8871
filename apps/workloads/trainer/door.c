/* Posts to the workload door; failure here never fails the training. */
#include "door.h"

#include "modelops/base/time.h"
#include "modelops/json/jw.h"

#include <stdio.h>
#include <string.h>

enum { POST_GAP = 250000, PAUSE_FIRST = 500000, PAUSE_MAX = 10000000 };

int door_open(struct door *d, const char *url, const char *token, struct mo_err *err)
{
	const struct httpc_cfg cfg = { .connect_timeout = 2 * MO_SECOND, .timeout = 5 * MO_SECOND };

	*d = (struct door){ .url = url, .token = token ? token : "" };
	mo_buf_init(&d->metrics, DOOR_BATCH_BYTES);
	return url ? httpc_new(&cfg, &d->client, err) : 0;
}

void door_close(struct door *d)
{
	if (d->client)
		httpc_free(d->client);
	mo_buf_free(&d->metrics);
}

int door_post(struct door *d, const char *path, const char *body, struct httpc_reply *ret_reply,
	struct mo_err *err)
{
	char url[1024], auth[512];
	const char *const headers[] = { auth, "Content-Type: application/json", NULL };

	if (snprintf(url, sizeof(url), "%s/%s", d->url, path) >= (int)sizeof(url) ||
		snprintf(auth, sizeof(auth), "Authorization: Bearer %s", d->token) >=
			(int)sizeof(auth))
		return mo_fail(
			err, MO_EINVAL, "MODELOPS_RUN_URL or MODELOPS_RUN_TOKEN is too long");
	const struct httpc_request request = {
		.method = "POST", .url = url, .headers = headers, .body = mo_str(body)
	};
	return httpc_do(d->client, &request, ret_reply, err);
}

/* A post whose reply says nothing we need. */
static int post(struct door *d, const char *path, const char *body)
{
	struct httpc_reply reply;
	struct mo_err err = { 0 };

	if (door_post(d, path, body, &reply, &err) < 0)
		return -1;
	int rc = httpc_check(&reply, path, &err);
	httpc_reply_free(&reply);
	return rc;
}

void door_progress(struct door *d, double progress, double eta_s, const char *message)
{
	d->progress = progress;
	d->eta_s = eta_s;
	snprintf(d->message, sizeof(d->message), "%s", message);
	d->progress_waits = true;
}

void door_metric(struct door *d, const char *key, int64_t iteration, double value)
{
	mo_autobuf struct mo_buf one;
	struct jw w;

	mo_buf_init(&one, 512);
	if (!d->client)
		return;
	jw_init(&w, &one);
	jw_obj(&w);
	jw_kstr(&w, "key", key);
	jw_ki64(&w, "iteration", iteration);
	jw_kf64(&w, "value", value);
	jw_end_obj(&w);
	if (jw_done(&w) < 0)
		return;
	if (d->nmetrics == DOOR_BATCH || d->metrics.len + one.len + 32 > d->metrics.max)
		door_flush(d, true);
	if (d->nmetrics == DOOR_BATCH || d->metrics.len + one.len + 32 > d->metrics.max) {
		mo_buf_reset(&d->metrics); /* the door does not take them: drop */
		d->nmetrics = 0;
	}
	if (d->metrics.len)
		mo_buf_putc(&d->metrics, ',');
	mo_buf_append(&d->metrics, one.data, one.len);
	d->nmetrics++;
}

static int post_metrics(struct door *d)
{
	mo_autobuf struct mo_buf body;

	mo_buf_init(&body, DOOR_BATCH_BYTES + 64);
	mo_buf_puts(&body, "{\"metrics\":[");
	mo_buf_append(&body, d->metrics.data, d->metrics.len);
	mo_buf_puts(&body, "]}");
	if (body.failed || post(d, "metrics", body.data) < 0)
		return -1;
	mo_buf_reset(&d->metrics);
	d->nmetrics = 0;
	return 0;
}

static int post_progress(struct door *d)
{
	mo_autobuf struct mo_buf body;
	struct jw w;

	mo_buf_init(&body, 1024);
	jw_init(&w, &body);
	jw_obj(&w);
	jw_kf64(&w, "progress", d->progress);
	if (d->eta_s >= 0)
		jw_kf64(&w, "eta_s", d->eta_s);
	jw_kstr(&w, "message", d->message);
	jw_end_obj(&w);
	if (jw_done(&w) < 0 || post(d, "progress", body.data) < 0)
		return -1;
	d->progress_waits = false;
	return 0;
}

void door_flush(struct door *d, bool now)
{
	if (!d->client || (!now && mo_mono() < d->next_at))
		return;
	bool ok = (!d->progress_waits || post_progress(d) == 0) &&
		  (!d->metrics.len || post_metrics(d) == 0);
	if (ok)
		d->pause = 0;
	else
		d->pause = !d->pause                  ? PAUSE_FIRST
			   : d->pause * 2 < PAUSE_MAX ? d->pause * 2
						      : PAUSE_MAX;
	d->next_at = mo_mono() + (d->pause ? d->pause : POST_GAP);
}
