/* modelops-admin key create: the first key of an installation, shown once. */
#include "commands.h"

#include "modelops/auth/key.h"
#include "modelops/auth/perm.h"
#include "modelops/base/arena.h"
#include "modelops/base/check.h"
#include "modelops/base/id.h"
#include "modelops/store/api_keys.h"
#include "modelops/store/records.h"
#include "modelops/store/tenants.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { MEMORY = 1 << 20 };

struct key_job {
	const char *tenant, *role, *name;
	char id[MO_ID_MAX], text[AUTH_KEY_TEXT], hash[AUTH_HASH_TEXT];
	struct mo_arena *arena;
};

/* 43 letters of 6 random bits each: more than the 256 bits of a key. */
static int make_key(struct key_job *job, struct mo_err *err)
{
	static const char letters[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	unsigned char random[AUTH_KEY_TEXT];
	char id[MO_ID_MAX];

	mo_random(random, sizeof(random));
	mo_id_new("key", id);
	int n = snprintf(job->text, sizeof(job->text), "mok_%s_", id + 4);
	while (n < AUTH_KEY_TEXT - 1) {
		job->text[n] = letters[random[n] & 63];
		n++;
	}
	job->text[n] = '\0';
	return auth_key_parse(mo_str(job->text), job->id, job->hash, err);
}

static int find_principal(struct store_tx *tx, const struct tenant *tenant, struct key_job *job,
	const char **ret_id, struct mo_err *err)
{
	struct principal *found = NULL;
	struct mo_err absent = { 0 };
	char id[MO_ID_MAX];

	if (store_principal_find(tx, tenant->id, job->name, job->arena, &found, &absent) == 0) {
		*ret_id = found->id;
		return 0;
	}
	if (absent.code != MO_ENOTFOUND) {
		*err = absent;
		return -1;
	}
	struct principal row = { .id = mo_arena_strdup(job->arena, mo_id_new("usr", id)),
		.tenant_id = tenant->id,
		.kind = PRINCIPAL_SERVICE_ACCOUNT,
		.name = job->name,
		.created_at = store_now(tx) };
	if (!row.id)
		return mo_fail(err, MO_ENOMEM, "principal");
	*ret_id = row.id;
	return store_principal_insert(tx, &row, err);
}

static int insert(struct store_tx *tx, void *ctx, struct mo_err *err)
{
	struct key_job *job = ctx;
	struct tenant *tenant = NULL;
	const char *principal_id = NULL;

	if (store_tenant_find(tx, job->tenant, job->arena, &tenant, err) < 0 ||
		find_principal(tx, tenant, job, &principal_id, err) < 0)
		return -1;
	if (auth_role_parse(job->role) == ROLE_PLATFORM_ADMIN &&
		strcmp(tenant->id, TENANT_PLATFORM_ID) != 0)
		return mo_fail_field(err, "role",
			"platform_admin belongs to the tenant platform, not to '%s'", tenant->name);
	struct api_key row = { .id = job->id,
		.tenant_id = tenant->id,
		.principal_id = principal_id,
		.name = job->name,
		.role = job->role,
		.secret_hash = job->hash,
		.created_at = store_now(tx) };
	struct audit_entry audit = { .tenant_id = tenant->id,
		.actor = "modelops-admin",
		.action = "create",
		.noun = "api_key",
		.noun_id = job->id };
	if (store_api_key_insert(tx, &row, err) < 0 || store_audit(tx, &audit, err) < 0)
		return -1;
	return store_change(tx, "api_key", tenant->id, job->id, err);
}

/* The key is on disk before it is valid, so a valid key is never lost. */
static int write_file(const char *path, const char *text, struct mo_err *err)
{
	mo_autoclose int fd =
		open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd < 0)
		return mo_fail_errno(err, errno, "make the key's file '%s'", path);
	if (dprintf(fd, "%s\n", text) < 0 || fsync(fd) < 0) {
		mo_fail_errno(err, errno, "write the key's file '%s'", path);
		unlink(path);
		return -1;
	}
	return 0;
}

static int create(
	struct store *store, const struct admin_args *args, struct key_job *job, struct mo_err *err)
{
	if (make_key(job, err) < 0 || (args->file && write_file(args->file, job->text, err) < 0))
		return -1;
	if (store_write(store, insert, job, err) < 0) {
		if (args->file)
			unlink(args->file);
		return -1;
	}
	if (args->file)
		printf("%s %s\n", job->id, args->file);
	else
		printf("%s\n", job->text);
	return 0;
}

int admin_key_create(const struct admin_args *args, struct mo_err *err)
{
	struct mo_arena arena;
	struct store *store;
	struct key_job job = { .tenant = args->tenant,
		.role = args->role,
		.name = args->name ? args->name : "admin",
		.arena = &arena };

	if (!args->tenant || !args->role)
		return mo_fail(err, MO_EINVAL, "key create needs --tenant and --role");
	if (auth_role_parse(args->role) == ROLE_NOBODY)
		return mo_fail(err, MO_EINVAL, "unknown role '%s'", args->role);
	if (!mo_name_valid(job.name, strlen(job.name)))
		return mo_fail(
			err, MO_EINVAL, "'%s' is no name: 1 to 63 of a-z, 0-9 and -", job.name);
	if (admin_open(args, false, &store, err) < 0)
		return -1;
	mo_arena_init(&arena, MEMORY, 4096);
	int rc = create(store, args, &job, err);
	mo_arena_free(&arena);
	store_close(store);
	return rc;
}
