/* modelops-agent: settings, start, the loop of passes, stop. */
#include "agent.h"

#include "modelops/base/check.h"
#include "modelops/base/fault.h"
#include "modelops/base/log.h"
#include "modelops/base/program.h"
#include "modelops/base/time.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { ARENA_MAX = 32 << 20, ARENA_BLOCK = 64 << 10, READERS = 1, QUEUE_MAX = 16 };

static const char purpose[] =
	"Bookkeeping of ModelOps Studio: usage becomes ledger entries, old records go, SQLite's "
	"log is kept short.";

/* Ready: the database answers, whether this process leads or waits. */
static int ping(struct store_tx *tx, void *ctx, struct mo_err *err)
{
	*(int64_t *)ctx = store_now(tx);
	return 0;
}

static bool ready(void *ctx, struct mo_err *err)
{
	struct agent *a = ctx;
	int64_t now;
	return store_read(a->store, ping, &now, err) == 0;
}

static int open_all(struct agent *a, struct http_ops **ret_ops, struct mo_err *err)
{
	char url[512], address[512], objects[512];
	if (!a->cfg.data)
		return mo_fail(err, MO_EINVAL, "MODELOPS_DATA is not set");
	snprintf(url, sizeof(url), "sqlite:%s/modelops.db", a->cfg.data);
	snprintf(address, sizeof(address), "%s/run/agent.ops", a->cfg.data);
	snprintf(objects, sizeof(objects), "%s/artifacts", a->cfg.data);
	struct objstore_cfg objstore = { .folder = objects };
	struct store_cfg store = { .url = a->cfg.database_url ? a->cfg.database_url : url,
		.data_dir = a->cfg.data,
		.readers = READERS + 1, /* and one for /readyz */
		.queue_max = QUEUE_MAX,
		.statement_timeout_us = 30 * MO_SECOND };
	if (obs_new(&a->obs, err) < 0 || agent_metrics_init(a, err) < 0)
		return -1;
	store.obs = a->obs;
	if (store_open(&store, &a->store, err) < 0 ||
		objstore_open(&objstore, &a->objects, err) < 0 || lead_open(a, err) < 0)
		return -1;
	return http_ops_start(&a->cfg.ops, NULL, a->obs, ready, a, address, ret_ops, err);
}

static void pass(struct agent *a)
{
	struct mo_err err = { 0 };
	if (!lead_keep(a) || agent_pass(a, &err) == 0)
		return;
	obs_add(a->metrics[AGENT_ERRORS], 1);
	mo_log(MO_LOG_WARN, "pass failed", "error", err.msg, NULL);
	if (err.code == MO_EPRECOND)
		a->renewed_at = 0; /* deposed, perhaps: ask again before the next pass */
}

/* Passes until a signal asks for the end; one more then, so that the books are closed. */
static void run(struct agent *a, const sigset_t *stop)
{
	int64_t next = mo_mono();
	for (;;) {
		pass(a);
		next += a->cfg.interval;
		int64_t wait = next - mo_mono();
		if (wait < 0) {
			next -= wait;
			wait = 0;
		}
		struct timespec ts = { wait / MO_SECOND, wait % MO_SECOND * 1000 };
		if (sigtimedwait(stop, NULL, &ts) > 0)
			break;
	}
	mo_log(MO_LOG_INFO, "stopping", NULL);
	pass(a);
}

int main(int argc, char **argv)
{
	static struct agent a = { .lock_file = -1 };
	struct mo_err err = { 0 };
	struct http_ops *ops = NULL;
	if (mo_cfg_info(agent_settings, agent_settings_count, "modelops-agent", purpose, argc, argv,
		    stdout))
		return 0;
	mo_program_no_core();
	mo_log_init("modelops-agent", MO_LOG_INFO, MO_LOG_KV);
	mo_fault_from_env();
	if (mo_cfg_load(agent_settings, agent_settings_count, &a.cfg, argc, argv, &err) < 0) {
		mo_log(MO_LOG_ERROR, "bad setting", "error", err.msg, NULL);
		return 2;
	}
	mo_log_init("modelops-agent", (enum mo_log_level)a.cfg.log_level,
		(enum mo_log_format)a.cfg.log_format);
	sigset_t stop;
	sigemptyset(&stop);
	sigaddset(&stop, SIGTERM);
	sigaddset(&stop, SIGINT);
	sigprocmask(SIG_BLOCK, &stop, NULL); /* before any thread is made */
	mo_arena_init(&a.arena, ARENA_MAX, ARENA_BLOCK);
	int rc = open_all(&a, &ops, &err);
	if (rc < 0)
		mo_log(MO_LOG_ERROR, "cannot start", "error", err.msg, NULL);
	else
		mo_log(MO_LOG_INFO, "started", "ops", http_ops_address(ops), NULL);
	if (rc == 0)
		run(&a, &stop);
	if (ops)
		http_ops_stop(ops);
	if (a.store)
		lead_close(&a);
	store_close(a.store);
	objstore_close(a.objects);
	mo_arena_free(&a.arena);
	obs_free(a.obs);
	return rc < 0 ? 1 : 0;
}
