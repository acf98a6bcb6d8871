/* Runs: created, followed to their end, their logs. */
#include "bar.h"
#include "call.h"
#include "fmt.h"
#include "modelops/base/check.h"
#include "modelops/base/time.h"
#include "modelops/json/json.h"
#include "show.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { POLL = 150000, LINES_MAX = 200, SERIES = 6 };

/* One metric series of the step that runs. */
struct series {
	char key[104], cursor[256]; /* cursor: of the last page; "": the first */
	double value;
	int64_t iteration;
};

/* What a watch has printed so far, to print only what is new. */
struct watch {
	struct cli *c;
	const char *id;
	char shown[LINES_MAX][96];
	int lines; /* drawn on the terminal, to be drawn over */
	int64_t until;
	char step[104]; /* whose series these are */
	struct series series[SERIES];
	size_t count;
};

static bool ended(const char *state)
{
	return strcmp(state, "SUCCEEDED") == 0 || strcmp(state, "FAILED") == 0 ||
	       strcmp(state, "CANCELLED") == 0 || strcmp(state, "SKIPPED") == 0;
}

static struct series *find_series(struct watch *w, const char *key)
{
	for (size_t i = 0; i < w->count; i++)
		if (strcmp(w->series[i].key, key) == 0)
			return &w->series[i];
	if (w->count == SERIES || strlen(key) >= sizeof(w->series[0].key))
		return NULL;
	struct series *s = &w->series[w->count++];
	*s = (struct series){ .iteration = -1 };
	memcpy(s->key, key, strlen(key) + 1);
	return s;
}

/* One page of STEP's metrics into the series; its cursor, "" at the end, NULL without a reply. */
static const char *metric_page(
	struct watch *w, const char *step, const char *key, const char *cursor)
{
	struct cli *c = w->c;
	mo_autojson json_t *page = NULL;
	const char *path = mo_arena_printf(&c->arena, "/v1/runs/%s/metrics?limit=500", w->id);
	size_t i;
	json_t *row;

	path = api_query(c, path, "step", step);
	path = key ? api_query(c, path, "key", key) : path;
	path = *cursor ? api_query(c, path, "cursor", cursor) : path;
	c->hushed = true; /* without them the bar says less */
	int rc = api_json(c, "GET", path, NULL, &page);
	c->hushed = false;
	json_array_foreach(json_object_get(page, "items"), i, row)
	{
		struct series *s = find_series(w, show_text(row, "key"));
		int64_t at = (int64_t)show_number(row, "iteration");
		if (s && at >= s->iteration) {
			s->iteration = at;
			s->value = show_number(row, "value");
		}
	}
	return rc == CLI_OK ? mo_arena_strdup(&c->arena, show_text(page, "next")) : NULL;
}

/* The newest value of each metric. Rows come by key and round: once the keys are known each has a
 * cursor of its own, so that a long training is not read again and again. */
static void read_metrics(struct watch *w, const char *step)
{
	const char *next = "";

	if (strcmp(w->step, step) != 0) {
		w->count = 0;
		snprintf(w->step, sizeof(w->step), "%s", step);
	}
	if (w->count < 2) {
		for (int i = 0; i < 40; i++) {
			next = metric_page(w, step, NULL, next);
			if (!next || !*next)
				return;
		}
		return;
	}
	for (size_t k = 0; k < w->count; k++) {
		struct series *s = &w->series[k];
		for (int i = 0; i < 40; i++) {
			next = metric_page(w, step, s->key, s->cursor);
			if (!next || !*next || strlen(next) >= sizeof(s->cursor))
				break;
			memcpy(s->cursor, next, strlen(next) + 1);
		}
	}
}

/* "train-mlogloss 0.041, valid-mlogloss 0.082 in round 38". */
static const char *last_metrics(struct watch *w, const char *step)
{
	mo_autobuf struct mo_buf out;

	read_metrics(w, step);
	mo_buf_init(&out, 4096);
	for (size_t i = 0; i < w->count; i++)
		mo_buf_printf(
			&out, "%s%s %.4g", i ? ", " : "", w->series[i].key, w->series[i].value);
	if (w->count)
		mo_buf_printf(&out, " in round %lld", (long long)w->series[0].iteration + 1);
	const char *text = mo_arena_strdup(&w->c->arena, mo_buf_str(&out));
	return text ? fmt_clean(text, false, &w->c->arena) : "";
}

