/* Durations as people write them: "90s", "10m", "2h", "1h30m". */
#ifndef MODELOPS_DOMAIN_DURATION_H
#define MODELOPS_DOMAIN_DURATION_H

#include <stdint.h>

enum { DURATION_TEXT = 32, DURATION_MAX_S = 30 * 86400 };

/* Whole seconds of TEXT: one or more of NUMBER d|h|m|s, units falling, each once; at most 30 days.
 * 0 or -1. */
int duration_parse(const char *text, int64_t *ret_s);

/* "1h30m"; "0s" for 0. Reads back equal. Returns OUT. */
char *duration_text(int64_t seconds, char out[DURATION_TEXT]);

#endif
