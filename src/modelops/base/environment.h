/* Names in the environment that look like settings of the platform and are none. */
#ifndef MODELOPS_BASE_ENVIRONMENT_H
#define MODELOPS_BASE_ENVIRONMENT_H

#include "modelops/base/config.h"

/* Fails for a variable of ENV ("NAME=value" lines, NULL-terminated) that begins like settings of
 * TABLE (with AGENT_, API_, CONTROLLER_, FETCH_, HTTP_, MODELOPS_, OPS_, PRESIGN_, SERVING_,
 * TRAINER_ or WORKLOAD_) and is a setting of no program. Names the nearest one; never a value. What
 * is let through, because others put it there:
 * - Kubernetes' service links: X_SERVICE_HOST, X_SERVICE_PORT..., X_PORT=tcp://...,
 * X_PORT_80_TCP...
 * - names with API_ and HTTP_, which other software uses too (API_KEY, HTTP_PROXY), unless they are
 * at most two slips of the pen away from one of ours. */
int mo_env_check(const struct mo_cfg *table, size_t count, char *const *env, struct mo_err *err);

/* Names of all settings of all programs, sorted; names_table.c, made by tools/gen-settings. */
extern const char *const mo_setting_names[];
extern const size_t mo_setting_count;

#endif
