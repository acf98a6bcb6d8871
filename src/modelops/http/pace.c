/* Credit of a client for its pauses. */
#include "modelops/http/pace.h"

#include "modelops/base/time.h"

void http_pace_start(struct http_pace *p, int64_t most)
{
	*p = (struct http_pace){ .credit = most, .most = most };
}

int64_t http_pace_wait(struct http_pace *p, int64_t now)
{
	if (!p->since)
		p->since = now;
	return p->since + p->credit;
}

void http_pace_moved(struct http_pace *p, int64_t now, size_t n, int64_t rate)
{
	if (p->since)
		p->credit -= now - p->since;
	p->since = 0;
	if (n == 0)
		return;
	int64_t earned = rate ? (int64_t)n * MO_SECOND / rate : p->most;
	p->credit = p->most - p->credit > earned ? p->credit + earned : p->most;
}
