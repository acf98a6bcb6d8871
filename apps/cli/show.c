/* Tables with widths from their content, numbers to the right, colours only on a terminal. */
#include "show.h"

#include "modelops/base/buf.h"
#include "modelops/base/check.h"
#include "modelops/json/jw.h"

#include "fmt.h"
#include "table.h"

#include <stdlib.h>
#include <string.h>

enum { OUT_BYTES = 256 << 20 };

json_t *show_at(const json_t *doc, const char *key)
{
	char part[128];

	for (;;) {
		size_t n = strcspn(key, ".");
		if (n >= sizeof(part))
			return NULL;
		memcpy(part, key, n);
		part[n] = '\0';
		doc = json_object_get(doc, part);
		if (!doc || !key[n])
			return (json_t *)doc;
		key += n + 1;
	}
}

const char *show_text(const json_t *doc, const char *key)
{
	const char *text = json_string_value(show_at(doc, key));
	return text ? text : "";
}

double show_number(const json_t *doc, const char *key)
{
	return json_number_value(show_at(doc, key));
}

/* Other kinds of values as compact JSON, cut at the cell's end. */
static void compact(const json_t *value, char out[SHOW_CELL])
{
	char *text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY | JSON_REAL_PRECISION(9));

	snprintf(out, SHOW_CELL, "%s", text ? text : "?");
	if (text && strlen(text) >= SHOW_CELL)
		memcpy(out + SHOW_CELL - 4, "...", 4);
	free(text);
}

static void text_value(const char *text, enum cli_format format, char out[SHOW_CELL])
{
	struct mo_arena arena;

	mo_arena_init(&arena, 2 << 20, 4096);
	snprintf(out, SHOW_CELL, format == FMT_DIGEST ? "%.12s" : "%s",
		fmt_clean(text, false, &arena));
	mo_arena_free(&arena);
	if (format == FMT_TIME && strlen(out) >= 19 && out[10] == 'T') {
		out[10] = ' ';
		out[19] = '\0';
	}
}

static void number_value(const json_t *value, enum cli_format format, char out[SHOW_CELL])
{
	double v = json_number_value(value);

	if (format == FMT_BYTES)
		fmt_bytes(v, out);
	else if (format == FMT_SHARE)
		snprintf(out, SHOW_CELL, "%.0f %%", v * 100);
	else if (json_is_integer(value))
		snprintf(out, SHOW_CELL, "%lld", (long long)json_integer_value(value));
	else
		snprintf(out, SHOW_CELL, "%.6g", v);
}

char *show_value(const json_t *value, enum cli_format format, char out[SHOW_CELL])
{
	if (!value || json_is_null(value))
		snprintf(out, SHOW_CELL, "-");
	else if (json_is_string(value))
		text_value(json_string_value(value), format, out);
	else if (format == FMT_MONEY && json_is_object(value))
		snprintf(out, SHOW_CELL, "%s %s", show_text(value, "text"),
			show_text(value, "currency"));
	else if (json_is_number(value))
		number_value(value, format, out);
	else if (json_is_boolean(value))
		snprintf(out, SHOW_CELL, "%s", json_is_true(value) ? "yes" : "no");
	else
		compact(value, out);
	return out;
}

/* Numbers of a terminal colour, or NULL. */
static const char *state_paint(const char *state)
{
	static const struct {
		const char *names, *paint;
	} groups[] = {
		{ " SUCCEEDED READY ACTIVE PAID ISSUED BOUND ok yes ", "32" },
		{ " FAILED CANCELLED DEGRADED VOID LOST DELETED SUSPENDED no ", "31" },
		{ " RUNNING ROLLING STARTING REGISTERING ALLOCATED ", "36" },
		{ " PENDING QUEUED BLOCKED RESERVED DRAINING DRAFT ", "33" },
	};
	char word[40];

	if (snprintf(word, sizeof(word), " %s ", state) >= (int)sizeof(word))
		return NULL;
	for (size_t i = 0; i < MO_COUNT(groups); i++)
		if (strstr(groups[i].names, word))
			return groups[i].paint;
	return NULL;
}

const char *show_colour(struct cli *c, const char *state)
{
	const char *paint = c->colour ? state_paint(state) : NULL;
	const char *text = paint ? mo_arena_printf(&c->arena, "\033[%sm", paint) : NULL;
	return text ? text : "";
}

const char *show_plain(const struct cli *c)
{
	return c->colour ? "\033[0m" : "";
}

/* Ids are there to be copied: they are never cut. */
static bool is_id(const char *key)
{
	size_t n = strlen(key);
	return strcmp(key, "id") == 0 || (n > 3 && strcmp(key + n - 3, "_id") == 0);
}

static bool to_the_right(enum cli_format format)
{
	return format == FMT_NUMBER || format == FMT_BYTES || format == FMT_MONEY ||
	       format == FMT_SHARE;
}

static bool any_has(const json_t *items, const char *key)
{
	size_t i;
	json_t *item;

	json_array_foreach(items, i, item)
	{
		const json_t *value = show_at(item, key);
		if (value && !json_is_null(value))
			return true;
	}
	return false;
}

