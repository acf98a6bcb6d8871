/* Ids: ULID with a monotonic random part per process. */
#include "modelops/base/id.h"

#include "modelops/base/check.h"
#include "modelops/base/time.h"

#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

static const char alphabet[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"; /* Crockford base 32 */

void mo_random(void *p, size_t n)
{
	char *at = p;

	while (n > 0) {
		ssize_t got = getrandom(at, n, 0);
		if (got < 0 && errno == EINTR)
			continue;
		MO_ASSERT(got > 0);
		at += got;
		n -= (size_t)got;
	}
}

/* Random bytes from a small stock, so that most ids need no system call. Under the caller's lock; a
 * child process starts with an empty one (see forget_stock). */
static unsigned char stock[256];
static size_t stock_left;

static void take_random(void *p, size_t n)
{
	if (stock_left < n) {
		mo_random(stock, sizeof(stock));
		stock_left = sizeof(stock);
	}
	stock_left -= n;
	memcpy(p, stock + stock_left, n);
}

static pthread_once_t once = PTHREAD_ONCE_INIT;

static void forget_stock(void)
{
	stock_left = 0;
}

static void watch_fork(void)
{
	pthread_atfork(NULL, NULL, forget_stock);
}

/* 48 bits of milliseconds and 80 random bits that grow by a random step within one millisecond. */
static void next_ulid(uint64_t *ret_ms, uint16_t *ret_hi, uint64_t *ret_lo)
{
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	static uint64_t last_ms, lo;
	static uint16_t hi;

	pthread_once(&once, watch_fork);
	pthread_mutex_lock(&lock);
	uint64_t ms = (uint64_t)mo_now() / 1000;
	if (ms > last_ms) {
		last_ms = ms;
		take_random(&hi, sizeof(hi));
		take_random(&lo, sizeof(lo));
		hi &= 0x7fff;
	} else {
		uint32_t step;
		take_random(&step, sizeof(step));
		uint64_t before = lo;
		lo += (uint64_t)step + 1;
		hi = (uint16_t)(hi + (lo < before));
	}
	*ret_ms = last_ms;
	*ret_hi = hi;
	*ret_lo = lo;
	pthread_mutex_unlock(&lock);
}

char *mo_id_new(const char *prefix, char out[MO_ID_MAX])
{
	uint64_t ms, lo;
	uint16_t hi;

	next_ulid(&ms, &hi, &lo);
	int n = snprintf(out, MO_ID_MAX, "%.8s_", prefix);
	char *at = out + n;
	for (int i = 0; i < 10; i++)
		at[i] = alphabet[(ms >> (45 - 5 * i)) & 31];
	unsigned __int128 r = (unsigned __int128)hi << 64 | lo;
	for (int i = 0; i < 16; i++)
		at[10 + i] = alphabet[(unsigned)(r >> (75 - 5 * i)) & 31];
	at[26] = '\0';
	return out;
}

bool mo_id_valid(const char *s, size_t len, const char *prefix)
{
	size_t p = strlen(prefix);

	if (len != p + 27 || memcmp(s, prefix, p) != 0 || s[p] != '_')
		return false;
	for (size_t i = p + 1; i < len; i++)
		if (!s[i] || !strchr(alphabet, s[i]))
			return false;
	return true;
}
