/* predict and explain: one request shown, or the same one many times with figures. */
#include "bar.h"
#include "call.h"
#include "fmt.h"
#include "modelops/base/check.h"
#include "modelops/base/time.h"
#include "modelops/json/json.h"
#include "rows.h"
#include "show.h"
#include "table.h"

#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { REPEAT_MAX = 10000000, THREADS_MAX = 256, BAR = 24 };

static void show_predictions(struct cli *c, const json_t *doc)
{
	const json_t *list = json_object_get(doc, "predictions");
	char text[SHOW_CELL];
	size_t i;
	json_t *one;

	json_array_foreach(list, i, one)
	{
		printf("row %zu  %s\n", i + 1, show_value(one, FMT_TEXT, text));
	}
	printf("model %s\n", fmt_clean(show_text(doc, "model_version"), false, &c->arena));
}

/* One feature's part in an explanation. */
struct part {
	const char *name;
	double value;
	size_t index;
};

static int by_weight(const void *a, const void *b)
{
	double x = fabs(((const struct part *)a)->value), y = fabs(((const struct part *)b)->value);
	return (x < y) - (x > y);
}

/* What the row says for the feature, as text. */
static const char *feature_value(struct cli *c, const json_t *row, const struct part *part)
{
	const json_t *v = json_is_object(row) ? json_object_get(row, part->name)
					      : json_array_get(row, part->index);
	char text[SHOW_CELL];

	return v && json_is_null(v) ? "missing"
				    : mo_arena_strdup(&c->arena, show_value(v, FMT_NUMBER, text));
}

static void print_parts(
	struct cli *c, const struct part *parts, size_t n, const json_t *row, struct mo_buf *out)
{
	static const struct table_col cols[] = { { "FEATURE" }, { "VALUE", .right = true },
		{ "CONTRIBUTION", .right = true }, { "" } };
	struct table table;

	table_init(&table, cols, MO_COUNT(cols), &c->arena);
	for (size_t i = 0; i < n; i++) {
		mo_autobuf struct mo_buf bar;
		mo_buf_init(&bar, 256);
		bar_value(parts[i].value, fabs(parts[0].value), BAR, &bar);
		const char *cells[] = { parts[i].name, feature_value(c, row, &parts[i]),
			mo_arena_printf(&c->arena, "%+.6f", parts[i].value),
			mo_arena_strdup(&c->arena, bar.len ? bar.data : " ") };
		const char *paints[] = { NULL, NULL, NULL, parts[i].value < 0 ? "31" : "32" };
		if (table_add(&table, cells, paints) < 0)
			return;
	}
	table_print(&table, c->width, c->colour, out);
}

static void show_explanation(struct cli *c, size_t number, const json_t *row, const json_t *one)
{
	json_t *values = json_object_get(one, "values"), *value;
	size_t n = 0;
	struct part *parts =
		mo_arena_zalloc(&c->arena, (json_object_size(values) + 1) * sizeof(*parts));
	mo_autobuf struct mo_buf out;
	const char *name, *class = fmt_clean(show_text(one, "class"), false, &c->arena);

	mo_buf_init(&out, 64 << 20);
	json_object_foreach(values, name, value)
	{
		if (parts)
			parts[n] = (struct part){ name, json_number_value(value), n };
		n += parts != NULL;
	}
	if (n)
		qsort(parts, n, sizeof(*parts), by_weight);
	mo_buf_printf(&out, "%srow %zu%s%s  output %.6g = base %.6g + the sum of\n",
		number > 1 ? "\n" : "", number, *class ? "  class " : "", class,
		show_number(one, "output"), show_number(one, "base_value"));
	print_parts(c, parts, n, row, &out);
	fwrite(mo_buf_str(&out), 1, out.len, stdout);
}

static void show_explanations(struct cli *c, const json_t *request, const json_t *doc)
{
	const json_t *rows = json_object_get(request, "instances");
	size_t i, k;
	json_t *one, *part;

	json_array_foreach(json_object_get(doc, "explanations"), i, one)
	{
		const json_t *row = json_array_get(rows, i);
		if (!json_is_array(one))
			show_explanation(c, i + 1, row, one);
		json_array_foreach(one, k, part)
		{
			show_explanation(c, i + 1, row, part);
		}
	}
	printf("model %s\n", fmt_clean(show_text(doc, "model_version"), false, &c->arena));
}

/* ---- many requests ---- */

/* One thread's share of a burst. */
struct sender {
	pthread_t thread;
	struct cli cli; /* a copy with a client and arena of its own */
	const char *path, *body;
	int64_t *left;                       /* requests still to send, shared */
	int64_t *times;                      /* microseconds per request, shared */
	int64_t *done, *failed, *unanswered; /* shared counters; unanswered of the failed */
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
		__atomic_add_fetch(s->unanswered, 1, __ATOMIC_RELAXED);
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
	int64_t p50 = 0, p95 = 0, p99 = 0, max = 0;

	if (done > 0) { /* nearest rank: the 99th percentile of 100 is the 99th */
		qsort(times, (size_t)done, sizeof(*times), by_value);
		p50 = times[(done + 1) / 2 - 1];
		p95 = times[(done * 95 + 99) / 100 - 1];
		p99 = times[(done * 99 + 99) / 100 - 1];
		max = times[done - 1];
	}
	if (c->json)
		printf("{\"requests\":%lld,\"failed\":%lld,\"seconds\":%.6f,\"per_second\":%.1f,"
		       "\"p50_ms\":%.3f,\"p95_ms\":%.3f,\"p99_ms\":%.3f,\"max_ms\":%.3f}\n",
			(long long)done, (long long)failed, seconds, (double)done / seconds,
			(double)p50 / 1e3, (double)p95 / 1e3, (double)p99 / 1e3, (double)max / 1e3);
	else
		printf("%lld requests in %.2f s: %.0f per second, %lld failed\n"
		       "latency p50 %.2f ms, p95 %.2f ms, p99 %.2f ms, max %.2f ms\n",
			(long long)done, seconds, (double)done / seconds, (long long)failed,
			(double)p50 / 1e3, (double)p95 / 1e3, (double)p99 / 1e3, (double)max / 1e3);
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
	int64_t left = n, done = 0, failed = 0, unanswered = 0, start = mo_mono();

	if (!senders || !times)
		return cli_usage(c, "no memory for so many requests");
	const struct sender model = { .path = path,
		.body = body,
		.left = &left,
		.times = times,
		.done = &done,
		.failed = &failed,
		.unanswered = &unanswered };
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
		fprintf(stderr, "error: %s\n", fmt_clean(problem, false, &c->arena));
	if (unanswered == n)
		return CLI_UNREACHABLE;
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
		show_explanations(c, body, doc);
	else
		show_predictions(c, doc);
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
	const char *path;
	if (rc == CLI_OK)
		rc = call_path(c, &path);
	if (rc != CLI_OK)
		return rc;
	if (!repeat)
		return one_request(c, path, body);
	mo_autofree char *text = json_dumps(body, JSON_COMPACT);
	return text ? burst(c, path, text, repeat, threads < repeat ? threads : repeat) : CLI_USAGE;
}