void show_table(struct cli *c, const struct cli_column *columns, const json_t *items)
{
	const struct cli_column *used[TABLE_COLS];
	struct table_col cols[TABLE_COLS];
	struct table table;
	mo_autobuf struct mo_buf out;
	size_t n = 0, i;
	json_t *item;

	for (const struct cli_column *col = columns; col->title && n < TABLE_COLS; col++) {
		if (col->if_any && !any_has(items, col->key))
			continue;
		used[n] = col;
		cols[n++] = (struct table_col){ col->title, to_the_right(col->format),
			is_id(col->key) };
	}
	table_init(&table, cols, n, &c->arena);
	json_array_foreach(items, i, item)
	{
		const char *cells[TABLE_COLS], *paints[TABLE_COLS] = { NULL };
		char text[SHOW_CELL];
		for (size_t k = 0; k < n; k++) {
			show_value(show_at(item, used[k]->key), used[k]->format, text);
			cells[k] = mo_arena_strdup(&c->arena, text);
			if (used[k]->format == FMT_STATE)
				paints[k] = state_paint(text);
		}
		if (table_add(&table, cells, paints) < 0)
			break;
	}
	mo_buf_init(&out, OUT_BYTES);
	table_print(&table, c->width, c->colour, &out);
	fwrite(mo_buf_str(&out), 1, out.len, stdout);
}

/* Format of a member by its name: every object of the API uses the same names. */
static enum cli_format format_of(const char *key, const json_t *value)
{
	size_t n = strlen(key);

	if ((n > 3 && strcmp(key + n - 3, "_at") == 0) || strcmp(key, "period_start") == 0 ||
		strcmp(key, "period_end") == 0)
		return FMT_TIME;
	if (strcmp(key, "state") == 0)
		return FMT_STATE;
	if (strcmp(key, "size") == 0)
		return FMT_BYTES;
	return json_is_object(value) && json_object_get(value, "amount_micro") ? FMT_MONEY
									       : FMT_TEXT;
}

void show_object(struct cli *c, const json_t *doc)
{
	char text[SHOW_CELL];
	size_t width = 0;
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)doc, key, value)
	{
		width = strlen(key) > width ? strlen(key) : width;
	}
	json_object_foreach((json_t *)doc, key, value)
	{
		enum cli_format format = format_of(key, value);
		show_value(value, format, text);
		const char *shown = json_is_string(value) && format == FMT_TEXT
					    ? fmt_clean(json_string_value(value), false, &c->arena)
					    : text;
		if (json_is_object(value) && json_object_size(value) && format != FMT_MONEY) {
			char *whole = json_dumps(value, JSON_COMPACT | JSON_ENSURE_ASCII);
			printf("%-*s  %s\n", (int)width, key, whole ? whole : "?");
			free(whole);
			continue;
		}
		printf("%-*s  %s%s%s\n", (int)width, key,
			format == FMT_STATE ? show_colour(c, text) : "", shown,
			format == FMT_STATE ? show_plain(c) : "");
	}
}

/* What -o name prints: the id, or what stands for it in rows without one. */
static void show_name(struct cli *c, const json_t *row)
{
	static const char *const keys[] = { "id", "alias", "seq", "version", "pool_id", "metric",
		"key", "name", "head_hash" };
	char text[SHOW_CELL];

	(void)c;
	for (size_t i = 0; i < MO_COUNT(keys); i++) {
		const json_t *value = json_object_get(row, keys[i]);
		if (!value || json_is_null(value))
			continue;
		printf("%s\n", show_value(value, FMT_TEXT, text));
		return;
	}
}

static void show_names(struct cli *c, const json_t *doc)
{
	const json_t *items = json_object_get(doc, "items");
	size_t i;
	json_t *item;

	if (!json_is_array(items))
		show_name(c, doc);
	json_array_foreach(items, i, item)
	{
		show_name(c, item);
	}
}

static const struct cli_column any_columns[] = {
	{ "ID", "id", FMT_TEXT },
	{ "NAME", "name", FMT_TEXT },
	{ "CREATED", "created_at", FMT_TIME },
	{ NULL, NULL, FMT_TEXT },
};

/* As the API writes it: the same writer, so that numbers keep their shortest form. */
static void print_json(const json_t *doc)
{
	mo_autobuf struct mo_buf out;
	struct jw w;

	mo_buf_init(&out, OUT_BYTES);
	jw_init(&w, &out);
	jw_json(&w, doc);
	mo_buf_putc(&out, '\n');
	if (jw_done(&w) == 0)
		fwrite(out.data, 1, out.len, stdout);
}

void show_document(struct cli *c, const json_t *doc)
{
	const json_t *items = json_object_get(doc, "items");

	if (c->json) {
		print_json(doc);
	} else if (c->ids) {
		show_names(c, doc);
	} else if (!items) {
		show_object(c, doc);
	} else if (!json_array_size(items)) {
		printf("none\n");
	} else {
		show_table(c, c->cmd->columns ? c->cmd->columns : any_columns, items);
		if (json_is_string(json_object_get(doc, "next")))
			printf("... there are more: --cursor %s, or --all\n",
				show_text(doc, "next"));
	}
}
