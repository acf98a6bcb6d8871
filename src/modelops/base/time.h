/* Time: microseconds since the epoch in the store, RFC 3339 UTC on the wire, monotonic for
 * deadlines. */
#ifndef MODELOPS_BASE_TIME_H
#define MODELOPS_BASE_TIME_H

#include <stddef.h>
#include <stdint.h>

#define MO_SECOND INT64_C(1000000)
#define MO_MINUTE (60 * MO_SECOND)
#define MO_HOUR   (60 * MO_MINUTE)
#define MO_DAY    (24 * MO_HOUR)

enum { MO_TIME_TEXT = 32 }; /* room for "2026-11-23T21:05:17.123456Z" */

/* Wall clock, microseconds since 1970-01-01T00:00:00Z. */
int64_t mo_now(void);

/* Monotonic clock, microseconds; only differences mean anything. */
int64_t mo_mono(void);

/* Writes T as RFC 3339 UTC; the fraction is left out when it is zero. Clamped to the years 0000 to
 * 9999. Returns OUT. */
char *mo_time_format(int64_t t, char out[MO_TIME_TEXT]);

/* Reads RFC 3339 (Z or numeric offset, up to 6 fraction digits kept, more are cut). 0 or -1. */
int mo_time_parse(const char *s, size_t len, int64_t *ret_t);

/* Start of the UTC month / hour that holds T, and of the next month. */
int64_t mo_time_month(int64_t t);
int64_t mo_time_next_month(int64_t t);
int64_t mo_time_hour(int64_t t);

#endif
