/* Gauges that are read from the store when somebody asks for them. */
#ifndef MODELOPS_API_METRICS_H
#define MODELOPS_API_METRICS_H

#include "api.h"

/* Declares the pools' gauges and fills them before each rendering. */
int metrics_start(struct api *api, struct mo_err *err);

extern const struct obs_decl api_metrics_decls[];
extern const size_t api_metrics_count;

#endif
