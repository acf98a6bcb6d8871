/* The command line: which command, its arguments and flags, and help made from the table. */
#include "cli.h"
#include "modelops/base/check.h"
#include "modelops/base/str.h"
#include "modelops/base/time.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Flags that every command takes. */
static const struct cli_flag common[] = {
	{ "url", "URL", KIND_TEXT, TO_COMMAND, NULL, "where the API is (MODELOPS_URL)", false },
	{ "token", "KEY", KIND_TEXT, TO_COMMAND, NULL, "API key (MODELOPS_TOKEN)", false },
	{ "ca", "FILE", KIND_TEXT, TO_COMMAND, NULL,
		"certificates that vouch for the API, PEM (MODELOPS_CA)", false },
	{ "actor", "A", KIND_TEXT, TO_COMMAND, NULL,
		"demo mode: name|tenant=T|role=R (MODELOPS_ACTOR)", false },
	{ "profile", "NAME", KIND_TEXT, TO_COMMAND, NULL, "section of the profile file", false },
	{ "output", "FORMAT", KIND_TEXT, TO_COMMAND, NULL,
		"table, json or id (ids only); short: -o", false },
	{ "timeout", "SECONDS", KIND_INT, TO_COMMAND, NULL, "of one call; 60", false },
	{ "idempotency-key", "TEXT", KIND_TEXT, TO_COMMAND, NULL,
		"a repeated write with the same key has one effect", false },
	{ "all", NULL, KIND_BOOL, TO_COMMAND, NULL, "lists: every page", false },
	{ "quiet", NULL, KIND_BOOL, TO_COMMAND, NULL, "no progress; short: -q", false },
	{ "help", NULL, KIND_BOOL, TO_COMMAND, NULL, "this text; short: -h", false },
};

void cli_each_flag(
	const struct cli_cmd *cmd, void (*fn)(void *ctx, const struct cli_flag *f), void *ctx)
{
	for (const struct cli_flag *f = cmd ? cmd->flags : NULL; f && f->name; f++)
		fn(ctx, f);
	for (size_t i = 0; !cmd && i < MO_COUNT(common); i++)
		fn(ctx, &common[i]);
}

int cli_usage(const struct cli *c, const char *fmt, ...)
{
	va_list ap;

	fprintf(stderr, "error: ");
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	if (c->cmd)
		fprintf(stderr, "\n  hint        modelops %s%s%s --help\n", c->cmd->noun,
			c->cmd->verb ? " " : "", c->cmd->verb ? c->cmd->verb : "");
	else
		fprintf(stderr, "\n  hint        modelops --help\n");
	return CLI_USAGE;
}

/* ---- help ---- */

static void print_args(FILE *out, const char *args)
{
	for (const char *p = args; p && *p;) {
		size_t n = strcspn(p, " "), word = strcspn(p, " =@");
		bool open = *p == '[';
		fprintf(out, " %.*s%s", (int)word, p, open && p[word - 1] != ']' ? "]" : "");
		p += n + (p[n] == ' ');
	}
}

void cli_print_usage(FILE *out, const struct cli_cmd *cmd)
{
	fprintf(out, "modelops %s%s%s", cmd->noun, cmd->verb ? " " : "",
		cmd->verb ? cmd->verb : "");
	print_args(out, cmd->args);
	for (const struct cli_flag *f = cmd->flags; f && f->name; f++)
		if (f->required)
			fprintf(out, " --%s %s", f->name, f->value);
}

static void print_flags(FILE *out, const struct cli_flag *flags, size_t n)
{
	char left[64];

	for (size_t i = 0; i < n && flags[i].name; i++) {
		snprintf(left, sizeof(left), "--%s%s%s", flags[i].name, flags[i].value ? " " : "",
			flags[i].value ? flags[i].value : "");
		fprintf(out, "  %-28s %s%s\n", left, flags[i].help,
			flags[i].required ? " (required)" : "");
	}
}

