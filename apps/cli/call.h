/* The generic command: how a row of the table, with arguments and flags, becomes a call. */
#ifndef MODELOPS_CLI_CALL_H
#define MODELOPS_CLI_CALL_H

#include "api.h"
#include "modelops/base/buf.h"

/* The generic command: method, path, query and body from the table; prints the reply. */
int call_command(struct cli *c);

/* The id of what TEXT, an id or a name, means in the list route LIST ("/v1/models"). */
int call_resolve(struct cli *c, const char *list, const char *text, const char **ret);

/* The table's path with its arguments (names become ids) and query flags filled in. */
int call_path(struct cli *c, const char **ret);

/* The body that flags and arguments make. CLI_USAGE when a value cannot be read. */
int call_body(struct cli *c, json_t **ret);

/* Whole file (or standard input for "-") into OUT; CLI_USAGE when it cannot be read. */
int call_read_file(struct cli *c, const char *path, struct mo_buf *out);

/* Where the flag's value goes: its own key, or its name with '_' for '-'. */
const char *call_key(struct cli *c, const struct cli_flag *f);

#endif