/* Why it is as it is: the reason of an end, what it waits for, or its newest metrics. */
static const char *note_of(struct watch *w, const json_t *step)
{
	const char *detail = show_text(step, "detail"), *reason = show_text(step, "reason");
	bool trains = strcmp(show_text(step, "state"), "RUNNING") == 0;

	if (*reason || *detail)
		return fmt_clean(*reason ? reason : detail, false, &w->c->arena);
	return trains ? last_metrics(w, show_text(step, "name")) : "";
}

static void bar(struct watch *w, const json_t *step, struct mo_buf *out)
{
	const char *state = show_text(step, "state");
	const json_t *eta = show_at(step, "eta_s");
	const struct bar b = {
		.label = fmt_clean(show_text(step, "name"), false, &w->c->arena),
		.state = fmt_clean(state, false, &w->c->arena),
		.colour = show_colour(w->c, state),
		.done = strcmp(state, "SUCCEEDED") == 0 ? 1 : show_number(step, "progress"),
		.running = strcmp(state, "RUNNING") == 0,
		.left_s = json_is_number(eta) ? json_number_value(eta) : -1,
		.note = note_of(w, step),
	};

	bar_step(&b, w->c->width, out);
	mo_buf_puts(out, "\033[K\n");
}

/* All lines in one write, so that nothing flickers. */
static void draw(struct watch *w, const json_t *steps)
{
	mo_autobuf struct mo_buf out;
	size_t i;
	json_t *step;

	mo_buf_init(&out, 1 << 20);
	if (w->lines)
		mo_buf_printf(&out, "\033[%dA", w->lines);
	w->lines = 0;
	json_array_foreach(steps, i, step)
	{
		bar(w, step, &out);
		w->lines++;
	}
	fwrite(mo_buf_str(&out), 1, out.len, stdout);
	fflush(stdout);
}

/* Without a terminal: one line per change of state and per tenth of progress. */
static void print_changes(struct watch *w, const json_t *steps)
{
	size_t i;
	json_t *step;
	char now[96];

	json_array_foreach(steps, i, step)
	{
		const char *state = show_text(step, "state");
		const char *detail = show_text(step, "detail"), *reason = show_text(step, "reason");
		int tenth = strcmp(state, "RUNNING") == 0
				    ? (int)(show_number(step, "progress") * 10)
				    : 0;
		if (i >= LINES_MAX)
			break;
		snprintf(now, sizeof(now), "%s %d %.60s", state, tenth, *reason ? reason : detail);
		if (strcmp(now, w->shown[i]) == 0)
			continue;
		memcpy(w->shown[i], now, sizeof(now));
		printf("  %-12s %-11s", fmt_clean(show_text(step, "name"), false, &w->c->arena),
			fmt_clean(state, false, &w->c->arena));
		if (tenth)
			printf(" %d %%", tenth * 10);
		const char *note = tenth || *reason || *detail ? note_of(w, step) : "";
		printf("%s%s\n", *note ? " " : "", note);
	}
	fflush(stdout);
}

static int show_steps(struct watch *w)
{
	mo_autojson json_t *page = NULL;
	const char *path = mo_arena_printf(&w->c->arena, "/v1/runs/%s/steps?limit=500", w->id);
	int rc = api_poll(w->c, path, &page);

	if (rc != CLI_OK)
		return rc;
	const json_t *steps = json_object_get(page, "items");
	if (w->c->quiet || w->c->json || w->c->ids)
		return CLI_OK;
	if (w->c->terminal)
		draw(w, steps);
	else
		print_changes(w, steps);
	return CLI_OK;
}

