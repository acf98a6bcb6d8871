/* Buffers: a maximum that holds, nothing changed by a failed append, the failure sticky until
 * reset. */
#include "../unit.h"

#include "modelops/base/buf.h"
#include "modelops/base/fault.h"

#include <stdlib.h>
#include <string.h>

static void appends_add_up(void **state)
{
	mo_autobuf struct mo_buf b;

	mo_buf_init(&b, 1000);
	assert_string_equal(mo_buf_str(&b), "");
	assert_int_equal(mo_buf_puts(&b, "ab"), 0);
	assert_int_equal(mo_buf_putc(&b, 'c'), 0);
	assert_int_equal(mo_buf_printf(&b, "%d", 42), 0);
	assert_int_equal(mo_buf_append(&b, "\0x", 2), 0);
	assert_int_equal(mo_buf_append(&b, NULL, 0), 0);
	assert_int_equal(b.len, 7);
	assert_memory_equal(b.data, "abc42\0x", 8);
}

static void maximum_holds_and_nothing_is_cut(void **state)
{
	mo_autobuf struct mo_buf b;

	mo_buf_init(&b, 5);
	assert_int_equal(mo_buf_puts(&b, "abcde"), 0);
	assert_int_equal(mo_buf_putc(&b, 'f'), -1);
	assert_int_equal(mo_buf_printf(&b, "%s", "g"), -1);
	assert_int_equal(mo_buf_reserve(&b, SIZE_MAX), -1);
	assert_int_equal(b.failed, 1);
	assert_string_equal(mo_buf_str(&b), "abcde");
	mo_buf_reset(&b);
	assert_int_equal(b.failed, 0);
	assert_string_equal(mo_buf_str(&b), "");
	assert_int_equal(mo_buf_puts(&b, "123456"), -1);
	assert_int_equal(b.len, 0);
}

static void zero_maximum_takes_nothing(void **state)
{
	mo_autobuf struct mo_buf b;

	mo_buf_init(&b, 0);
	assert_int_equal(mo_buf_append(&b, "", 0), 0);
	assert_int_equal(mo_buf_putc(&b, 'x'), -1);
}

static void grows_by_doubling(void **state)
{
	mo_autobuf struct mo_buf b;

	mo_buf_init(&b, 1 << 20);
	for (int i = 0; i < 100000; i++)
		assert_int_equal(mo_buf_putc(&b, (char)('a' + i % 26)), 0);
	assert_int_equal(strlen(b.data), 100000);
	assert_true(b.cap <= 200100);
	for (int i = 0; i < 100000; i++)
		assert_int_equal(b.data[i], 'a' + i % 26);
}

static void consume_moves_the_rest_to_the_front(void **state)
{
	mo_autobuf struct mo_buf b;

	mo_buf_init(&b, 100);
	mo_buf_consume(&b, 0);
	mo_buf_puts(&b, "GET /x");
	mo_buf_consume(&b, 4);
	assert_string_equal(mo_buf_str(&b), "/x");
	mo_buf_consume(&b, 2);
	assert_int_equal(b.len, 0);
	assert_string_equal(mo_buf_str(&b), "");
}

static void reserve_gives_room_to_write(void **state)
{
	mo_autobuf struct mo_buf b;

	mo_buf_init(&b, 300);
	assert_int_equal(mo_buf_reserve(&b, 300), 0);
	memset(b.data, 'x', 300);
	b.len = 300;
	assert_int_equal(mo_buf_reserve(&b, 0), 0);
	assert_int_equal(mo_buf_reserve(&b, 1), -1);
}

static void take_hands_the_memory_over(void **state)
{
	mo_autobuf struct mo_buf b;

	mo_buf_init(&b, 100);
	assert_null(mo_buf_take(&b));
	mo_buf_puts(&b, "x");
	char *s = mo_buf_take(&b);
	assert_string_equal(s, "x");
	free(s);
	assert_int_equal(b.len, 0);
	assert_int_equal(b.max, 100);
	assert_int_equal(mo_buf_puts(&b, "y"), 0);
}

static void nth_failing_allocation_changes_nothing(void **state)
{
	for (long n = 1;; n++) {
		mo_autobuf struct mo_buf b;
		size_t len = 0;

		mo_buf_init(&b, 10000);
		mo_fault_arm("buf", n);
		while (len < 1000 && mo_buf_printf(&b, "%010zu", len) == 0)
			len = b.len;
		int struck = mo_fault_struck();
		mo_fault_arm(NULL, 0);
		assert_int_equal(b.len, len);
		assert_int_equal(b.failed, struck ? MO_BUF_NOMEM : 0);
		assert_int_equal(strlen(mo_buf_str(&b)), len);
		assert_int_equal(mo_buf_puts(&b, "again"), 0);
		assert_string_equal(b.data + len, "again");
		if (!struck) {
			assert_int_equal(len, 1000);
			assert_true(n > 4);
			break;
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(appends_add_up),
		cmocka_unit_test(maximum_holds_and_nothing_is_cut),
		cmocka_unit_test(zero_maximum_takes_nothing),
		cmocka_unit_test(grows_by_doubling),
		cmocka_unit_test(consume_moves_the_rest_to_the_front),
		cmocka_unit_test(reserve_gives_room_to_write),
		cmocka_unit_test(take_hands_the_memory_over),
		cmocka_unit_test(nth_failing_allocation_changes_nothing),
	};
	return RUN_TESTS(tests);
}
