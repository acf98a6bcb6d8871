/* Keys of objects: the shapes that the platform makes, and nothing that is only like them. */
#include "../unit.h"

#include "modelops/domain/object_key.h"

#include <string.h>

#define U   "01ARZ3NDEKTSV4RRFFQ69G5FAV"
#define TEN "tenants/ten_" U "/"
#define PRJ TEN "projects/prj_" U "/"

static void test_shapes(void **state)
{
	struct object_key k;

	assert_true(object_key_parse(PRJ "artifacts/art_" U, &k));
	assert_int_equal(k.kind, OBJECT_ARTIFACT);
	assert_string_equal(k.tenant, "ten_" U);
	assert_string_equal(k.attempt, "");
	assert_string_equal(k.name, "art_" U);
	assert_true(object_key_parse(PRJ "attempts/att_" U "/model.json", &k));
	assert_int_equal(k.kind, OBJECT_OUTPUT);
	assert_string_equal(k.attempt, "att_" U);
	assert_string_equal(k.name, "model.json");
	assert_true(object_key_parse(TEN "logs/att_" U "/000007", &k));
	assert_int_equal(k.kind, OBJECT_LOG);
	assert_string_equal(k.attempt, "att_" U);
	assert_string_equal(k.name, "000007");
}

static void test_others(void **state)
{
	static const char *const keys[] = { "", "tenants/", TEN, PRJ, PRJ "artifacts/",
		PRJ "artifacts/a/b", PRJ "attempts/att_" U, PRJ "attempts/att_" U "/",
		PRJ "attempts/att_" U "/a/b", PRJ "attempts/att_1/x", PRJ "other/x",
		TEN "logs/att_" U, TEN "logs/art_" U "/1", TEN "backup/x",
		"tenants/x/logs/att_" U "/1", "x/" TEN "logs/att_" U "/1" };
	struct object_key k;

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		assert_false(object_key_parse(keys[i], &k));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_shapes),
		cmocka_unit_test(test_others),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