static void help_command(FILE *out, const struct cli_cmd *cmd)
{
	fprintf(out, "usage: ");
	cli_print_usage(out, cmd);
	fprintf(out, "\n%s\n", cmd->help);
	if (cmd->flags && cmd->flags->name) {
		fprintf(out, "\nflags:\n");
		print_flags(out, cmd->flags, SIZE_MAX);
	}
	fprintf(out, "\nflags of every command:\n");
	print_flags(out, common, MO_COUNT(common));
}

static void help_noun(FILE *out, const char *noun)
{
	fprintf(out, "modelops %s:\n", noun);
	for (size_t i = 0; i < cli_command_count; i++) {
		if (strcmp(cli_commands[i].noun, noun) != 0)
			continue;
		fprintf(out, "  ");
		cli_print_usage(out, &cli_commands[i]);
		fprintf(out, "\n        %s\n", cli_commands[i].help);
	}
	fprintf(out, "\n`modelops %s VERB --help` lists the flags.\n", noun);
}

static void help_all(FILE *out)
{
	const char *noun = "";

	fprintf(out, "usage: modelops NOUN VERB [ARGUMENTS] [FLAGS]\n\n");
	for (size_t i = 0; i < cli_command_count; i++) {
		const struct cli_cmd *cmd = &cli_commands[i];
		if (strcmp(cmd->noun, noun) != 0)
			fprintf(out, "%s  %-12s %s", *noun ? "\n" : "", cmd->noun,
				cmd->verb ? cmd->verb : cmd->help);
		else
			fprintf(out, " %s", cmd->verb);
		noun = cmd->noun;
	}
	fprintf(out, "\n\nflags of every command:\n");
	print_flags(out, common, MO_COUNT(common));
	fprintf(out,
		"\nexit status: 0 done, 1 the API said no, 2 wrong use, 3 cannot reach the API,\n"
		"4 what was waited for failed, 5 it did not end in time. Flags win over "
		"MODELOPS_URL,\n"
		"_TOKEN, _CA, _ACTOR, _PROJECT and _TENANT, which win over "
		"~/.config/modelops/profile "
		"with "
		"lines\n`url = ...`, `token = ...`, `actor = ...` below `[name]` (or on top; mode "
		"0600 with a token).\nNames are taken where ids are, for projects, artifacts, "
		"pipelines, models and deployments.\n");
}

static const struct cli_cmd *find_command(const char *noun, const char *verb)
{
	for (size_t i = 0; i < cli_command_count; i++)
		if (strcmp(cli_commands[i].noun, noun) == 0 &&
			(!cli_commands[i].verb ||
				(verb && strcmp(cli_commands[i].verb, verb) == 0)))
			return &cli_commands[i];
	return NULL;
}

static bool is_noun(const char *noun)
{
	for (size_t i = 0; i < cli_command_count; i++)
		if (strcmp(cli_commands[i].noun, noun) == 0)
			return true;
	return false;
}

void cli_help(FILE *out, const char *noun, const char *verb)
{
	const struct cli_cmd *cmd = noun ? find_command(noun, verb) : NULL;

	if (cmd)
		help_command(out, cmd);
	else if (noun && is_noun(noun))
		help_noun(out, noun);
	else
		help_all(out);
}

/* ---- parsing ---- */

const char *cli_flag(const struct cli *c, const char *name)
{
	for (size_t i = c->ngiven; i > 0; i--)
		if (strcmp(c->given[i - 1].flag->name, name) == 0)
			return c->given[i - 1].value ? c->given[i - 1].value : "";
	return NULL;
}

int64_t cli_flag_int(const struct cli *c, const char *name, int64_t def)
{
	const char *text = cli_flag(c, name);
	int64_t v = def;

	if (text && mo_parse_i64(text, strlen(text), &v) < 0)
		return -1;
	return v;
}

