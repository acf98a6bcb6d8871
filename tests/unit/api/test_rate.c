/* Rates of tenants: bursts, the even rate after them, one tenant beside another. */
#include "../../../apps/api/rate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

enum { SECOND = 1000000 };

static int passed(struct rate *r, const char *tenant, int64_t now, int asked)
{
	int n = 0;

	for (int i = 0; i < asked; i++)
		n += rate_take(r, tenant, now);
	return n;
}

static void test_burst_then_rate(void **state)
{
	struct rate *r = NULL;
	int64_t now = 1000 * (int64_t)SECOND;
	int n = 0;

	assert_int_equal(rate_new(100, 20, NULL, &r, NULL), 0);
	assert_int_equal(passed(r, "ten_a", now, 50), 20);
	for (int ms = 1; ms <= 1000; ms++)
		n += passed(r, "ten_a", now + ms * (SECOND / 1000), 3);
	assert_in_range(n, 99, 101);
	assert_int_equal(passed(r, "ten_a", now + 2 * (int64_t)SECOND, 50), 20); /* never more */
	rate_free(r);
}

static void test_one_tenant_beside_another(void **state)
{
	struct rate *r = NULL;
	int64_t now = 1000 * (int64_t)SECOND;
	char name[32];

	assert_int_equal(rate_new(10, 10, NULL, &r, NULL), 0);
	assert_int_equal(passed(r, "ten_a", now, 1000), 10);
	assert_int_equal(passed(r, "ten_b", now, 10), 10);
	for (int i = 0; i < 20000; i++) { /* many tenants, few requests: nobody is refused */
		snprintf(name, sizeof(name), "ten_%d", i);
		assert_true(rate_take(r, name, now));
	}
	rate_free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_burst_then_rate),
		cmocka_unit_test(test_one_tenant_beside_another),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
