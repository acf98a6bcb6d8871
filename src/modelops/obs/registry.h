/* Inside of the registry: families and series with the text that stands before their values. */
#ifndef MODELOPS_OBS_REGISTRY_H
#define MODELOPS_OBS_REGISTRY_H

#include "modelops/base/buf.h"
#include "modelops/base/list.h"
#include "modelops/base/map.h"
#include "modelops/obs/obs.h"

#include <pthread.h>

enum { OBS_HOOKS_MAX = 16 };

struct obs_slot {
	struct mo_list node;
	struct obs_family *family;
	char *key; /* label values, each ended by NUL */
	size_t key_len;
	char *text; /* for each line of the exposition its part before the value, each ended by NUL
		     */
	uint64_t holders;         /* obs_series less obs_release */
	struct obs_series series; /* last: it ends in a flexible array */
};

struct obs_family {
	struct obs *obs;
	const struct obs_decl *decl;
	unsigned nlabels, nseries, max;
	char *header; /* HELP and TYPE lines */
	struct mo_map by_key;
	struct mo_list live;
	struct obs_slot *overflow;
	struct obs_family *next;
};

struct obs {
	pthread_mutex_t lock;
	struct obs_family *families, **last;
	struct mo_map by_name;
	struct mo_buf common; /* `name="value",` for each common label */
	struct {
		void (*fn)(void *ctx);
		void *ctx;
	} hooks[OBS_HOOKS_MAX];
	unsigned nhooks;
};

/* Builds slot->text from the label values. -1 when memory is out. */
int obs_slot_text(struct obs_slot *slot, const char *const *values);

/* HELP and TYPE lines of DECL, or NULL. Caller frees. */
char *obs_header_text(const struct obs_decl *decl);

/* Scaled value as text into OUT; returns its length. */
size_t obs_value_text(int64_t v, double scale, char out[40]);

#endif
