/* Models, versions and aliases. */
#ifndef MODELOPS_WIRE_MODEL_H
#define MODELOPS_WIRE_MODEL_H

#include "modelops/wire/schema.h"

extern const struct wire_noun wire_model;           /* struct model */
extern const struct wire_noun wire_model_version;   /* struct model_version */
extern const struct wire_noun wire_model_alias;     /* struct model_alias */
extern const struct wire_noun wire_model_alias_put; /* struct model_alias, body: version */

#endif
