/* predict and explain: one request shown, or the same one many times with figures. */
#include "api.h"
#include "modelops/base/check.h"
#include "modelops/base/time.h"
#include "modelops/json/json.h"
#include "rows.h"
#include "show.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { REPEAT_MAX = 10000000, THREADS_MAX = 256 };

static void show_predictions(const json_t *doc)
{
	const json_t *list = json_object_get(doc, "predictions");
	char text[SHOW_CELL];
	size_t i;
	json_t *one;

	json_array_foreach(list, i, one)
	{
		printf("row %zu  %s\n", i + 1, show_value(one, FMT_TEXT, text));
	}
	printf("model %s\n", show_text(doc, "model_version"));
}

static void show_explanation(size_t row, const json_t *one)
{
	const json_t *values = json_object_get(one, "values");
	const char *name;
	json_t *value;
	double most = 1e-12;
	int width = 10;

	json_object_foreach((json_t *)values, name, value)
	{
		double v = json_number_value(value);
		most = v > most ? v : -v > most ? -v : most;
		width = (int)show_width(name) > width ? (int)show_width(name) : width;
	}
	printf("row %zu", row);
	if (*show_text(one, "class"))
		printf("  class %s", show_text(one, "class"));
	printf("  output %.6g = base %.6g + the sum of\n", show_number(one, "output"),
		show_number(one, "base_value"));
	json_object_foreach((json_t *)values, name, value)
	{
		double v = json_number_value(value);
		int length = (int)((v < 0 ? -v : v) / most * 24 + 0.5);
		printf("  %-*s %+12.6f ", width, name, v);
		for (int i = 0; i < length; i++)
			putchar(v < 0 ? '-' : '+');
		printf("\n");
	}
}

static void show_explanations(const json_t *doc)
{
	const json_t *list = json_object_get(doc, "explanations");
	size_t i, k;
	json_t *one, *part;

	json_array_foreach(list, i, one)
	{
		if (!json_is_array(one)) {
			show_explanation(i + 1, one);
			continue;
		}
		json_array_foreach(one, k, part)
		{
			show_explanation(i + 1, part);
		}
	}
	printf("model %s\n", show_text(doc, "model_version"));
}

/* ---- many requests ---- */

/* One thread's share of a burst. */
struct sender {
	pthread_t thread;
	struct cli cli; /* a copy with a client and arena of its own */
	const char *path, *body;
	int64_t *left;          /* requests still to send, shared */
	int64_t *times;         /* microseconds per request, shared */
	int64_t *done, *failed; /* shared counters */
	char problem[256];
};

static void send_one(struct sender *s)
{
	static const char *const type[] = { "Content-Type: application/json", NULL };
	const char *headers[4] = { type[0], NULL };
	struct mo_err err = { 0 };
	struct httpc_reply reply;
	const struct cli_settings *set = &s->cli.settings;

	if (set->token || set->actor)
		headers[1] = set->token ? mo_arena_printf(&s->cli.arena, "Authorization: Bearer %s",
						  set->token)
					: mo_arena_printf(&s->cli.arena, "X-Actor: %s", set->actor);
	const struct httpc_request request = { .method = "POST",
		.url = mo_arena_printf(&s->cli.arena, "%s%s", set->url, s->path),
		.headers = headers,
		.body = mo_str(s->body) };
	int64_t start = mo_mono();
	if (httpc_do(s->cli.client, &request, &reply, &err) < 0) {
		snprintf(s->problem, sizeof(s->problem), "%s", err.msg);
		__atomic_add_fetch(s->failed, 1, __ATOMIC_RELAXED);
		return;
	}
	if (reply.status == 200) {
		int64_t at = __atomic_fetch_add(s->done, 1, __ATOMIC_RELAXED);
		s->times[at] = mo_mono() - start;
	} else {
		snprintf(s->problem, sizeof(s->problem), "status %d: %.200s", reply.status,
			mo_buf_str(&reply.body));
		__atomic_add_fetch(s->failed, 1, __ATOMIC_RELAXED);
	}
	httpc_reply_free(&reply);
}

static void *send_many(void *arg)
{
	struct sender *s = arg;

	while (__atomic_sub_fetch(s->left, 1, __ATOMIC_RELAXED) >= 0) {
		mo_arena_reset(&s->cli.arena);
		send_one(s);
	}
	return NULL;
}

