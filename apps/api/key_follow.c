/* A thread that looks once a second at what changed and drops cached keys when they may be wrong.
 */
#include "key_load.h"

#include "modelops/base/log.h"
#include "modelops/base/time.h"
#include "modelops/domain/event.h"
#include "modelops/store/api_keys.h"
#include "modelops/store/records.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { LOOK_MS = 1000, MOST = 1000, ARENA_MAX = 4 << 20, USED_MAX = 256, LOOKS_PER_NOTE = 60 };

struct key_follower {
	struct api *api;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	bool stop, failing;
	int64_t seq; /* -1 before the first look */
	unsigned looks;
	struct mo_arena arena;
};

struct look {
	struct key_follower *f;
	int64_t seq;
	bool changed;
	size_t n;
};

static bool matters(const char *noun)
{
	return !strcmp(noun, "tenant") || !strcmp(noun, "api_key") || !strcmp(noun, "principal") ||
	       !strcmp(noun, "role_binding");
}

static int read_changes(struct store_tx *tx, void *ctx, struct mo_err *err)
{
	struct look *look = ctx;
	struct change *rows = NULL;
	mo_arena_reset(&look->f->arena);
	look->changed = false;
	look->seq = look->f->seq;
	if (store_change_list(
		    tx, look->seq, MOST, &look->f->arena, &rows, &look->n, &look->seq, err) < 0)
		return -1;
	for (size_t i = 0; i < look->n; i++)
		look->changed = look->changed || matters(rows[i].noun);
	return 0;
}

/* True when there may be more to read at once. */
static bool look_once(struct key_follower *f)
{
	struct look look = { .f = f };
	struct mo_err err = { 0 };
	bool first = f->seq < 0;
	if (store_read(f->api->store, read_changes, &look, &err) < 0) {
		if (!f->failing)
			mo_log(MO_LOG_WARN, "cannot follow changes of keys", "error", err.msg,
				NULL);
		f->failing = true;
		return false;
	}
	f->failing = false;
	f->seq = look.seq;
	key_cache_contact(f->api->keys, look.changed || first);
	return look.n == MOST;
}

struct used {
	char ids[USED_MAX][MO_ID_MAX];
	size_t n;
};

static int write_used(struct store_tx *tx, void *ctx, struct mo_err *err)
{
	const struct used *used = ctx;
	for (size_t i = 0; i < used->n; i++)
		if (store_api_key_used(tx, used->ids[i], store_now(tx), err) < 0)
			return -1;
	return 0;
}

/* Once a minute: which keys were used. For people; what is lost by a crash does not matter. */
static void note_used(struct key_follower *f)
{
	struct used used;
	struct mo_err err = { 0 };
	used.n = key_cache_used(f->api->keys, used.ids, USED_MAX);
	if (used.n && store_write(f->api->store, write_used, &used, &err) < 0)
		mo_log(MO_LOG_WARN, "cannot note the use of API keys", "error", err.msg, NULL);
}

static void pause_until_next(struct key_follower *f)
{
	struct timespec until;
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += LOOK_MS / 1000;
	while (!f->stop && pthread_cond_timedwait(&f->wake, &f->lock, &until) != ETIMEDOUT)
		;
}

static void *follow(void *arg)
{
	struct key_follower *f = arg;
	pthread_mutex_lock(&f->lock);
	while (!f->stop) {
		pthread_mutex_unlock(&f->lock);
		bool more = look_once(f);
		if (++f->looks % LOOKS_PER_NOTE == 0)
			note_used(f);
		pthread_mutex_lock(&f->lock);
		if (!more)
			pause_until_next(f);
	}
	pthread_mutex_unlock(&f->lock);
	return NULL;
}

int key_follower_start(struct api *api, struct key_follower **ret_follower, struct mo_err *err)
{
	pthread_condattr_t monotonic;
	struct key_follower *f = calloc(1, sizeof(*f));
	if (!f)
		return mo_fail(err, MO_ENOMEM, "key follower");
	f->api = api;
	f->seq = -1;
	mo_arena_init(&f->arena, ARENA_MAX, 16384);
	pthread_mutex_init(&f->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&f->wake, &monotonic);
	pthread_condattr_destroy(&monotonic);
	look_once(f);
	if (pthread_create(&f->thread, NULL, follow, f) != 0) {
		mo_arena_free(&f->arena);
		free(f);
		return mo_fail(err, MO_ENOMEM, "cannot start the thread that follows keys");
	}
	*ret_follower = f;
	return 0;
}

void key_follower_stop(struct key_follower *f)
{
	if (!f)
		return;
	pthread_mutex_lock(&f->lock);
	f->stop = true;
	pthread_cond_signal(&f->wake);
	pthread_mutex_unlock(&f->lock);
	pthread_join(f->thread, NULL);
	note_used(f);
	pthread_cond_destroy(&f->wake);
	pthread_mutex_destroy(&f->lock);
	mo_arena_free(&f->arena);
	free(f);
}
