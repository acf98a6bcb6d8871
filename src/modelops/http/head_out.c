/* Heads of replies. */
#include "modelops/base/time.h"
#include "modelops/http/conn.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

void http_date_format(int64_t t, char out[40])
{
	static const char days[] = "SunMonTueWedThuFriSat",
			  months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	time_t s = (time_t)(t / MO_SECOND);
	struct tm tm;

	gmtime_r(&s, &tm);
	snprintf(out, 40, "%.3s, %02d %.3s %04d %02d:%02d:%02d GMT", days + 3 * tm.tm_wday,
		tm.tm_mday, months + 3 * tm.tm_mon, (tm.tm_year + 1900) % 10000, tm.tm_hour,
		tm.tm_min, tm.tm_sec);
}

const char *http_shard_date(struct http_shard *shard)
{
	int64_t now = http_loop_now(shard->loop);

	if (now >= shard->date_until) {
		int64_t wall = mo_now();
		shard->date_until = now + MO_SECOND - wall % MO_SECOND;
		http_date_format(wall, shard->date);
	}
	return shard->date;
}

static void put_number(struct mo_buf *out, uint64_t v)
{
	char digits[20];
	size_t n = sizeof(digits);

	do
		digits[--n] = (char)('0' + v % 10);
	while (v /= 10);
	mo_buf_append(out, digits + n, sizeof(digits) - n);
}

static void put_status(struct mo_buf *out, int status)
{
	if (status == 200) {
		mo_buf_append(out, "HTTP/1.1 200 OK\r\n", 17);
		return;
	}
	mo_buf_append(out, "HTTP/1.1 ", 9);
	put_number(out, (uint64_t)status);
	mo_buf_putc(out, ' ');
	mo_buf_puts(out, http_status_phrase(status));
	mo_buf_append(out, "\r\n", 2);
}

static void put_line(struct mo_buf *out, const char *name, const char *value)
{
	mo_buf_puts(out, name);
	mo_buf_puts(out, value);
	mo_buf_append(out, "\r\n", 2);
}

int http_head_write(struct http_xchg *x, struct mo_buf *out, const struct http_reply *reply,
	int64_t length, const char *date)
{
	put_status(out, reply->status);
	put_line(out, "Date: ", date);
	if (reply->content_type)
		put_line(out, "Content-Type: ", reply->content_type);
	if (reply->status >= 200 && reply->status != 204 && (reply->status != 304 || length > 0)) {
		if (length >= 0) {
			mo_buf_append(out, "Content-Length: ", 16);
			put_number(out, (uint64_t)length);
			mo_buf_append(out, "\r\n", 2);
		} else if (x->head.minor == 1) {
			mo_buf_puts(out, "Transfer-Encoding: chunked\r\n");
		}
	}
	put_line(out, "X-Request-Id: ", x->id);
	if (x->close_after)
		mo_buf_puts(out, "Connection: close\r\n");
	else if (x->head.minor == 0)
		mo_buf_puts(out, "Connection: keep-alive\r\n");
	if ((reply->status == 429 || reply->status == 503) && !x->retry_after)
		mo_buf_puts(out, "Retry-After: 1\r\n");
	if (x->extra.len)
		mo_buf_append(out, x->extra.data, x->extra.len);
	mo_buf_append(out, "\r\n", 2);
	return out->failed ? -1 : 0;
}
