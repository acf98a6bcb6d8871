/* Calls of the public API; what goes wrong is printed here, once. */
#ifndef MODELOPS_CLI_API_H
#define MODELOPS_CLI_API_H

#include "cli.h"

enum { REPLY_BYTES = 256 << 20, FILE_BYTES = 64 << 20, JSON_DEPTH = 64 }; /* limits of documents */

/* A client with the profile's URL and credentials; CLI_UNREACHABLE after saying why. */
int api_open(struct cli *c);

/* Slug of a sink's error: the bytes came, and could not be put where they belong. */
#define API_SINK_FAILED "sink_failed"

/* Sends REQUEST with method, url (PATH below the API's URL) and credentials filled in; its own
 * headers are EXTRA ("Name: value", NULL-terminated, may be NULL). CLI_OK with a 2xx reply that the
 * caller frees; else the error is printed and its exit status returned. */
int api_send(struct cli *c, const char *method, const char *path, const char *const *extra,
	const struct httpc_request *request, struct httpc_reply *ret_reply);

/* JSON in (borrowed; NULL: no body), JSON out (owned by the caller; NULL for an empty reply). */
int api_json(struct cli *c, const char *method, const char *path, const json_t *body, json_t **ret);

/* api_json of a GET for those who wait: an API that does not answer is asked for 10 s, it may be
 * starting again. */
int api_poll(struct cli *c, const char *path, json_t **ret);

/* TEXT percent-encoded for a path segment or query value, in C's arena. */
const char *api_encode(struct cli *c, const char *text);

/* PATH plus "?name=value" ('&' when there is a query already). */
const char *api_query(struct cli *c, const char *path, const char *name, const char *value);

#endif
