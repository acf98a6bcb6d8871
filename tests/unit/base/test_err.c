/* Error values: filled once, wrapped once per layer, cut and never overflowing, mapped to one HTTP
 * status. */
#include "../unit.h"

#include "modelops/base/err.h"

#include <errno.h>
#include <string.h>

static void fail_fills_everything(void **state)
{
	struct mo_err err = { .slug = "old", .hint = "old", .field = "old" };

	assert_int_equal(
		mo_fail(&err, MO_EQUOTA, "pool '%s': %d of %d shares used", "a30", 3, 4), -1);
	assert_int_equal(err.code, MO_EQUOTA);
	assert_string_equal(err.msg, "pool 'a30': 3 of 4 shares used");
	assert_string_equal(err.field, "");
	assert_null(err.slug);
	assert_null(err.hint);
}

static void fail_without_an_error_struct_still_fails(void **state)
{
	assert_int_equal(mo_fail(NULL, MO_EINVAL, "x"), -1);
	assert_int_equal(mo_fail_field(NULL, "f", "x"), -1);
	assert_int_equal(mo_fail_errno(NULL, ENOENT, "x"), -1);
	assert_int_equal(mo_wrap(NULL, "x"), -1);
	assert_int_equal(mo_wrap_field(NULL, "x"), -1);
	assert_int_equal(mo_advise(NULL, "x", "y"), -1);
}

static void long_text_is_cut(void **state)
{
	struct mo_err err = { 0 };
	char text[1000];

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	mo_fail_field(&err, text, "%s", text);
	assert_int_equal(strlen(err.msg), sizeof(err.msg) - 1);
	assert_int_equal(strlen(err.field), sizeof(err.field) - 1);
	mo_fail_errno(&err, ENOSPC, "%s", text);
	assert_int_equal(strlen(err.msg), sizeof(err.msg) - 1);
	mo_fail(&err, MO_EINVAL, "y");
	mo_wrap(&err, text); /* a prefix that does not fit is left out */
	assert_string_equal(err.msg, "y");
}

static void wrap_puts_the_layer_before(void **state)
{
	struct mo_err err = { 0 };
	char text[256];

	mo_fail(&err, MO_EUNAVAIL, "no answer");
	assert_int_equal(mo_wrap(&err, "store"), -1);
	mo_wrap(&err, "run");
	assert_string_equal(err.msg, "run: store: no answer");
	memset(text, 'x', 255);
	text[255] = '\0';
	mo_fail(&err, MO_EUNAVAIL, "%s", text);
	mo_wrap(&err, "run");
	assert_int_equal(strlen(err.msg), 255);
	assert_memory_equal(err.msg, "run: xxx", 8);
}

static void field_paths_grow_from_the_inside(void **state)
{
	struct mo_err err = { 0 };

	mo_fail_field(&err, "pool", "no pool '%s'", "x");
	assert_int_equal(err.code, MO_EFIELD);
	mo_wrap_field(&err, "[2]");
	assert_string_equal(err.field, "[2].pool");
	mo_wrap_field(&err, "steps");
	assert_string_equal(err.field, "steps[2].pool");
	mo_fail(&err, MO_EINVAL, "x");
	mo_wrap_field(&err, "steps");
	assert_string_equal(err.field, "steps");
}

static void errno_is_told_and_mapped(void **state)
{
	static const struct {
		int errnum;
		enum mo_code code;
	} cases[] = { { ENOMEM, MO_ENOMEM }, { ENOSPC, MO_EFULL }, { EDQUOT, MO_EFULL },
		{ ENOENT, MO_ENOTFOUND }, { ETIMEDOUT, MO_ETIMEOUT }, { EIO, MO_EUNAVAIL } };
	struct mo_err err = { 0 };

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		mo_fail_errno(&err, cases[i].errnum, "open '%s'", "/x");
		assert_int_equal(err.code, cases[i].code);
		assert_memory_equal(err.msg, "open '/x': ", 11);
		assert_string_equal(err.msg + 11, strerrordesc_np(cases[i].errnum));
	}
}

static void every_code_has_a_status_and_an_own_slug(void **state)
{
	static const int want[MO_CODE_COUNT] = { 200, 400, 401, 403, 404, 409, 412, 408, 413, 422,
		403, 429, 503, 504, 421, 507, 503, 500 };

	for (enum mo_code a = MO_OK; a < MO_CODE_COUNT; a++) {
		assert_int_equal(mo_code_status(a), want[a]);
		for (enum mo_code b = MO_OK; b < a; b++)
			assert_string_not_equal(mo_code_slug(a), mo_code_slug(b));
	}
	assert_int_equal(mo_code_status(MO_CODE_COUNT), 500);
	assert_string_equal(mo_code_slug(MO_CODE_COUNT), "internal");
}

static void own_slug_wins(void **state)
{
	struct mo_err err = { 0 };

	mo_fail(&err, MO_ECONFLICT, "x");
	assert_string_equal(mo_err_slug(&err), "conflict");
	mo_advise(&err, "name_taken", "choose another name");
	assert_string_equal(mo_err_slug(&err), "name_taken");
	assert_string_equal(err.hint, "choose another name");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fail_fills_everything),
		cmocka_unit_test(fail_without_an_error_struct_still_fails),
		cmocka_unit_test(long_text_is_cut),
		cmocka_unit_test(wrap_puts_the_layer_before),
		cmocka_unit_test(field_paths_grow_from_the_inside),
		cmocka_unit_test(errno_is_told_and_mapped),
		cmocka_unit_test(every_code_has_a_status_and_an_own_slug),
		cmocka_unit_test(own_slug_wins),
	};
	return RUN_TESTS(tests);
}
