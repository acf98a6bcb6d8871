/* Start, serve, drain, stop. */
#include "process.h"

#include "modelops/base/check.h"
#include "modelops/base/log.h"
#include "modelops/objstore/objstore.h"
#include "modelops/store/store.h"

#include "app.h"
#include "follow.h"
#include "gateway.h"
#include "gateway_routes.h"
#include "health.h"
#include "listen.h"
#include "metrics.h"
#include "openapi.h"
#include "paths.h"
#include "pools.h"
#include "rate.h"
#include "route.h"
#include "seed.h"

#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { KEY_CACHE_MAX = 20000 };

/* What lives only while the process serves. */
struct running {
	struct http_app app;
	struct http_ops *ops;
	struct follower *follower;
	const char **route_names;
	char pid_file[PATH_TEXT], address_file[PATH_TEXT];
	sem_t drained;
};

/* What this process serves: the gateway's two routes, everything else of /v1, and always what is
 * public. */
static bool serves(const struct api *api, const struct route *route)
{
	if (route->flags & RF_DEMO && api->cfg.auth_mode != AUTH_MODE_DEMO)
		return false;
	if (route->perm == PERM_PREDICT || route->perm == PERM_EXPLAIN)
		return api->gateway;
	return api->control || route->auth == AUTH_PUBLIC;
}

static int make_router(struct api *api, struct mo_err *err)
{
	if (http_router_new(&api->router, err) < 0)
		return -1;
	for (size_t i = 0; i < api_route_count; i++) {
		const struct route *route = &api_routes[i];
		if (!serves(api, route))
			continue;
		if (http_router_add(api->router, route->method, route->path, (int)i, err) < 0)
			return mo_wrap(err, route->path);
	}
	return 0;
}

static int open_store(struct api *api, struct mo_err *err)
{
	struct store_cfg cfg = {
		.url = api->cfg.database_url,
		.data_dir = api->cfg.data,
		/* one for each thread that may ask: workers, follower, flusher, ops listener */
		.readers = api->cfg.workers + api->cfg.stream_workers + api->cfg.blob_workers + 3,
		.queue_max = api->cfg.queue_max,
		.statement_timeout_us = api->cfg.statement_timeout,
		.obs = api->obs,
	};
	if (store_open(&cfg, &api->store, err) < 0)
		return -1;
	api->read_on_loop = store_is_sqlite(api->store);
	return 0;
}

static int open_objects(struct api *api, struct mo_err *err)
{
	char folder[PATH_TEXT];
	struct objstore_cfg cfg = { .folder = folder, .presign_key_file = api->cfg.presign_key };
	if (path_in_data(api, "artifacts", folder, err) < 0)
		return -1;
	return objstore_open(&cfg, &api->objects, err);
}

static int make_parts(struct api *api, struct mo_err *err)
{
	const struct api_cfg *cfg = &api->cfg;
	pthread_mutex_init(&api->ready.lock, NULL);
	if (obs_new(&api->obs, err) < 0 || open_store(api, err) < 0 || open_objects(api, err) < 0)
		return -1;
	if (workload_key_load(cfg->workload_key, &api->workload_key, err) < 0)
		return -1;
	if (key_cache_new(KEY_CACHE_MAX, &api->keys, err) < 0 || make_router(api, err) < 0)
		return -1;
	if (openapi_build(&api->openapi, err) < 0 || metrics_start(api, err) < 0 ||
		gateway_open(api, err) < 0)
		return -1;
	if (cfg->rate && rate_new(cfg->rate, cfg->burst, api->obs, &api->rate, err) < 0)
		return -1;
	return pools_open(api, err);
}

/* Besides clients: the store's connections, files under transfer, instances. */
static void fit_descriptors(struct api *api)
{
	struct api_cfg *cfg = &api->cfg;
	int64_t workers = cfg->workers + cfg->stream_workers + cfg->blob_workers;
	char text[32];
	if (!http_limits_fit(&cfg->http, 256 + 4 * workers + 4 * cfg->http.upstream_conns))
		return;
	snprintf(text, sizeof(text), "%lld", (long long)cfg->http.max_conns);
	mo_log(MO_LOG_WARN, "fewer connections than HTTP_MAX_CONNS: raise the limit of descriptors",
		"connections", text, NULL);
}

static int make_server(struct api *api, struct running *run, struct mo_err *err)
{
	fit_descriptors(api);
	run->app = api_http_app;
	run->app.ctx = api;
	run->route_names = calloc(api_route_count + 1, sizeof(*run->route_names));
	if (!run->route_names)
		return mo_fail(err, MO_ENOMEM, "route names");
	for (size_t i = 0; i < api_route_count; i++)
		run->route_names[i] = api_routes[i].path;
	struct http_server_cfg cfg = { .limits = &api->cfg.http,
		.router = api->router,
		.app = &run->app,
		.obs = api->obs,
		.route_names = run->route_names,
		.name = "main" };
	return http_server_new(&cfg, &api->server, err) < 0 ? -1 : listen_open(api, err);
}

static void *run_loop(void *arg)
{
	struct api_loop *l = arg;
	struct mo_err err = { 0 };
	if (http_loop_run(l->loop, &err) < 0)
		mo_log(MO_LOG_ERROR, "event loop ended", "error", err.msg, NULL);
	return NULL;
}

