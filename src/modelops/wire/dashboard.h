/* Dashboards. */
#ifndef MODELOPS_WIRE_DASHBOARD_H
#define MODELOPS_WIRE_DASHBOARD_H

#include "modelops/domain/dashboard.h"
#include "modelops/json/json.h"
#include "modelops/wire/schema.h"

extern const struct wire_noun wire_dashboard; /* struct dashboard; CREATE is PUT's body too */

#endif