static const struct cli_flag *find_flag(const struct cli_cmd *cmd, const char *name, size_t len)
{
	for (const struct cli_flag *f = cmd ? cmd->flags : NULL; f && f->name; f++)
		if (strlen(f->name) == len && memcmp(f->name, name, len) == 0)
			return f;
	for (size_t i = 0; i < MO_COUNT(common); i++)
		if (strlen(common[i].name) == len && memcmp(common[i].name, name, len) == 0)
			return &common[i];
	return NULL;
}

static const char *long_name(const char *arg)
{
	static const char *const shorts[][2] = { { "-o", "--output" }, { "-q", "--quiet" },
		{ "-h", "--help" } };

	for (size_t i = 0; i < MO_COUNT(shorts); i++)
		if (strcmp(arg, shorts[i][0]) == 0)
			return shorts[i][1];
	return arg;
}

/* One flag at argv[*i]; its value may be the next argument. */
static int take_flag(struct cli *c, int argc, char **argv, int *i)
{
	const char *arg = long_name(argv[*i]);
	const char *equals = strchr(arg, '=');
	size_t len = equals ? (size_t)(equals - arg - 2) : strlen(arg + 2);
	const struct cli_flag *f =
		strncmp(arg, "--", 2) == 0 ? find_flag(c->cmd, arg + 2, len) : NULL;
	const char *value = equals ? equals + 1 : NULL;

	if (!f)
		return cli_usage(c, "no flag '%s' here", argv[*i]);
	if (f->kind == KIND_BOOL && value)
		return cli_usage(c, "--%s takes no value", f->name);
	if (f->kind != KIND_BOOL && !value) {
		if (++*i >= argc)
			return cli_usage(c, "--%s needs a value (%s)", f->name, f->value);
		value = argv[*i];
	}
	if (c->ngiven == CLI_FLAGS)
		return cli_usage(c, "more than %d flags", CLI_FLAGS);
	c->given[c->ngiven++] = (struct cli_given){ f, value };
	return CLI_OK;
}

static bool is_flag(const char *arg)
{
	return arg[0] == '-' && arg[1] != '\0';
}

/* Before the verb is known, a flag may be any of the noun's commands'. */
static bool takes_value(const char *noun, const char *name)
{
	const struct cli_flag *f = find_flag(NULL, name, strlen(name));

	for (size_t i = 0; noun && !f && i < cli_command_count; i++)
		if (strcmp(cli_commands[i].noun, noun) == 0)
			f = find_flag(&cli_commands[i], name, strlen(name));
	return f && f->kind != KIND_BOOL;
}

/* Noun and verb are the first words that are no flags nor their values. */
static void find_words(int argc, char **argv, int *ret_noun, int *ret_verb)
{
	*ret_noun = *ret_verb = 0;
	for (int i = 1; i < argc && !*ret_verb && strcmp(argv[i], "--") != 0; i++) {
		const char *arg = long_name(argv[i]);
		if (is_flag(arg)) {
			i += !strchr(arg, '=') &&
			     takes_value(*ret_noun ? argv[*ret_noun] : NULL, arg + 2);
		} else if (!*ret_noun) {
			*ret_noun = i;
			if (find_command(argv[i], NULL))
				return;
		} else {
			*ret_verb = i;
		}
	}
}

static int choose_command(struct cli *c, int argc, char **argv, int *ret_noun, int *ret_verb)
{
	find_words(argc, argv, ret_noun, ret_verb);
	if (!*ret_noun) {
		cli_help(stderr, NULL, NULL);
		return CLI_USAGE;
	}
	const char *noun = argv[*ret_noun], *verb = *ret_verb ? argv[*ret_verb] : NULL;
	c->cmd = find_command(noun, verb);
	if (c->cmd)
		return CLI_OK;
	if (!is_noun(noun))
		return cli_usage(c, "no command '%s'", noun);
	if (verb)
		fprintf(stderr, "error: no verb '%s' for %s\n", verb, noun);
	cli_help(stderr, noun, NULL);
	return CLI_USAGE;
}

