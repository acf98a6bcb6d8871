/* What one call of the CLI works with, and the shape of the command table. */
#ifndef MODELOPS_CLI_CLI_H
#define MODELOPS_CLI_CLI_H

#include "modelops/base/arena.h"
#include "modelops/base/err.h"
#include "modelops/httpc/httpc.h"
#include "modelops/json/json.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* Exit statuses. */
enum { CLI_OK, CLI_REFUSED, CLI_USAGE, CLI_UNREACHABLE, CLI_AWAITED, CLI_LATE };

enum cli_kind { KIND_TEXT, KIND_INT, KIND_NUMBER, KIND_BOOL, KIND_JSON, KIND_PAIRS };
enum cli_to { TO_COMMAND, TO_QUERY, TO_BODY };

/* A flag of a command: "--name VALUE". KIND_BOOL takes no value; KIND_PAIRS is "key=value", may
 * stand several times and makes an object; KIND_JSON is JSON text or @FILE. */
struct cli_flag {
	const char *name, *value;
	enum cli_kind kind;
	enum cli_to to;
	const char *key; /* of the query or body ("replicas.min"); NULL: the name with '_' */
	const char *help;
	bool required;
};

enum cli_format {
	FMT_TEXT,
	FMT_NUMBER,
	FMT_TIME,
	FMT_BYTES,
	FMT_STATE,
	FMT_MONEY,
	FMT_SHARE,
	FMT_DIGEST
};

struct cli_column {
	const char *title, *key; /* the key may have dots */
	enum cli_format format;
	bool if_any; /* left out when no row has it */
};

struct cli;

/* ARGS: words of the usage line; "NAME=name" puts the argument into the body, others fill {0}, {1}
 * ... of PATH in order; "FILE@TYPE" is a file that becomes the body; "[X]" may be left out. */
struct cli_cmd {
	const char *noun, *verb, *args, *help;
	const char *method, *path;
	const struct cli_flag *flags;     /* ends with a NULL name; or NULL */
	const struct cli_column *columns; /* of lists; ends with a NULL title */
	int (*run)(struct cli *c);        /* NULL: the generic call */
};

extern const struct cli_cmd cli_commands[];
extern const size_t cli_command_count;

struct cli_settings {
	const char *url, *token, *ca, *host, *actor, *profile, *home, *config_home, *no_color;
	const char *project, *tenant; /* of commands that name none */
	const char *data, *auth_mode, *repo_root;
	int64_t port;
};

enum { CLI_ARGS = 8, CLI_FLAGS = 64 };

struct cli_given {
	const struct cli_flag *flag;
	const char *value;
};

struct cli {
	struct cli_settings settings;
	const struct cli_cmd *cmd;
	const char *args[CLI_ARGS];
	size_t nargs;
	struct cli_given given[CLI_FLAGS];
	size_t ngiven;
	bool json, ids, quiet, all, colour, terminal;
	bool hushed; /* a failed call is not reported: who asked can do without */
	int width;   /* columns of the terminal; 0: not cut */
	const char *idempotency_key;
	int64_t timeout; /* microseconds */
	struct httpc *client;
	struct mo_arena arena; /* everything that lives until the end */
};

/* The command line into C. CLI_OK, or CLI_USAGE after saying why. *ret_done: help was printed. */
int cli_parse(struct cli *c, int argc, char **argv, bool *ret_done);

/* The flag's value, or NULL. With several, the last. */
const char *cli_flag(const struct cli *c, const char *name);
int64_t cli_flag_int(const struct cli *c, const char *name, int64_t def);

/* Help of everything, of one noun, or of one command. */
void cli_help(FILE *out, const char *noun, const char *verb);

/* Says what is wrong with the command line; CLI_USAGE. */
int cli_usage(const struct cli *c, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* What needs the settings: the project and tenant of flags that were not given. CLI_USAGE when a
 * required flag is missing. */
int cli_complete(struct cli *c);

/* Writes what bash needs to complete commands and flags, and the page docs/CLI.md. */
int completion(struct cli *c);
void cli_markdown(FILE *out);

/* Usage of CMD: "modelops run create --project NAME". */
void cli_print_usage(FILE *out, const struct cli_cmd *cmd);

/* Calls FN for every flag of CMD's own; with CMD NULL for those of every command. */
void cli_each_flag(
	const struct cli_cmd *cmd, void (*fn)(void *ctx, const struct cli_flag *f), void *ctx);

/* Commands with code of their own. */
int run_create(struct cli *c);
int run_watch(struct cli *c);
int run_logs(struct cli *c);
int deployment_wait(struct cli *c);
int deployment_write(struct cli *c);
int artifact_upload(struct cli *c);
int artifact_download(struct cli *c);
int predict(struct cli *c);
int invoice_show(struct cli *c);
int cost_show(struct cli *c);
int job_create(struct cli *c);
int dashboard_update(struct cli *c);
int status(struct cli *c);
int up(struct cli *c);
int version(struct cli *c);

#endif
