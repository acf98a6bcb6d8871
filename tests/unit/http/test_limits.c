/* Descriptors that the system allows, and what one client address may hold. */
#include "modelops/http/limits.h"
#include "modelops/http/peers.h"

#include "../unit.h"

#include <arpa/inet.h>
#include <string.h>
#include <sys/resource.h>

static void test_descriptors(void **state)
{
	struct rlimit files;
	struct http_limits l = { .max_conns = 300 };

	assert_int_equal(getrlimit(RLIMIT_NOFILE, &files), 0);
	files.rlim_max = 400;
	files.rlim_cur = 256;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &files), 0);
	assert_false(http_limits_fit(&l, 100)); /* the soft limit is the hard one now */
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &files), 0);
	assert_int_equal(files.rlim_cur, 400);
	assert_true(http_limits_fit(&l, 150));
	assert_int_equal(l.max_conns, 250);
	assert_true(http_limits_fit(&l, 1000)); /* others never take more than half */
	assert_int_equal(l.max_conns, 200);
}

static struct http_addr address(const char *text)
{
	struct http_addr a = { .u.in6.sin6_family = AF_INET6 };

	if (inet_pton(AF_INET6, text, &a.u.in6.sin6_addr) == 1)
		return a;
	a.u.sa.sa_family = AF_INET;
	assert_int_equal(inet_pton(AF_INET, text, &a.u.in.sin_addr), 1);
	return a;
}

static bool same(const char *a, const char *b)
{
	struct http_addr x = address(a), y = address(b);
	char kx[16], ky[16];
	size_t nx = http_addr_key(&x, kx), ny = http_addr_key(&y, ky);

	return nx == ny && memcmp(kx, ky, nx) == 0;
}

static void test_one_client_is_one_address(void **state)
{
	assert_true(same("2001:db8:1:2::1", "2001:db8:1:2:ffff::9")); /* one /64 */
	assert_false(same("2001:db8:1:2::1", "2001:db8:1:3::1"));
	assert_true(same("::ffff:192.0.2.1", "192.0.2.1"));
	assert_false(same("192.0.2.1", "192.0.2.2"));
}

static void test_connections_and_bytes(void **state)
{
	struct http_limits l = {
		.max_conns_per_addr = 2, .max_buffered = 100, .max_buffered_per_addr = 60
	};
	struct http_addr a = address("192.0.2.1"), b = address("192.0.2.2"),
			 own = { .is_unix = true };
	struct http_peers p;

	http_peers_init(&p, &l, 8);
	assert_true(http_peers_enter(&p, &a) && http_peers_enter(&p, &a));
	assert_true(http_peers_full(&p, &a));
	assert_false(http_peers_full(&p, &b));
	assert_true(http_peers_charge(&p, &a, 60));
	assert_false(http_peers_charge(&p, &a, 1)); /* its own limit */
	assert_true(http_peers_charge(&p, &b, 30));
	assert_false(http_peers_charge(&p, &b, 11)); /* that of all */
	http_peers_release(&p, &a, 60);
	assert_true(http_peers_charge(&p, &own, 70)); /* our own gateway: that of all only */
	assert_false(http_peers_charge(&p, &own, 1));
	http_peers_release(&p, &own, 70);
	http_peers_release(&p, &b, 30);
	http_peers_leave(&p, &a);
	assert_false(http_peers_full(&p, &a));
	http_peers_leave(&p, &a);
	assert_int_equal(p.bytes, 0);
	assert_int_equal(p.map.used, 0);
	http_peers_free(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_descriptors),
		cmocka_unit_test(test_one_client_is_one_address),
		cmocka_unit_test(test_connections_and_bytes),
	};

	return RUN_TESTS(tests);
}
