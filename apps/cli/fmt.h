/* Text, amounts and quantities as people read them. Pure. */
#ifndef MODELOPS_CLI_FMT_H
#define MODELOPS_CLI_FMT_H

#include "modelops/base/arena.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { FMT_CELL = 64 };

/* Each writes into OUT and returns it. */
char *fmt_bytes(double n, char out[FMT_CELL]);      /* "512 B", "1.5 KB", "3.0 GB" */
char *fmt_micro(int64_t micro, char out[FMT_CELL]); /* millionths: "12.50", "0.000125" */

/* QUANTITY / PER with at most 6 decimals and no trailing zeros: "0.0125". PER > 0. */
char *fmt_ratio(int64_t quantity, int64_t per, char out[FMT_CELL]);

/* S without what could steer a terminal: control characters (line feeds and tabs too unless LINES),
 * characters that turn the direction of text, and malformed UTF-8 become '?'. S itself when it is
 * clean, else a copy in ARENA; "" without memory. */
const char *fmt_clean(const char *s, bool lines, struct mo_arena *arena);

/* Code points of S: its columns, for the scripts we print. */
size_t fmt_width(const char *s);

#endif
