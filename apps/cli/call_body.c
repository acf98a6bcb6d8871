/* The body of a command: what its flags, arguments and files make. */
#include "call.h"

#include "modelops/base/check.h"
#include "modelops/base/str.h"
#include "modelops/json/json.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int call_read_file(struct cli *c, const char *path, struct mo_buf *out)
{
	bool standard = strcmp(path, "-") == 0;
	mo_autoclose int fd = standard ? dup(STDIN_FILENO) : open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = 1;

	if (fd < 0)
		return cli_usage(c, "%s: %s", path, strerror(errno));
	while (n > 0) {
		if (out->len > FILE_BYTES || mo_buf_reserve(out, 65536) < 0)
			return cli_usage(c, "%s is larger than %d MiB", path, FILE_BYTES >> 20);
		n = read(fd, out->data + out->len, 65535);
		if (n < 0)
			return cli_usage(c, "%s: %s", path, strerror(errno));
		out->len += (size_t)n;
		out->data[out->len] = '\0';
	}
	return CLI_OK;
}

static int json_value(struct cli *c, const char *name, const char *text, json_t **ret)
{
	mo_autobuf struct mo_buf file;
	struct mo_err err = { 0 };

	mo_buf_init(&file, FILE_BYTES + 65536);
	if (*text == '@') {
		if (call_read_file(c, text + 1, &file) != CLI_OK)
			return CLI_USAGE;
		text = mo_buf_str(&file);
	}
	if (mo_json_parse(text, strlen(text), FILE_BYTES, JSON_DEPTH, ret, &err) < 0)
		return cli_usage(c, "--%s: %s", name, err.msg);
	return CLI_OK;
}

/* "7" is a number, "true" a boolean, "text" text: what a parameter's value means. */
static json_t *loose_value(const char *text)
{
	struct mo_err err;
	json_t *v = NULL;

	if (mo_json_parse(text, strlen(text), FILE_BYTES, JSON_DEPTH, &v, &err) == 0)
		return v;
	return json_string(text);
}

static int flag_value(struct cli *c, const struct cli_given *g, json_t **ret)
{
	const char *text = g->value;
	int64_t whole;
	double number;

	switch (g->flag->kind) {
	case KIND_BOOL:
		*ret = json_true();
		return CLI_OK;
	case KIND_INT:
		if (mo_parse_i64(text, strlen(text), &whole) < 0)
			return cli_usage(c, "--%s: '%s' is no whole number", g->flag->name, text);
		*ret = json_integer(whole);
		return CLI_OK;
	case KIND_NUMBER:
		if (mo_parse_f64(text, strlen(text), &number) < 0)
			return cli_usage(c, "--%s: '%s' is no number", g->flag->name, text);
		*ret = json_real(number);
		return CLI_OK;
	case KIND_JSON:
		return json_value(c, g->flag->name, text, ret);
	case KIND_TEXT:
	case KIND_PAIRS:
		break;
	}
	*ret = json_string(text);
	return CLI_OK;
}

/* Sets "a.b" in BODY; takes VALUE. */
static void set_key(json_t *body, const char *key, json_t *value)
{
	const char *dot = strchr(key, '.');
	char head[64];

	if (!dot) {
		json_object_set_new(body, key, value);
		return;
	}
	snprintf(head, sizeof(head), "%.*s", (int)(dot - key), key);
	if (!json_object_get(body, head))
		json_object_set_new(body, head, json_object());
	set_key(json_object_get(body, head), dot + 1, value);
}

static int set_pair(struct cli *c, const struct cli_given *g, const char *key, json_t *body)
{
	const char *equals = strchr(g->value, '=');

	if (!equals || equals == g->value)
		return cli_usage(c, "--%s: '%s' is not NAME=VALUE", g->flag->name, g->value);
	if (!json_object_get(body, key))
		json_object_set_new(body, key, json_object());
	char *name = mo_arena_memdup(&c->arena, g->value, (size_t)(equals - g->value));
	MO_ASSERT(name);
	json_object_set_new(json_object_get(body, key), name, loose_value(equals + 1));
	return CLI_OK;
}

/* Arguments written "NAME=name" in the table go into the body. */
static void add_arguments(struct cli *c, json_t *body)
{
	const char *p = c->cmd->args;

	for (size_t i = 0; p && *p && i < c->nargs; i++) {
		size_t n = strcspn(p, " ");
		const char *equals = memchr(p, '=', n);
		if (equals) {
			char key[64];
			snprintf(key, sizeof(key), "%.*s", (int)(p + n - equals - 1), equals + 1);
			set_key(body, key, json_string(c->args[i]));
		}
		p += n + (p[n] == ' ');
	}
}

int call_body(struct cli *c, json_t **ret)
{
	json_t *body = json_object();

	add_arguments(c, body);
	for (size_t i = 0; i < c->ngiven; i++) {
		const struct cli_given *g = &c->given[i];
		json_t *value = NULL;
		if (g->flag->to != TO_BODY)
			continue;
		int rc = g->flag->kind == KIND_PAIRS ? set_pair(c, g, call_key(c, g->flag), body)
						     : flag_value(c, g, &value);
		if (rc != CLI_OK) {
			json_decref(body);
			return rc;
		}
		if (value)
			set_key(body, call_key(c, g->flag), value);
	}
	*ret = body;
	return CLI_OK;
}
