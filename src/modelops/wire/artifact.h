/* Artifacts. Their bytes are not JSON: POST takes the body as it is. */
#ifndef MODELOPS_WIRE_ARTIFACT_H
#define MODELOPS_WIRE_ARTIFACT_H

#include "modelops/wire/schema.h"

extern const struct wire_noun wire_artifact; /* struct artifact */

#endif
