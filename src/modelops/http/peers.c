/* Connections and buffered bytes by client address. */
#include "modelops/http/peers.h"

#include "modelops/base/check.h"

#include <stdlib.h>

struct http_peer {
	int64_t conns, bytes;
};

void http_peers_init(struct http_peers *p, const struct http_limits *limits, size_t max)
{
	*p = (struct http_peers){ .limits = limits };
	pthread_mutex_init(&p->lock, NULL);
	mo_map_init(&p->map, max);
}

void http_peers_free(struct http_peers *p)
{
	size_t pos = 0;

	for (void *peer; (peer = mo_map_next(&p->map, &pos, NULL));)
		free(peer);
	mo_map_free(&p->map);
	pthread_mutex_destroy(&p->lock);
}

static struct http_peer *find(const struct http_peers *p, const struct http_addr *addr)
{
	char key[16];
	size_t n = http_addr_key(addr, key);

	return mo_map_get(&p->map, key, n);
}

/* Adds to what ADDR holds; an address that holds nothing is forgotten. With the lock. */
static bool change(struct http_peers *p, const struct http_addr *addr, int64_t conns, int64_t bytes)
{
	char key[16];
	size_t n = http_addr_key(addr, key);
	struct http_peer *peer = mo_map_get(&p->map, key, n);

	if (!peer) {
		peer = calloc(1, sizeof(*peer));
		if (!peer || mo_map_set(&p->map, key, n, peer, NULL) < 0) {
			free(peer);
			return false;
		}
	}
	peer->conns += conns;
	peer->bytes += bytes;
	p->bytes += bytes;
	MO_ASSERT(peer->conns >= 0 && peer->bytes >= 0);
	if (peer->conns == 0 && peer->bytes == 0)
		free(mo_map_remove(&p->map, key, n));
	return true;
}

bool http_peers_full(struct http_peers *p, const struct http_addr *addr)
{
	pthread_mutex_lock(&p->lock);
	const struct http_peer *peer = find(p, addr);
	bool full = peer && peer->conns >= p->limits->max_conns_per_addr;
	pthread_mutex_unlock(&p->lock);
	return full;
}

bool http_peers_enter(struct http_peers *p, const struct http_addr *addr)
{
	pthread_mutex_lock(&p->lock);
	bool done = change(p, addr, 1, 0);
	pthread_mutex_unlock(&p->lock);
	return done;
}

void http_peers_leave(struct http_peers *p, const struct http_addr *addr)
{
	pthread_mutex_lock(&p->lock);
	change(p, addr, -1, 0);
	pthread_mutex_unlock(&p->lock);
}

static bool room(const struct http_peers *p, const struct http_addr *addr, int64_t n)
{
	const struct http_peer *peer = find(p, addr);

	if (n > p->limits->max_buffered - p->bytes)
		return false;
	return addr->is_unix || n <= p->limits->max_buffered_per_addr - (peer ? peer->bytes : 0);
}

bool http_peers_charge(struct http_peers *p, const struct http_addr *addr, int64_t n)
{
	pthread_mutex_lock(&p->lock);
	bool done = room(p, addr, n) && change(p, addr, 0, n);
	pthread_mutex_unlock(&p->lock);
	return done;
}

void http_peers_release(struct http_peers *p, const struct http_addr *addr, int64_t n)
{
	pthread_mutex_lock(&p->lock);
	change(p, addr, 0, -n);
	pthread_mutex_unlock(&p->lock);
}
