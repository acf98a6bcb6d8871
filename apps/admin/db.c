/* modelops-admin db status|migrate. */
#include "commands.h"

#include <stdio.h>

static const char *state(const struct store_schema *s)
{
	if (s->found == s->known)
		return "current";
	if (s->found > s->known)
		return "newer"; /* than this program */
	return s->found ? "behind" : "empty";
}

int admin_db_status(const struct admin_args *args, struct mo_err *err)
{
	struct store *store;
	struct store_schema schema;

	if (admin_open(args, true, &store, err) < 0)
		return -1;
	int rc = store_schema_status(store, &schema, err);
	if (rc == 0) {
		printf("database %s\nfound %d\nknown %d\nstate %s\n",
			store_is_sqlite(store) ? "sqlite" : "postgres", schema.found, schema.known,
			state(&schema));
		rc = schema.found == schema.known ? 0 : ADMIN_NOT_CURRENT;
	}
	store_close(store);
	return rc;
}

int admin_db_migrate(const struct admin_args *args, struct mo_err *err)
{
	struct store *store;
	struct store_schema before;

	if (admin_open(args, true, &store, err) < 0)
		return -1;
	int rc = store_migrate(store, &before, err);
	if (rc == 0)
		printf("migrated %d to %d\n", before.found, before.known);
	store_close(store);
	return rc;
}
