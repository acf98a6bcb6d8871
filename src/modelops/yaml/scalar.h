/* Inside yaml: what a plain scalar means in YAML 1.2's core schema. */
#ifndef MODELOPS_YAML_SCALAR_H
#define MODELOPS_YAML_SCALAR_H

#include <jansson.h>
#include <stddef.h>

/* The value of a plain scalar: null, boolean, number or text. NULL with *ret_problem set when it is
 * a number that JSON cannot hold, NULL without it when memory is out. Caller owns it. */
json_t *yaml_scalar_value(const char *text, size_t len, const char **ret_problem);

#endif
