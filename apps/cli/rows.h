/* Rows for predict and explain: from JSON, or from a CSV file with a header. */
#ifndef MODELOPS_CLI_ROWS_H
#define MODELOPS_CLI_ROWS_H

#include "cli.h"

/* {"instances":[...]} by the command's flags (--data, --csv, --drop, --rows), or of standard input
 * when neither is given. CLI_USAGE after saying what is wrong. */
int rows_body(struct cli *c, json_t **ret_body);

#endif
