/* The OpenAPI 3.1 document, made from the route table and the wire tables. */
#ifndef MODELOPS_API_OPENAPI_H
#define MODELOPS_API_OPENAPI_H

#include "modelops/base/buf.h"
#include "modelops/base/err.h"

/* Initialises OUT and fills it. */
int openapi_build(struct mo_buf *out, struct mo_err *err);

#endif