static int by_value(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
	return (x > y) - (x < y);
}

static void print_burst(
	const struct cli *c, int64_t *times, int64_t done, int64_t failed, int64_t took)
{
	double seconds = (double)took / 1e6;
	int64_t p50 = 0, p99 = 0;

	if (done > 0) {
		qsort(times, (size_t)done, sizeof(*times), by_value);
		p50 = times[done / 2];
		p99 = times[done * 99 / 100];
	}
	if (c->json)
		printf("{\"requests\":%lld,\"failed\":%lld,\"seconds\":%.6f,\"per_second\":%.1f,"
		       "\"p50_ms\":%.3f,\"p99_ms\":%.3f}\n",
			(long long)done, (long long)failed, seconds, (double)done / seconds,
			(double)p50 / 1e3, (double)p99 / 1e3);
	else
		printf("%lld requests in %.2f s: %.0f per second, p50 %.2f ms, p99 %.2f ms, %lld "
		       "failed\n",
			(long long)done, seconds, (double)done / seconds, (double)p50 / 1e3,
			(double)p99 / 1e3, (long long)failed);
}

static int start_senders(
	struct cli *c, struct sender *senders, int64_t n, const struct sender *model)
{
	for (int64_t i = 0; i < n; i++) {
		senders[i] = *model;
		senders[i].cli = *c;
		senders[i].cli.client = NULL;
		mo_arena_init(&senders[i].cli.arena, 1 << 20, 4096);
		if (api_open(&senders[i].cli) != CLI_OK ||
			pthread_create(&senders[i].thread, NULL, send_many, &senders[i]) != 0) {
			if (senders[i].cli.client)
				httpc_free(senders[i].cli.client);
			return (int)i;
		}
	}
	return (int)n;
}

static int burst(struct cli *c, const char *path, const char *body, int64_t n, int64_t threads)
{
	mo_autofree struct sender *senders = calloc((size_t)threads, sizeof(*senders));
	mo_autofree int64_t *times = calloc((size_t)n, sizeof(*times));
	int64_t left = n, done = 0, failed = 0, start = mo_mono();

	if (!senders || !times)
		return cli_usage(c, "no memory for so many requests");
	const struct sender model = { .path = path,
		.body = body,
		.left = &left,
		.times = times,
		.done = &done,
		.failed = &failed };
	int started = start_senders(c, senders, threads, &model);
	const char *problem = "";
	for (int i = 0; i < started; i++) {
		pthread_join(senders[i].thread, NULL);
		httpc_free(senders[i].cli.client);
		mo_arena_free(&senders[i].cli.arena);
		problem = senders[i].problem[0] ? senders[i].problem : problem;
	}
	print_burst(c, times, done, failed, mo_mono() - start);
	if (*problem)
		fprintf(stderr, "error: %s\n", problem);
	return failed || !started ? CLI_REFUSED : CLI_OK;
}

static int one_request(struct cli *c, const char *path, const json_t *body)
{
	mo_autojson json_t *doc = NULL;
	int rc = api_json(c, "POST", path, body, &doc);

	if (rc != CLI_OK)
		return rc;
	if (c->json || c->ids)
		show_document(c, doc);
	else if (json_object_get(doc, "explanations"))
		show_explanations(doc);
	else
		show_predictions(doc);
	return CLI_OK;
}

int predict(struct cli *c)
{
	mo_autojson json_t *body = NULL;
	int64_t repeat = cli_flag_int(c, "repeat", 0), threads = cli_flag_int(c, "concurrency", 1);

	if (repeat < 0 || repeat > REPEAT_MAX || threads < 1 || threads > THREADS_MAX)
		return cli_usage(c, "--repeat takes 1 to %d, --concurrency 1 to %d", REPEAT_MAX,
			THREADS_MAX);
	int rc = rows_body(c, &body);
	if (rc != CLI_OK)
		return rc;
	if (!repeat)
		return one_request(c, api_path(c), body);
	mo_autofree char *text = json_dumps(body, JSON_COMPACT);
	return text ? burst(c, api_path(c), text, repeat, threads) : CLI_USAGE;
}
