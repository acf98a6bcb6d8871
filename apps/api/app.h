/* What modelops-api does with requests: the callbacks of its HTTP server. */
#ifndef MODELOPS_API_APP_H
#define MODELOPS_API_APP_H

#include "modelops/http/server.h"

extern const struct http_app
	api_http_app; /* its ctx is NULL: main.c copies it and sets struct api */

#endif
