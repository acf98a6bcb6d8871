/* modelops-admin: the schema and the first key of an installation, without a running service. */
#include "commands.h"

#include "modelops/base/check.h"
#include "modelops/base/fault.h"
#include "modelops/base/program.h"
#include "modelops/base/str.h"

#include <stdio.h>
#include <sys/stat.h>

static const struct command {
	const char *noun, *verb;
	int (*run)(const struct admin_args *args, struct mo_err *err);
} commands[] = {
	{ "db", "status", admin_db_status },
	{ "db", "migrate", admin_db_migrate },
	{ "key", "create", admin_key_create },
	{ "pool", "default", admin_pool_default },
};

static const char purpose[] =
	"Schema and first key of an installation.\n\n"
	"  modelops-admin db status      which schema the database has and this program needs\n"
	"  modelops-admin db migrate     brings the schema up to date\n"
	"  modelops-admin key create --tenant NAME --role ROLE [--name NAME] [--file PATH]\n"
	"                                makes an API key and prints it once, or writes it to "
	"PATH\n"
	"  modelops-admin pool default   makes the CPU pool of embedded mode when there is no pool";

static int usage(void)
{
	fprintf(stderr, "usage: modelops-admin db status|migrate, pool default, or key create "
			"--tenant T --role R; see --help\n");
	return 2;
}

int main(int argc, char **argv)
{
	struct mo_err err = { 0 };
	struct admin_args args;

	if (mo_cfg_info(admin_settings, admin_settings_count, "modelops-admin", purpose, argc, argv,
		    stdout))
		return 0;
	umask(077); /* what is made here is the installation's own: database, lock, key */
	mo_program_no_core();
	mo_fault_from_env();
	for (size_t i = 0; argc >= 3 && i < MO_COUNT(commands); i++) {
		if (!mo_streq(argv[1], commands[i].noun) || !mo_streq(argv[2], commands[i].verb))
			continue;
		int rc = admin_args_read(argc, argv, &args, &err);
		if (rc == 0)
			rc = commands[i].run(&args, &err);
		if (rc < 0)
			fprintf(stderr, "modelops-admin: %s%s%s\n", err.msg, err.hint ? "; " : "",
				err.hint ? err.hint : "");
		return rc < 0 ? 1 : rc;
	}
	return usage();
}
