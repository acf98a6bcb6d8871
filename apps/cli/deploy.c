/* Deployments: made, changed, waited for. */
#include "call.h"
#include "fmt.h"
#include "modelops/base/time.h"
#include "modelops/json/json.h"
#include "show.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { POLL = 150000 };
enum verdict { GO_ON, SERVES, CANNOT };

/* The generation that was asked for serves, or cannot: revisions are numbered by generation, and a
 * READY of the one before says nothing about it. */
static enum verdict judge(const json_t *deployment, const json_t *revisions)
{
	int64_t wanted = (int64_t)show_number(deployment, "generation");
	const char *state = show_text(deployment, "state");
	bool settled = strcmp(state, "READY") == 0 || strcmp(state, "IDLE") == 0;
	size_t i;
	json_t *row;

	if (strcmp(state, "DELETING") == 0)
		return CANNOT;
	json_array_foreach(json_object_get(revisions, "items"), i, row)
	{
		int64_t number = (int64_t)show_number(row, "number");
		if (number >= wanted && settled && strcmp(show_text(row, "state"), "READY") == 0)
			return SERVES;
		if (number == wanted && strcmp(show_text(row, "state"), "FAILED") == 0)
			return CANNOT;
	}
	if (strcmp(state, "IDLE") == 0 && show_number(deployment, "spec.replicas.min") == 0)
		return SERVES;
	return strcmp(state, "FAILED") == 0 ? CANNOT : GO_ON;
}

/* A line per change, or one line drawn over on a terminal. */
static void say(struct cli *c, const json_t *doc, char shown[SHOW_CELL])
{
	char now[SHOW_CELL];
	const char *reason = fmt_clean(show_text(doc, "reason"), false, &c->arena);

	snprintf(now, sizeof(now), "%.60s %.20s%s%.70s",
		fmt_clean(show_text(doc, "name"), false, &c->arena),
		fmt_clean(show_text(doc, "state"), false, &c->arena), *reason ? "  " : "", reason);
	if (c->quiet || c->json || c->ids || strcmp(now, shown) == 0)
		return;
	memcpy(shown, now, sizeof(now));
	if (c->terminal)
		printf("\r\033[K%.*s", c->width > 1 ? c->width - 1 : 79, now);
	else
		printf("%s\n", now);
	fflush(stdout);
}

static int finish(struct cli *c, const json_t *doc, enum verdict verdict)
{
	if (c->terminal && !c->quiet)
		printf("\r\033[K");
	show_document(c, doc);
	if (verdict == SERVES)
		return CLI_OK;
	fprintf(stderr,
		"error: deployment %s cannot serve: %s\n  hint        modelops deployment events "
		"%s\n",
		show_text(doc, "id"), fmt_clean(show_text(doc, "reason"), false, &c->arena),
		show_text(doc, "id"));
	return CLI_AWAITED;
}

static int wait_for(struct cli *c, const char *id)
{
	int64_t seconds = cli_flag_int(c, "wait-timeout", 3600);
	int64_t until = mo_mono() + seconds * MO_SECOND;
	const char *path = mo_arena_printf(&c->arena, "/v1/deployments/%s", api_encode(c, id));
	const char *more = mo_arena_printf(&c->arena, "%s/revisions?limit=500", path);
	char shown[SHOW_CELL] = "";

	if (seconds < 0)
		return cli_usage(c, "--wait-timeout: not a number of seconds");
	for (;; usleep(POLL)) {
		mo_autojson json_t *doc = NULL;
		mo_autojson json_t *revisions = NULL;
		int rc = api_poll(c, path, &doc);
		if (rc == CLI_OK)
			rc = api_poll(c, more, &revisions);
		if (rc != CLI_OK)
			return rc;
		say(c, doc, shown);
		enum verdict verdict = judge(doc, revisions);
		if (verdict != GO_ON)
			return finish(c, doc, verdict);
		if (mo_mono() > until) {
			fprintf(stderr, "%serror: deployment %s is still %s\n",
				c->terminal ? "\n" : "", id,
				fmt_clean(show_text(doc, "state"), false, &c->arena));
			return CLI_LATE;
		}
	}
}

int deployment_wait(struct cli *c)
{
	const char *id;
	int rc = call_resolve(c, "/v1/deployments", c->args[0], &id);
	return rc == CLI_OK ? wait_for(c, id) : rc;
}

/* create and update. */
int deployment_write(struct cli *c)
{
	mo_autojson json_t *body = NULL;
	mo_autojson json_t *doc = NULL;
	const char *path;

	if (!cli_flag(c, "wait"))
		return call_command(c);
	if (call_body(c, &body) != CLI_OK)
		return CLI_USAGE;
	int rc = call_path(c, &path);
	if (rc == CLI_OK)
		rc = api_json(c, c->cmd->method, path, body, &doc);
	if (rc != CLI_OK)
		return rc;
	return wait_for(c, mo_arena_strdup(&c->arena, show_text(doc, "id")));
}
