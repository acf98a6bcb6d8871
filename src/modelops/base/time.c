/* Time: clocks, RFC 3339, calendar starts. */
#include "modelops/base/time.h"

#include <string.h>
#include <time.h>

static int64_t clock_us(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return (int64_t)ts.tv_sec * MO_SECOND + ts.tv_nsec / 1000;
}

int64_t mo_now(void)
{
	return clock_us(CLOCK_REALTIME);
}

int64_t mo_mono(void)
{
	return clock_us(CLOCK_MONOTONIC);
}

/* Days since the epoch of a proleptic Gregorian date, and back (Howard Hinnant, "chrono-compatible
 * low-level date algorithms"). */
static int64_t days_from_civil(int64_t y, unsigned m, unsigned d)
{
	y -= m <= 2;
	int64_t era = (y >= 0 ? y : y - 399) / 400;
	unsigned yoe = (unsigned)(y - era * 400);
	unsigned doy = (153 * (m + (m > 2 ? -3U : 9U)) + 2) / 5 + d - 1;
	unsigned doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;

	return era * 146097 + (int64_t)doe - 719468;
}

static void civil_from_days(int64_t z, int64_t *ret_y, unsigned *ret_m, unsigned *ret_d)
{
	z += 719468;
	int64_t era = (z >= 0 ? z : z - 146096) / 146097;
	unsigned doe = (unsigned)(z - era * 146097);
	unsigned yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	unsigned doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	unsigned mp = (5 * doy + 2) / 153;

	*ret_d = doy - (153 * mp + 2) / 5 + 1;
	*ret_m = mp < 10 ? mp + 3 : mp - 9;
	*ret_y = (int64_t)yoe + era * 400 + (*ret_m <= 2);
}

static int64_t floor_div(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

/* N decimal digits of V, then the byte AFTER. */
static char *put(char *at, unsigned v, int n, char after)
{
	for (int i = n - 1; i >= 0; i--, v /= 10)
		at[i] = (char)('0' + v % 10);
	at[n] = after;
	return at + n + 1;
}

char *mo_time_format(int64_t t, char out[MO_TIME_TEXT])
{
	int64_t first = days_from_civil(0, 1, 1) * MO_DAY,
		end = days_from_civil(10000, 1, 1) * MO_DAY;
	t = t < first ? first : t >= end ? end - 1 : t;
	int64_t days = floor_div(t, MO_DAY), in_day = t - days * MO_DAY, y;
	unsigned m, d;

	civil_from_days(days, &y, &m, &d);
	unsigned s = (unsigned)(in_day / MO_SECOND), us = (unsigned)(in_day % MO_SECOND);
	char *at = put(put(put(out, (unsigned)y, 4, '-'), m, 2, '-'), d, 2, 'T');
	at = put(put(put(at, s / 3600, 2, ':'), s / 60 % 60, 2, ':'), s % 60, 2, us ? '.' : 'Z');
	if (us)
		at = put(at, us, 6, 'Z');
	*at = '\0';
	return out;
}

/* Reads exactly N digits at *S. */
static int digits(const char **s, const char *end, int n, unsigned *ret)
{
	unsigned v = 0;

	if (end - *s < n)
		return -1;
	for (int i = 0; i < n; i++) {
		char c = (*s)[i];
		if (c < '0' || c > '9')
			return -1;
		v = v * 10 + (unsigned)(c - '0');
	}
	*s += n;
	*ret = v;
	return 0;
}

static int literal(const char **s, const char *end, char c)
{
	if (*s == end || **s != c)
		return -1;
	(*s)++;
	return 0;
}

static int parse_fraction(const char **s, const char *end, unsigned *ret_us)
{
	unsigned us = 0, scale = 100000;
	int n = 0;

	for (; *s < end && **s >= '0' && **s <= '9'; (*s)++, n++) {
		us += (unsigned)(**s - '0') * scale;
		scale /= 10;
	}
	*ret_us = us;
	return n ? 0 : -1;
}

static int parse_offset(const char **s, const char *end, int64_t *ret_offset)
{
	unsigned h, m;

	*ret_offset = 0;
	if (*s < end && (**s == 'Z' || **s == 'z')) {
		(*s)++;
		return 0;
	}
	if (*s == end || (**s != '+' && **s != '-'))
		return -1;
	int sign = *(*s)++ == '-' ? -1 : 1;
	if (digits(s, end, 2, &h) || literal(s, end, ':') || digits(s, end, 2, &m) || h > 23 ||
		m > 59)
		return -1;
	*ret_offset = sign * (h * MO_HOUR + m * MO_MINUTE);
	return 0;
}

static unsigned month_days(unsigned y, unsigned m)
{
	static const unsigned char days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	int leap = (y % 4 == 0 && y % 100 != 0) || y % 400 == 0;

	return days[m - 1] + (m == 2 && leap);
}

int mo_time_parse(const char *s, size_t len, int64_t *ret_t)
{
	const char *end = s + len;
	unsigned y, mo, d, h, mi, sec, us = 0;
	int64_t offset;

	if (digits(&s, end, 4, &y) || literal(&s, end, '-') || digits(&s, end, 2, &mo) ||
		literal(&s, end, '-') || digits(&s, end, 2, &d) || s == end ||
		(*s != 'T' && *s != 't'))
		return -1;
	s++;
	if (digits(&s, end, 2, &h) || literal(&s, end, ':') || digits(&s, end, 2, &mi) ||
		literal(&s, end, ':') || digits(&s, end, 2, &sec))
		return -1;
	if (s < end && *s == '.') {
		s++;
		if (parse_fraction(&s, end, &us))
			return -1;
	}
	if (parse_offset(&s, end, &offset) || s != end)
		return -1;
	if (mo < 1 || mo > 12 || d < 1 || d > month_days(y, mo) || h > 23 || mi > 59 || sec > 59)
		return -1;
	*ret_t = days_from_civil(y, mo, d) * MO_DAY + h * MO_HOUR + mi * MO_MINUTE +
		 sec * MO_SECOND + us - offset;
	return 0;
}

int64_t mo_time_month(int64_t t)
{
	int64_t y;
	unsigned m, d;

	civil_from_days(floor_div(t, MO_DAY), &y, &m, &d);
	return days_from_civil(y, m, 1) * MO_DAY;
}

int64_t mo_time_next_month(int64_t t)
{
	int64_t y;
	unsigned m, d;

	civil_from_days(floor_div(t, MO_DAY), &y, &m, &d);
	return days_from_civil(y + (m == 12), m == 12 ? 1 : m + 1, 1) * MO_DAY;
}

int64_t mo_time_hour(int64_t t)
{
	return floor_div(t, MO_HOUR) * MO_HOUR;
}
