/* What to do next with a deployment and with one serving instance: pure functions. */
#ifndef MODELOPS_DOMAIN_DEPLOYMENT_DECIDE_H
#define MODELOPS_DOMAIN_DEPLOYMENT_DECIDE_H

#include "modelops/domain/deployment.h"

#include <stdbool.h>
#include <stdint.h>

/* One revision's instances, counted. */
struct revision_count {
	bool exists;
	enum revision_state state;
	int64_t replicas;                /* wanted */
	int64_t starting, ready, failed; /* instances; failed ones wait for their restart */
	int64_t live;                    /* all that are not GONE */
	int64_t max_restarts;            /* most restarts that any instance has had */
};

struct deployment_view {
	enum deployment_state state;
	int64_t now;
	int64_t rollout_deadline;      /* 0: none; past it an unready revision is given up */
	struct revision_count current; /* serves now */
	struct revision_count next;    /* newest, not yet serving; exists = false when none */
	int64_t old_live;              /* live instances of all other revisions */
};

enum deployment_act {
	DEPLOYMENT_ACT_NONE,
	DEPLOYMENT_ACT_ROLL,    /* -> ROLLING; make the next revision's instances */
	DEPLOYMENT_ACT_PROMOTE, /* next is READY: it gets weight 100, old ones DRAINING, -> READY */
	DEPLOYMENT_ACT_ABANDON, /* next FAILED; the old one goes on serving, or -> FAILED */
	DEPLOYMENT_ACT_READY,   /* -> READY */
	DEPLOYMENT_ACT_DEGRADED, /* -> DEGRADED */
	DEPLOYMENT_ACT_IDLE,     /* -> IDLE: no replica is wanted */
	DEPLOYMENT_ACT_DRAIN,    /* DELETING: drain every revision */
	DEPLOYMENT_ACT_REMOVE,   /* DELETING and nothing lives: remove the rows */
};

/* A rollout is given up when an instance has restarted this often without becoming ready. */
enum { ROLLOUT_MAX_RESTARTS = 3 };

enum deployment_act deployment_decide(const struct deployment_view *v);
const char *deployment_act_name(enum deployment_act act);

/* The instance's process as the executor shows it. */
enum instance_proc { PROC_ABSENT, PROC_STARTING, PROC_RUNNING, PROC_EXITED, PROC_LOST };

struct instance_view {
	enum instance_state state;
	bool wanted;     /* its revision is STARTING or READY and wants this index */
	bool has_shares; /* its allocation exists, or none is needed */
	bool holds;      /* its allocation is not released */
	bool fits;       /* quota and pool have room for one */
	enum instance_proc proc;
	bool listening; /* its address file is there and /readyz answers 200 */
	int64_t now, not_before;
	int64_t draining_since; /* 0: not draining */
	int64_t drain_us;       /* grace for requests in flight */
	int64_t starting_since; /* when it got its shares */
	int64_t start_limit_us;
	int64_t restarts;
};

enum instance_act {
	INSTANCE_ACT_NONE,
	INSTANCE_ACT_RESERVE, /* take its shares */
	INSTANCE_ACT_WAIT,    /* no room: record why */
	INSTANCE_ACT_START,   /* ask the executor; safe to repeat */
	INSTANCE_ACT_READY,   /* -> READY with its address */
	INSTANCE_ACT_FAIL,    /* -> FAILED, not_before = now + instance_backoff_us(restarts) */
	INSTANCE_ACT_RELEASE, /* FAILED and its process is gone: release its shares */
	INSTANCE_ACT_RESTART, /* FAILED -> STARTING, restarts + 1 */
	INSTANCE_ACT_DRAIN,   /* -> DRAINING: no new requests */
	INSTANCE_ACT_STOP,    /* ask the executor to stop it */
	INSTANCE_ACT_GONE,    /* release its shares, -> GONE */
};

enum instance_act instance_decide(const struct instance_view *v);
const char *instance_act_name(enum instance_act act);

/* 1, 2, 4, ... 60 s. */
int64_t instance_backoff_us(int64_t restarts);

#endif