static int start_loops(struct api *api, struct mo_err *err)
{
	api->loops = calloc((size_t)api->cfg.loops, sizeof(*api->loops));
	if (!api->loops)
		return mo_fail(err, MO_ENOMEM, "event loops");
	for (int64_t i = 0; i < api->cfg.loops; i++) {
		struct api_loop *l = &api->loops[i];
		if (http_loop_new(&l->loop, err) < 0 ||
			(api->read_on_loop && store_reader_open(api->store, &l->reader, err) < 0) ||
			gateway_start(api, l, err) < 0 ||
			http_server_attach(api->server, l->loop, err) < 0)
			return -1;
		if (pthread_create(&l->thread, NULL, run_loop, l) != 0)
			return mo_fail(err, MO_ENOMEM, "cannot start the thread of an event loop");
		l->running = true;
	}
	return 0;
}

static int write_files(struct api *api, struct running *run, struct mo_err *err)
{
	char pid[32], door_file[PATH_TEXT];
	snprintf(pid, sizeof(pid), "%ld\n", (long)getpid());
	if (path_in_data(api, "run/modelops-api.pid", run->pid_file, err) < 0 ||
		http_write_address(run->pid_file, pid, err) < 0)
		return -1;
	/* Who serves neither /v1 nor the workload door is not where people and jobs go. */
	const char *address = api->control ? "run/api.address" : "run/gateway.address";
	if (path_in_data(api, address, run->address_file, err) < 0)
		return -1;
	if (api->control && (path_in_data(api, "run/api.door", door_file, err) < 0 ||
				    http_write_address(door_file, api->door_url, err) < 0))
		return -1;
	return http_write_address(run->address_file, api->base_url, err);
}

static int start(struct api *api, struct running *run, struct mo_err *err)
{
	char ops_file[PATH_TEXT];
	if (path_in_data(api, "run/modelops-api.ops", ops_file, err) < 0 ||
		make_parts(api, err) < 0 || seed(api, err) < 0 || make_server(api, run, err) < 0 ||
		start_loops(api, err) < 0)
		return -1;
	if (follower_start(api, &run->follower, err) < 0)
		return -1;
	if (http_ops_start(&api->cfg.ops, &api->cfg.http, api->obs, health_ready, api, ops_file,
		    &run->ops, err) < 0)
		return -1;
	return write_files(api, run, err);
}

static void drained(void *ctx)
{
	sem_post(ctx);
}

static void wait_for_signal(void)
{
	sigset_t set;
	int got = 0;
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	while (sigwait(&set, &got) != 0)
		;
	mo_log(MO_LOG_INFO, "stopping", "signal", strsignal(got), NULL);
}

static void stop_loops(struct api *api)
{
	for (int64_t i = 0; api->loops && i < api->cfg.loops; i++) {
		if (!api->loops[i].running)
			continue;
		http_loop_stop(api->loops[i].loop);
		pthread_join(api->loops[i].thread, NULL);
	}
}

static int nothing(struct store_tx *tx, void *ctx, struct mo_err *err)
{
	return 0;
}

/* The store's writer thread hands requests back to loops: once it has taken one more job it is done
 * with those before. */
static void settle_writer(struct api *api)
{
	struct mo_err ignored = { 0 };
	if (api->store)
		store_write(api->store, nothing, NULL, &ignored);
}

/* In reverse; every part may be missing. */
static void stop(struct api *api, struct running *run)
{
	if (run->address_file[0])
		unlink(run->address_file);
	follower_stop(run->follower);
	pools_stop(api);
	stop_loops(api);
	settle_writer(api);
	if (run->ops)
		http_ops_stop(run->ops);
	if (api->server)
		http_server_free(api->server);
	for (int64_t i = 0; api->loops && i < api->cfg.loops; i++) {
		gateway_free(api->loops[i].gateway);
		store_reader_close(api->loops[i].reader);
		if (api->loops[i].loop)
			http_loop_free(api->loops[i].loop);
	}
	pools_free(api);
	free(api->loops);
	gateway_close(api);
	if (api->router)
		http_router_free(api->router);
	key_cache_free(api->keys);
	rate_free(api->rate);
	objstore_close(api->objects);
	if (api->store)
		store_close(api->store);
	if (api->obs)
		obs_free(api->obs);
	mo_buf_free(&api->openapi);
	free(run->route_names);
	pthread_mutex_destroy(&api->ready.lock);
	if (run->pid_file[0])
		unlink(run->pid_file);
}

/* API_ROLES: "control", "gateway" or both, separated by a comma. */
static int roles_parse(struct api *api, struct mo_err *err)
{
	const char *roles = api->cfg.roles;
	api->control = !strcmp(roles, "control") || !strcmp(roles, "control,gateway") ||
		       !strcmp(roles, "gateway,control");
	api->gateway = !strcmp(roles, "gateway") || (api->control && strcmp(roles, "control") != 0);
	if (!api->control && !api->gateway)
		return mo_fail(err, MO_EINVAL,
			"API_ROLES '%.60s' is none of: control, gateway, control,gateway", roles);
	return 0;
}

/* Threads inherit the mask: only wait_for_signal sees these two. */
static void block_signals(void)
{
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
}

int process_run(struct api *api, struct mo_err *err)
{
	struct running run = { 0 };
	block_signals();
	sem_init(&run.drained, 0, 0);
	int rc = paths_fill(api, err) < 0 || roles_parse(api, err) < 0 ? -1 : start(api, &run, err);
	if (rc == 0) {
		mo_log(MO_LOG_INFO, "serving", "address", api->base_url, "ops",
			http_ops_address(run.ops), "auth",
			api->cfg.auth_mode == AUTH_MODE_DEMO ? "demo" : "keys", NULL);
		wait_for_signal();
		api->stopping = true;
		http_server_drain(api->server, drained, &run.drained);
		while (sem_wait(&run.drained) != 0)
			;
	}
	stop(api, &run);
	sem_destroy(&run.drained);
	return rc;
}
