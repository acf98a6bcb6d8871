/* Deployments inside the controller: what is seen of them and the acts on them. */
#ifndef MODELOPS_CONTROLLER_DEPLOYMENTS_H
#define MODELOPS_CONTROLLER_DEPLOYMENTS_H

#include "controller.h"
#include "modelops/domain/deployment.h"
#include "modelops/domain/deployment_decide.h"
#include "rooms.h"

struct live_deployment {
	struct deployment *dep;
	struct revision *revs; /* newest first; without old ones that are GONE or FAILED */
	size_t nrevs;
	struct instance *inss; /* not GONE */
	size_t nins;
	struct revision *current, *next; /* of revs, or NULL */
};

/* One instance as observed. */
struct instance_seen {
	struct live_deployment *live;
	struct instance *ins;
	struct revision *rev;
	struct instance_view view;
	struct exec_status exec;
	const struct allocation *alloc; /* live one, or NULL */
	struct room *room;              /* where it fits or waits, or NULL */
	struct room_wish wish;
	struct fit_answer fit;
};

/* deployment_observe.c */
/* Every deployment, as each_live goes. */
int each_deployment(struct controller *ctl,
	int (*fn)(struct controller *ctl, struct live_deployment *live, void *ctx,
		struct mo_err *err),
	void *ctx, struct mo_err *err);
struct deployment_view deployment_view_of(const struct live_deployment *live);
int instance_observe(struct controller *ctl, struct rooms *rooms, struct live_deployment *live,
	struct instance *ins, struct instance_seen *ret, struct mo_err *err);
/* True when the revision wants instances now. */
bool revision_wants(const struct live_deployment *live, const struct revision *rev);

/* revision_make.c: the revision of the newest generation; a spec that cannot be served makes a
 * FAILED one, so that it is tried once. */
int revision_make(struct controller *ctl, struct live_deployment *live, struct mo_err *err);

/* deployment_act.c, instance_act.c */
int deployment_act(struct controller *ctl, struct live_deployment *live, enum deployment_act act,
	struct mo_err *err);
int instance_act(struct controller *ctl, struct instance_seen *seen, enum instance_act act,
	struct mo_err *err);

#endif
