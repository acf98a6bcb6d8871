/* The parts of one modelops-api process, made in main.c and passed down. */
#ifndef MODELOPS_API_API_H
#define MODELOPS_API_API_H

#include "modelops/crypto/workload.h"
#include "modelops/http/server.h"
#include "modelops/http/workers.h"

#include "modelops/base/buf.h"

#include "key_cache.h"
#include "settings.h"

#include <pthread.h>

struct gateway;
struct gateway_metrics;
struct objstore;
struct rate;
struct store;
struct usage_flusher;
struct usage_map;

enum { API_FAMILIES = 4 };

struct api_loop {
	struct http_loop *loop;
	struct gateway *gateway;     /* NULL without the gateway role */
	struct store_reader *reader; /* NULL unless reads run on the loop */
	pthread_t thread;
	bool running;
};

struct api {
	struct api_cfg cfg;
	bool control, gateway; /* roles */
	bool read_on_loop;     /* the store answers primary-key reads without blocking (SQLite) */
	_Atomic bool stopping; /* readyz says 503 */
	struct {
		pthread_mutex_t lock;
		int64_t at; /* mo_mono() of the last look; 0: none yet */
		struct mo_err err;
		bool ok;
	} ready;
	struct obs *obs;
	struct obs_family *families[API_FAMILIES]; /* gauges of metrics_routes.c */
	struct http_router *router;
	struct http_server *server;
	struct http_workers *workers, *streams, *blobs; /* pools.c */
	struct api_loop *loops;
	struct store *store;
	struct objstore *objects;
	struct usage_map *usage;
	struct usage_flusher *flusher;
	struct gateway_metrics *gateway_metrics;
	struct key_cache *keys;
	struct rate *rate; /* NULL: no limit */
	struct workload_key workload_key;
	struct mo_buf openapi; /* the document, made at start */
	char base_url[256];    /* "http://127.0.0.1:8000" as bound */
	char door_url[256];    /* the same as this machine's own programs reach it */
	struct {
		char url[1100], workload[1024], presign[1024],
			swagger[1024]; /* defaults of unset settings */
	} paths;
};

#endif
