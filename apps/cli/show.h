/* Output for people: tables, objects, times, amounts. */
#ifndef MODELOPS_CLI_SHOW_H
#define MODELOPS_CLI_SHOW_H

#include "cli.h"

#include <stdio.h>

enum { SHOW_CELL = 160 };

/* Member KEY of DOC, following dots; NULL when absent. */
json_t *show_at(const json_t *doc, const char *key);
const char *show_text(const json_t *doc, const char *key); /* "" when no text */
double show_number(const json_t *doc, const char *key);

/* VALUE as one line of at most SHOW_CELL - 1 bytes. Returns OUT. */
char *show_value(const json_t *value, enum cli_format format, char out[SHOW_CELL]);

/* DOC as the command's output: JSON, ids, a table for {"items":[]}, lines otherwise. */
void show_document(struct cli *c, const json_t *doc);

void show_table(struct cli *c, const struct cli_column *columns, const json_t *items);
void show_object(struct cli *c, const json_t *doc);

/* Start and end of colouring a state's name; "" without colours. */
const char *show_colour(struct cli *c, const char *state);
const char *show_plain(const struct cli *c);

#endif