/* CLI_OK when the run succeeded; *ret_run is its last document (owned by the caller). */
static int follow(struct watch *w, json_t **ret_run)
{
	const char *path = mo_arena_printf(&w->c->arena, "/v1/runs/%s", w->id);

	for (;;) {
		mo_autojson json_t *run = NULL;
		int rc = api_poll(w->c, path, &run);
		if (rc == CLI_OK)
			rc = show_steps(w);
		if (rc != CLI_OK)
			return rc;
		const char *state = show_text(run, "state");
		if (ended(state)) {
			rc = strcmp(state, "SUCCEEDED") == 0 ? CLI_OK : CLI_AWAITED;
			*ret_run = MO_TAKE(run);
			return rc;
		}
		if (mo_mono() > w->until) {
			fprintf(stderr, "error: run %s is still %s\n", w->id, state);
			return CLI_LATE;
		}
		usleep(POLL);
	}
}

static int watch_id(struct cli *c, const char *id)
{
	mo_autojson json_t *run = NULL;
	mo_autofree struct watch *w = calloc(1, sizeof(*w));
	int64_t seconds = cli_flag_int(c, "wait-timeout", 3600);

	if (!w || seconds < 0)
		return cli_usage(c, "--wait-timeout: not a number of seconds");
	w->c = c;
	w->id = api_encode(c, id);
	w->until = mo_mono() + seconds * MO_SECOND;
	int rc = follow(w, &run);
	if (!run)
		return rc;
	if (c->json || c->ids)
		show_document(c, run);
	else
		printf("run %s %s%s%s%s%s\n", id, show_colour(c, show_text(run, "state")),
			show_text(run, "state"), show_plain(c),
			*show_text(run, "reason") ? ": " : "",
			fmt_clean(show_text(run, "reason"), false, &c->arena));
	return rc;
}

int run_watch(struct cli *c)
{
	return watch_id(c, c->args[0]);
}

static int create(struct cli *c)
{
	mo_autojson json_t *body = NULL;
	mo_autojson json_t *doc = NULL;

	if (call_body(c, &body) != CLI_OK)
		return CLI_USAGE;
	int rc = api_json(c, "POST", c->cmd->path, body, &doc);
	if (rc != CLI_OK)
		return rc;
	if (!cli_flag(c, "wait")) {
		show_document(c, doc);
		return CLI_OK;
	}
	if (!c->json && !c->ids && !c->quiet)
		printf("run %s\n", show_text(doc, "id"));
	if (!*show_text(doc, "id"))
		return cli_usage(c, "the reply names no run");
	return watch_id(c, mo_arena_strdup(&c->arena, show_text(doc, "id")));
}

int run_create(struct cli *c)
{
	return create(c);
}

int job_create(struct cli *c)
{
	return create(c);
}

/* A log holds what the user's code wrote: on a terminal its control bytes become '?'. */
struct log_out {
	bool terminal;
	unsigned char last;
};

static void put_safe(struct log_out *log, const unsigned char *p, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		bool low = p[i] < 0x20 && p[i] != '\n' && p[i] != '\t';
		bool high = log->last == 0xc2 && p[i] >= 0x80 && p[i] < 0xa0; /* U+0080 to U+009F */
		putchar(low || high || p[i] == 0x7f ? '?' : p[i]);
		log->last = p[i];
	}
}

static int to_stdout(void *ctx, const void *p, size_t n, struct mo_err *err)
{
	struct log_out *log = ctx;

	if (log->terminal)
		put_safe(log, p, n);
	if (log->terminal ? !ferror(stdout) : fwrite(p, 1, n, stdout) == n)
		return 0;
	return mo_fail(err, MO_EUNAVAIL, "standard output is closed");
}

int run_logs(struct cli *c)
{
	struct log_out log = { .terminal = c->terminal };
	const struct httpc_request request = {
		.sink = to_stdout, .ctx = &log, .timeout = -1, .stall = 30 * MO_SECOND
	};
	struct httpc_reply reply;
	const char *path;
	int rc = call_path(c, &path);

	if (rc == CLI_OK)
		rc = api_send(c, "GET", path, NULL, &request, &reply);
	if (rc == CLI_OK)
		httpc_reply_free(&reply);
	return rc;
}
