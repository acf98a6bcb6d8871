/* Roles, scopes, the actor header, API keys and attempt tokens. */
#include "modelops/auth/actor.h"
#include "modelops/auth/key.h"
#include "modelops/crypto/workload.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static void test_roles(void **state)
{
	for (int r = ROLE_VIEWER; r < ROLE_COUNT; r++)
		assert_int_equal(auth_role_parse(auth_role_name((enum auth_role)r)), r);
	assert_int_equal(auth_role_parse("root"), ROLE_NOBODY);
	assert_int_equal(auth_role_parse("nobody"), ROLE_NOBODY);
	assert_int_equal(auth_role_parse(NULL), ROLE_NOBODY);
	assert_int_equal(auth_role_perms(ROLE_NOBODY), 0);

	/* Each role may do what the one below it may, and something more. */
	for (int r = ROLE_USER; r < ROLE_COUNT; r++) {
		uint64_t less = auth_role_perms((enum auth_role)(r - 1)),
			 more = auth_role_perms((enum auth_role)r);
		assert_int_equal(less & more, less);
		assert_int_not_equal(less, more);
	}
	assert_false(auth_allows(auth_role_perms(ROLE_VIEWER), PERM_RUN_WRITE));
	assert_false(auth_allows(auth_role_perms(ROLE_USER), PERM_TENANT_ADMIN));
	assert_false(auth_allows(auth_role_perms(ROLE_TENANT_ADMIN), PERM_PLATFORM));
	assert_true(auth_allows(0, PERM_NONE));
	assert_false(auth_allows(0, PERM_ANY));
}

static void test_scopes(void **state)
{
	uint64_t set = 0;
	struct mo_err err = { 0 };
	assert_int_equal(auth_scopes_parse("artifact.read run.write", &set, &err), 0);
	assert_true(auth_allows(set, PERM_ARTIFACT_READ) && auth_allows(set, PERM_RUN_WRITE) &&
		    auth_allows(set, PERM_ANY));
	assert_false(auth_allows(set, PERM_ARTIFACT_WRITE));
	assert_int_equal(auth_scopes_parse("", &set, &err), 0);
	assert_true(auth_allows(set, PERM_PLATFORM));
	assert_int_equal(auth_scopes_parse("artifact.read  run.write", &set, &err), -1);
	assert_int_equal(auth_scopes_parse("artifact.reed", &set, &err), -1);
	assert_int_equal(err.code, MO_EFIELD);
	assert_string_equal(err.field, "scopes");
	assert_non_null(strstr(err.msg, "artifact.reed"));
}

static int parse(const char *text, struct auth_claim *ret)
{
	struct mo_err err = { 0 };
	int rc = auth_claim_parse(mo_str(text), ret, &err);
	if (rc < 0)
		assert_int_equal(err.code, MO_EAUTH);
	return rc;
}

static void test_actor_header(void **state)
{
	struct auth_claim c;
	assert_int_equal(parse("admin|tenant=platform|role=admin", &c), 0);
	assert_string_equal(c.name, "admin");
	assert_string_equal(c.tenant, "platform");
	assert_int_equal(c.role, ROLE_PLATFORM_ADMIN);
	assert_int_equal(parse("a.b_C@x|tenant=acme|role=admin", &c), 0);
	assert_int_equal(c.role, ROLE_TENANT_ADMIN);
	assert_int_equal(parse("u|tenant=acme|role=user", &c), 0);
	assert_int_equal(c.role, ROLE_USER);
	assert_int_equal(parse("u|tenant=platform|role=viewer", &c), 0);
	assert_int_equal(c.role, ROLE_VIEWER);

	static const char *const bad[] = { "", "|", "||", "a", "a|", "a|tenant=", "a|tenant=acme",
		"a|tenant=acme|", "a|tenant=acme|role=", "a|tenant=acme|role=root",
		"a|tenant=acme|role=admin|", "a|tenant=acme|role=admin ",
		" a|tenant=acme|role=admin", "a |tenant=acme|role=user", "a|role=admin|tenant=acme",
		"|tenant=acme|role=user", "a|tenant=Acme|role=user", "a|tenant=../x|role=user",
		"a|tenant=acme|role=ADMIN", "a\"b|tenant=acme|role=user",
		"a|tenant=acme|tenant=beta|role=user",
		("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa|tenant=acme|"
		 "role=user") };
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(parse(bad[i], &c), -1);
}

