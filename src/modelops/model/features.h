/* features.json of a model package: task, columns, classes; internal to model.c. */
#ifndef MODELOPS_MODEL_FEATURES_H
#define MODELOPS_MODEL_FEATURES_H

#include "modelops/base/err.h"
#include "modelops/model/model.h"

/* Owns its strings. */
struct features {
	enum model_task task;
	char **names, **classes; /* classes: NULL when the file says null */
	char *label;             /* or NULL */
	size_t name_count, class_count;
};

/* Parses TEXT ({"format":1,"task":..,"features":[..],"classes":[..]|null,"label":..}). MO_EINVAL
 * names what is wrong. */
int features_parse(const char *text, size_t len, struct features *ret_features, struct mo_err *err);
void features_free(struct features *f);

#endif
