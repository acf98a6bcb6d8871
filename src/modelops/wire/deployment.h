/* Deployments, revisions, instances; predict and explain bodies. */
#ifndef MODELOPS_WIRE_DEPLOYMENT_H
#define MODELOPS_WIRE_DEPLOYMENT_H

#include "modelops/domain/deployment_spec.h"
#include "modelops/wire/schema.h"

extern const struct wire_noun wire_deployment;      /* struct deployment */
extern const struct wire_noun wire_revision;        /* struct revision */
extern const struct wire_noun wire_instance;        /* struct instance */
extern const struct wire_noun wire_deployment_spec; /* struct deployment_spec: create and patch */
extern const struct wire_noun wire_replicas;        /* struct replica_range */

/* Descriptions only: these bodies pass through the gateway unread. */
extern const struct wire_noun wire_predict_request, wire_predict_reply, wire_explain_reply;

/* Reads a stored specification; texts lie in ARENA. */
int wire_deployment_spec_parse(
	const char *text, struct mo_arena *arena, struct deployment_spec *ret, struct mo_err *err);

/* SPEC as the JSON document that the store keeps. NULL and MO_ENOMEM. */
const char *wire_deployment_spec_text(
	const struct deployment_spec *spec, struct mo_arena *arena, struct mo_err *err);

#endif