static int check_count(struct cli *c)
{
	size_t most = 0, least = 0;

	for (const char *p = c->cmd->args; p && *p;) {
		size_t n = strcspn(p, " ");
		most++;
		least += *p != '[';
		p += n + (p[n] == ' ');
	}
	if (c->nargs > most)
		return cli_usage(c, "'%s' is one argument too many", c->args[most]);
	if (c->nargs < least)
		return cli_usage(
			c, "an argument is missing:%s%s", *c->cmd->args ? " " : "", c->cmd->args);
	for (const struct cli_flag *f = c->cmd->flags; f && f->name; f++)
		if (f->required && !cli_flag(c, f->name) && strcmp(f->name, "project") != 0)
			return cli_usage(c, "--%s is needed: %s", f->name, f->help);
	return CLI_OK;
}

/* A project that a body may name narrows something down: there the setting stays out of it. */
int cli_complete(struct cli *c)
{
	for (const struct cli_flag *f = c->cmd->flags; f && f->name; f++) {
		const char *value = strcmp(f->name, "project") == 0  ? c->settings.project
				    : strcmp(f->name, "tenant") == 0 ? c->settings.tenant
								     : NULL;
		if (cli_flag(c, f->name))
			continue;
		if (f->required && !value)
			return cli_usage(c, "--%s is needed: %s", f->name, f->help);
		if (value && (f->required || f->to == TO_QUERY) && c->ngiven < CLI_FLAGS)
			c->given[c->ngiven++] = (struct cli_given){ f, value };
	}
	return CLI_OK;
}

static int apply_common(struct cli *c)
{
	const char *output = cli_flag(c, "output");
	int64_t timeout = cli_flag_int(c, "timeout", 60);

	if (output && strcmp(output, "json") != 0 && strcmp(output, "table") != 0 &&
		strcmp(output, "name") != 0 && strcmp(output, "id") != 0)
		return cli_usage(c, "--output: '%s' is not table, json or name", output);
	if (timeout < 1 || timeout > 86400)
		return cli_usage(c, "--timeout: not 1 to 86400 seconds");
	c->json = output && strcmp(output, "json") == 0;
	c->ids = output && (strcmp(output, "id") == 0 || strcmp(output, "name") == 0);
	c->timeout = timeout * MO_SECOND;
	c->quiet = cli_flag(c, "quiet") != NULL;
	c->all = cli_flag(c, "all") != NULL;
	c->idempotency_key = cli_flag(c, "idempotency-key");
	return CLI_OK;
}

static bool wants_help(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
			return true;
	return argc > 1 && strcmp(argv[1], "help") == 0;
}

int cli_parse(struct cli *c, int argc, char **argv, bool *ret_done)
{
	int noun, verb, rc;
	bool words_only = false;

	if (wants_help(argc, argv)) {
		find_words(argc, argv, &noun, &verb);
		if (noun && strcmp(argv[noun], "help") == 0)
			noun = verb, verb = 0;
		cli_help(stdout, noun ? argv[noun] : NULL, verb ? argv[verb] : NULL);
		*ret_done = true;
		return CLI_OK;
	}
	rc = choose_command(c, argc, argv, &noun, &verb);
	for (int i = 1; i < argc && rc == CLI_OK; i++) {
		if (i == noun || (c->cmd->verb && i == verb))
			continue;
		if (!words_only && strcmp(argv[i], "--") == 0)
			words_only = true;
		else if (!words_only && is_flag(argv[i]))
			rc = take_flag(c, argc, argv, &i);
		else if (c->nargs < CLI_ARGS)
			c->args[c->nargs++] = argv[i];
		else
			rc = cli_usage(c, "too many arguments");
	}
	if (rc == CLI_OK)
		rc = check_count(c);
	return rc == CLI_OK ? apply_common(c) : rc;
}
