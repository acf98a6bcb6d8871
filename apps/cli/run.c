/* Runs: created, followed to their end, their logs. */
#include "api.h"
#include "modelops/base/check.h"
#include "modelops/base/time.h"
#include "modelops/json/json.h"
#include "show.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { BAR = 24, POLL = 150000, LINES_MAX = 200 };

/* What a watch has printed so far, to print only what is new. */
struct watch {
	struct cli *c;
	const char *id;
	char shown[LINES_MAX][96];
	int lines; /* drawn on the terminal, to be drawn over */
	int64_t until;
};

static bool ended(const char *state)
{
	return strcmp(state, "SUCCEEDED") == 0 || strcmp(state, "FAILED") == 0 ||
	       strcmp(state, "CANCELLED") == 0 || strcmp(state, "SKIPPED") == 0;
}

static void bar(const struct cli *c, const json_t *step)
{
	double done = show_number(step, "progress");
	const char *state = show_text(step, "state");
	int full = (int)(BAR * (strcmp(state, "SUCCEEDED") == 0 ? 1 : done));
	const char *detail = show_text(step, "detail"), *reason = show_text(step, "reason");
	json_t *eta = show_at(step, "eta_s");

	printf("  %-12.12s [", show_text(step, "name"));
	for (int i = 0; i < BAR; i++)
		putchar(i < full ? '#' : '.');
	printf("] %s%-11s%s", show_colour(c, state), state, show_plain(c));
	if (strcmp(state, "RUNNING") == 0)
		printf(" %3.0f %%", done * 100);
	if (strcmp(state, "RUNNING") == 0 && json_is_number(eta))
		printf(" %.0f s left", ceil(json_number_value(eta)));
	if (*reason || *detail)
		printf(" %.60s", *reason ? reason : detail);
	printf("\033[K\n");
}

static void draw(struct watch *w, const json_t *steps)
{
	size_t i;
	json_t *step;

	if (w->lines)
		printf("\033[%dA", w->lines);
	w->lines = 0;
	json_array_foreach(steps, i, step)
	{
		bar(w->c, step);
		w->lines++;
	}
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
		printf("  %-12s %-11s", show_text(step, "name"), state);
		if (tenth)
			printf(" %d %%", tenth * 10);
		if (*reason || *detail)
			printf(" %s", *reason ? reason : detail);
		printf("\n");
	}
	fflush(stdout);
}

static int show_steps(struct watch *w)
{
	mo_autojson json_t *page = NULL;
	const char *path = mo_arena_printf(&w->c->arena, "/v1/runs/%s/steps?limit=500", w->id);
	int rc = api_json(w->c, "GET", path, NULL, &page);

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
		int rc = api_json(w->c, "GET", path, NULL, &run);
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
			return CLI_AWAITED;
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
			*show_text(run, "reason") ? ": " : "", show_text(run, "reason"));
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

	if (api_body(c, &body) != CLI_OK)
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

static int to_stdout(void *ctx, const void *p, size_t n, struct mo_err *err)
{
	if (fwrite(p, 1, n, stdout) == n)
		return 0;
	return mo_fail(err, MO_EUNAVAIL, "standard output is closed");
}

int run_logs(struct cli *c)
{
	const struct httpc_request request = {
		.sink = to_stdout, .timeout = -1, .stall = 30 * MO_SECOND
	};
	struct httpc_reply reply;
	int rc = api_send(c, "GET", api_path(c), NULL, &request, &reply);

	if (rc == CLI_OK)
		httpc_reply_free(&reply);
	return rc;
}

/* Until the deployment has settled on the newest generation's revision. */
int deployment_wait(struct cli *c)
{
	int64_t seconds = cli_flag_int(c, "wait-timeout", 600);
	int64_t until = mo_mono() + seconds * MO_SECOND;

	for (;;) {
		mo_autojson json_t *doc = NULL;
		int rc = api_json(c, "GET", api_path(c), NULL, &doc);
		if (rc != CLI_OK)
			return rc;
		const char *state = show_text(doc, "state");
		bool ready = strcmp(state, "READY") == 0, failed = strcmp(state, "FAILED") == 0;
		if (ready || failed || mo_mono() > until) {
			show_document(c, doc);
			return ready ? CLI_OK : CLI_AWAITED;
		}
		usleep(POLL);
	}
}
