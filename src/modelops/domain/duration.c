/* Durations: text to seconds and back. */
#include "modelops/domain/duration.h"

#include "modelops/base/check.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const struct {
	char unit;
	int64_t seconds;
} units[] = { { 'd', 86400 }, { 'h', 3600 }, { 'm', 60 }, { 's', 1 } };

int duration_parse(const char *text, int64_t *ret_s)
{
	int64_t total = 0;
	size_t unit = 0;
	const char *p = text;
	do {
		int64_t n = 0;
		const char *digits = p;
		for (; *p >= '0' && *p <= '9' && p - digits < 8; p++)
			n = n * 10 + (*p - '0');
		if (p == digits)
			return -1;
		while (unit < MO_COUNT(units) && units[unit].unit != *p)
			unit++;
		if (unit == MO_COUNT(units))
			return -1;
		total += n * units[unit].seconds;
		if (total > DURATION_MAX_S)
			return -1;
		unit++; /* each unit once, falling */
		p++;
	} while (*p);
	*ret_s = total;
	return 0;
}

char *duration_text(int64_t seconds, char out[DURATION_TEXT])
{
	size_t len = 0;
	for (size_t i = 0; i < MO_COUNT(units); i++) {
		int64_t n = seconds / units[i].seconds;
		seconds -= n * units[i].seconds;
		if (n > 0)
			len += (size_t)snprintf(
				out + len, DURATION_TEXT - len, "%" PRId64 "%c", n, units[i].unit);
	}
	if (len == 0)
		snprintf(out, DURATION_TEXT, "0s");
	return out;
}