static void test_api_key(void **state)
{
	char id[MO_ID_MAX], text[AUTH_KEY_TEXT], hash[AUTH_HASH_TEXT], got_id[MO_ID_MAX],
		got_hash[AUTH_HASH_TEXT];
	struct mo_err err = { 0 };
	unsigned char secret[32];
	mo_random(secret, sizeof(secret));
	auth_key_make(mo_id_new("key", id), secret, text, hash);
	assert_int_equal(strlen(text), AUTH_KEY_TEXT - 1);
	assert_int_equal(auth_key_parse(mo_str(text), got_id, got_hash, &err), 0);
	assert_string_equal(got_id, id);
	assert_true(auth_hash_equal(got_hash, hash));
	assert_null(strstr(text, hash));

	char other[AUTH_KEY_TEXT];
	memcpy(other, text, sizeof(other));
	other[40] = other[40] == 'A' ? 'B' : 'A';
	assert_int_equal(auth_key_parse(mo_str(other), got_id, got_hash, &err), 0);
	assert_false(auth_hash_equal(got_hash, hash));

	/* Nothing of the presented text may come back in the error. */
	for (size_t cut = 0; cut < AUTH_KEY_TEXT - 1; cut++) {
		assert_int_equal(
			auth_key_parse((struct mo_str){ text, cut }, got_id, got_hash, &err), -1);
		assert_int_equal(err.code, MO_EAUTH);
		assert_null(strstr(err.msg, "mok_"));
	}
	memcpy(other, text, sizeof(other));
	other[35] = '/';
	assert_int_equal(auth_key_parse(mo_str(other), got_id, got_hash, &err), -1);
}

static void test_workload_token(void **state)
{
	struct workload_key key = { { 1, 2, 3 } }, other_key = { { 9 } };
	char attempt[MO_ID_MAX], text[WORKLOAD_TOKEN_TEXT], got[MO_ID_MAX];
	struct mo_err err = { 0 };
	mo_id_new("att", attempt);
	workload_token(&key, attempt, "ten_a", text);
	assert_int_equal(workload_claim(mo_str(text), got, &err), 0);
	assert_string_equal(got, attempt);
	assert_true(workload_verify(&key, mo_str(text), attempt, "ten_a"));
	assert_false(workload_verify(&key, mo_str(text), attempt, "ten_b"));
	assert_false(workload_verify(&other_key, mo_str(text), attempt, "ten_a"));
	text[strlen(text) - 1] ^= 1;
	assert_false(workload_verify(&key, mo_str(text), attempt, "ten_a"));
	assert_int_equal(workload_claim(mo_str("mow_att_x_y"), got, &err), -1);
	assert_int_equal(workload_claim(mo_str(""), got, &err), -1);
}

static void test_key_file(void **state)
{
	char path[] = "/tmp/modelops-key-XXXXXX";
	int fd = mkstemp(path);
	struct workload_key key;
	struct mo_err err = { 0 };
	assert_int_equal(dprintf(fd, "%064x\n", 0xabcd), 65);
	assert_int_equal(workload_key_load(path, &key, &err), 0);
	assert_int_equal(key.bytes[31], 0xcd);
	for (unsigned mode = 0400; mode <= 0777; mode++) {
		bool refused = mode & 027; /* others at all, or a group that writes */
		if (!(mode & 0400))
			continue;
		assert_int_equal(fchmod(fd, mode), 0);
		assert_int_equal(workload_key_load(path, &key, &err), refused ? -1 : 0);
		assert_true(!refused || err.code == MO_EDENIED);
	}
	assert_int_equal(fchmod(fd, 0600), 0);
	assert_int_equal(ftruncate(fd, 63), 0);
	assert_int_equal(workload_key_load(path, &key, &err), -1);
	assert_int_equal(err.code, MO_EINVAL);
	close(fd);
	unlink(path);
	assert_int_equal(workload_key_load(path, &key, &err), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_roles),
		cmocka_unit_test(test_scopes),
		cmocka_unit_test(test_actor_header),
		cmocka_unit_test(test_api_key),
		cmocka_unit_test(test_workload_token),
		cmocka_unit_test(test_key_file),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
