/* Lists: order kept, removal anywhere and twice, walking while removing. */
#include "../unit.h"

#include "modelops/base/list.h"

struct item {
	int n;
	struct mo_list node;
};

static int value(struct mo_list *node)
{
	return MO_LIST_ENTRY(node, struct item, node)->n;
}

static void order_is_kept(void **state)
{
	struct item items[] = { { .n = 2 }, { .n = 3 }, { .n = 1 } };
	struct mo_list list;
	int want = 1;

	mo_list_init(&list);
	assert_true(mo_list_empty(&list));
	assert_null(mo_list_pop(&list));
	mo_list_push(&list, &items[0].node);
	mo_list_push(&list, &items[1].node);
	mo_list_push_front(&list, &items[2].node);
	assert_false(mo_list_empty(&list));
	mo_list_foreach (node, &list)
		assert_int_equal(value(node), want++);
	for (int i = 1; i <= 3; i++)
		assert_int_equal(value(mo_list_pop(&list)), i);
	assert_true(mo_list_empty(&list));
}

static void removing_twice_is_safe(void **state)
{
	struct item items[] = { { .n = 1 }, { .n = 2 }, { .n = 3 } };
	struct mo_list list;

	mo_list_init(&list);
	for (int i = 0; i < 3; i++)
		mo_list_push(&list, &items[i].node);
	mo_list_remove(&items[1].node);
	mo_list_remove(&items[1].node);
	assert_int_equal(value(mo_list_pop(&list)), 1);
	mo_list_push(&list, &items[1].node);
	assert_int_equal(value(mo_list_pop(&list)), 3);
	assert_int_equal(value(mo_list_pop(&list)), 2);
}

static void nodes_may_go_while_walking(void **state)
{
	struct item items[10];
	struct mo_list list;
	int left = 0;

	mo_list_init(&list);
	for (int i = 0; i < 10; i++) {
		items[i].n = i;
		mo_list_push(&list, &items[i].node);
	}
	mo_list_foreach_safe (node, &list)
		if (value(node) % 2)
			mo_list_remove(node);
	mo_list_foreach (node, &list)
		assert_int_equal(value(node), 2 * left++);
	assert_int_equal(left, 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(order_is_kept),
		cmocka_unit_test(removing_twice_is_safe),
		cmocka_unit_test(nodes_may_go_while_walking),
	};
	return RUN_TESTS(tests);
}
