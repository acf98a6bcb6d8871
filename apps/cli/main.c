/* modelops: the CLI over the public API, and `modelops up`. */
#include "call.h"
#include "modelops/base/check.h"
#include "profile.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { ARENA_BYTES = 256 << 20 };

int version(struct cli *c)
{
	printf("modelops %s\n", MO_VERSION);
	return CLI_OK;
}

static int load_settings(struct cli *c)
{
	static char name[] = "modelops";
	char *argv[] = { name, NULL };
	struct mo_err err = { 0 };

	if (mo_cfg_load(cli_settings_table, cli_settings_count, &c->settings, 1, argv, &err) == 0)
		return CLI_OK;
	return cli_usage(c, "%s", err.msg);
}

static void look_at_terminal(struct cli *c)
{
	struct winsize size = { 0 };

	c->terminal = isatty(STDOUT_FILENO) && !c->json && !c->ids;
	c->colour = c->terminal && !c->settings.no_color;
	if (c->terminal && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0)
		c->width = size.ws_col;
}

static int run(struct cli *c, int argc, char **argv)
{
	bool done = false;
	int rc = cli_parse(c, argc, argv, &done);

	if (rc != CLI_OK || done)
		return rc;
	rc = load_settings(c);
	if (rc == CLI_OK)
		rc = profile_load(c);
	if (rc != CLI_OK)
		return rc;
	rc = cli_complete(c);
	if (rc != CLI_OK)
		return rc;
	look_at_terminal(c);
	if (c->cmd->method) {
		rc = api_open(c);
		if (rc != CLI_OK)
			return rc;
	}
	return c->cmd->run ? c->cmd->run(c) : call_command(c);
}

/* What was printed must have got there; a reader that went away (head) knows that it did. */
static bool output_lost(void)
{
	bool before = ferror(stdout);

	errno = 0;
	if (fflush(stdout) == 0 && !before)
		return false;
	if (errno != EPIPE)
		fprintf(stderr, "error: standard output: %s\n",
			errno ? strerror(errno) : "it could not be written in full");
	return true;
}

int main(int argc, char **argv)
{
	struct cli c = { 0 };

	if (argc == 2 && strcmp(argv[1], "--settings") == 0) {
		mo_cfg_info(cli_settings_table, cli_settings_count, "modelops", "The command line.",
			argc, argv, stdout);
		return 0;
	}
	if (argc == 2 && strcmp(argv[1], "--version") == 0)
		return version(&c);
	if (argc == 2 && strcmp(argv[1], "--markdown") == 0) {
		cli_markdown(stdout);
		return 0;
	}
	signal(SIGPIPE, SIG_IGN);
	mo_arena_init(&c.arena, ARENA_BYTES, 65536);
	int rc = run(&c, argc, argv);
	if (c.client)
		httpc_free(c.client);
	mo_arena_free(&c.arena);
	return output_lost() && rc == CLI_OK ? CLI_REFUSED : rc;
}
