/* modelops-controller: makes the world match the store. Starts, leads or stands by, reconciles,
 * stops. */
#include "controller.h"
#include "modelops/base/check.h"
#include "modelops/base/fault.h"
#include "modelops/base/id.h"
#include "modelops/base/log.h"
#include "modelops/base/program.h"
#include "modelops/base/time.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "loop.h"

struct paths {
	char database[600], workload_key[560], presign_key[560], bin[512], objects[560], work[560],
		ops[560];
};

/* Defaults that lie in the data folder. */
static int fill_paths(struct controller_cfg *cfg, struct paths *p, struct mo_err *err)
{
	if (!cfg->data || strlen(cfg->data) > 500)
		return mo_fail(err, MO_EINVAL, "MODELOPS_DATA must name a folder");
	snprintf(p->database, sizeof(p->database), "sqlite:%s/modelops.db", cfg->data);
	snprintf(p->workload_key, sizeof(p->workload_key), "%s/secrets/workload.key", cfg->data);
	snprintf(p->presign_key, sizeof(p->presign_key), "%s/secrets/presign.key", cfg->data);
	snprintf(p->objects, sizeof(p->objects), "%s/artifacts", cfg->data);
	snprintf(p->work, sizeof(p->work), "%s/work", cfg->data);
	snprintf(p->ops, sizeof(p->ops), "%s/run/controller.ops", cfg->data);
	if (!cfg->bin_dir && mo_program_dir(p->bin, sizeof(p->bin), err) < 0)
		return -1;
	cfg->database_url = cfg->database_url ? cfg->database_url : p->database;
	cfg->workload_key_file = cfg->workload_key_file ? cfg->workload_key_file : p->workload_key;
	cfg->presign_key_file = cfg->presign_key_file ? cfg->presign_key_file : p->presign_key;
	cfg->bin_dir = cfg->bin_dir ? cfg->bin_dir : p->bin;
	return 0;
}

static int open_parts(struct controller *ctl, const struct paths *p, struct mo_err *err)
{
	const struct controller_cfg *cfg = ctl->cfg;
	struct store_cfg store = { .url = cfg->database_url,
		.data_dir = cfg->data,
		.readers = 2,
		.queue_max = 64,
		.statement_timeout_us = 10 * MO_SECOND,
		.obs = ctl->obs };
	struct objstore_cfg objects = { .folder = p->objects,
		.presign_key_file = cfg->presign_key_file };
	struct exec_local_cfg exec = { .work_dir = p->work, .bin_dir = cfg->bin_dir };

	if (workload_key_load(cfg->workload_key_file, &ctl->key, err) < 0 ||
		store_open(&store, &ctl->store, err) < 0 ||
		objstore_open(&objects, &ctl->objects, err) < 0 ||
		executor_local(&exec, &ctl->ex, err) < 0 || watch_new(&ctl->watch, err) < 0)
		return -1;
	return 0;
}

static void close_parts(struct controller *ctl)
{
	logs_free(ctl);
	watch_free(ctl->watch);
	executor_free(ctl->ex);
	objstore_close(ctl->objects);
	store_close(ctl->store);
	mo_arena_free(&ctl->arena);
	mo_arena_free(&ctl->pass);
	obs_free(ctl->obs);
	explicit_bzero(&ctl->key, sizeof(ctl->key));
}

static int serve(struct controller *ctl, const struct paths *p, struct mo_err *err)
{
	struct http_ops *ops = NULL;
	struct lead *lead = NULL;

	if (http_ops_start(&ctl->cfg->ops, NULL, ctl->obs, loop_ready, ctl, p->ops, &ops, err) < 0)
		return -1;
	mo_log(MO_LOG_INFO, "started", "ops", http_ops_address(ops), NULL);
	int status = lead_start(ctl, &lead, err);
	if (status == 0)
		status = loop_run(ctl, err);
	lead_stop(lead);
	http_ops_stop(ops);
	return status;
}

static int run(struct controller_cfg *cfg, struct mo_err *err)
{
	struct controller ctl = { .cfg = cfg };
	struct paths p;

	mo_arena_init(&ctl.pass, (size_t)256 << 20, 256 << 10);
	mo_arena_init(&ctl.arena, (size_t)cfg->object_memory, 64 << 10);
	mo_map_init(&ctl.logs, 65536);
	mo_id_new("ctl", ctl.holder);
	loop_block_signals();
	int status = obs_new(&ctl.obs, err);
	if (status == 0)
		status = metrics_declare(&ctl, err);
	if (status == 0)
		status = fill_paths(cfg, &p, err);
	if (status == 0)
		status = open_parts(&ctl, &p, err);
	if (status == 0)
		status = serve(&ctl, &p, err);
	close_parts(&ctl);
	return status;
}

int main(int argc, char **argv)
{
	struct controller_cfg cfg = { 0 };
	struct mo_err err = { 0 };

	if (mo_cfg_info(controller_settings, controller_settings_count, "modelops-controller",
		    "makes runs and deployments happen", argc, argv, stdout))
		return 0;
	mo_program_no_core();
	mo_fault_from_env();
	if (mo_cfg_load(controller_settings, controller_settings_count, &cfg, argc, argv, &err) <
		0) {
		fprintf(stderr, "error: %s\n", err.msg);
		return 2;
	}
	mo_log_init(
		"controller", (enum mo_log_level)cfg.log_level, (enum mo_log_format)cfg.log_format);
	if (run(&cfg, &err) == 0)
		return 0;
	mo_log(MO_LOG_ERROR, "stopped", "error", err.msg, NULL);
	fprintf(stderr, "error: %s\n", err.msg);
	return 1;
}
