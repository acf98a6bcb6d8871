/* Tables with widths from their content, numbers to the right, colours only on a terminal. */
#include "show.h"

#include "modelops/base/check.h"

#include <math.h>
#include <string.h>

enum { COLUMNS_MAX = 24 };

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

size_t show_width(const char *text)
{
	size_t n = 0;

	for (; *text; text++)
		n += ((unsigned char)*text & 0xc0) != 0x80;
	return n;
}

char *show_bytes(double n, char out[SHOW_CELL])
{
	static const char *const units[] = { "B", "KB", "MB", "GB", "TB" };
	size_t unit = 0;

	for (; n >= 1000 && unit + 1 < MO_COUNT(units); unit++)
		n /= 1000;
	snprintf(out, SHOW_CELL, unit ? "%.1f %s" : "%.0f %s", n, units[unit]);
	return out;
}

/* Other kinds of values as compact JSON, cut at the cell's end. */
static void compact(const json_t *value, char out[SHOW_CELL])
{
	char *text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);

	snprintf(out, SHOW_CELL, "%s", text ? text : "?");
	if (text && strlen(text) >= SHOW_CELL)
		memcpy(out + SHOW_CELL - 4, "...", 4);
	free(text);
}

static void text_value(const char *text, enum cli_format format, char out[SHOW_CELL])
{
	snprintf(out, SHOW_CELL, format == FMT_DIGEST ? "%.12s" : "%s", text);
	if (format == FMT_TIME && strlen(out) >= 19 && out[10] == 'T') {
		out[10] = ' ';
		out[19] = '\0';
	}
	for (char *p = out; *p; p++) /* what others wrote must not drive the terminal */
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			*p = ' ';
}

static void number_value(const json_t *value, enum cli_format format, char out[SHOW_CELL])
{
	double v = json_number_value(value);

	if (format == FMT_BYTES)
		show_bytes(v, out);
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

static const char *state_colour(const char *state)
{
	static const struct {
		const char *names, *colour;
	} groups[] = {
		{ " SUCCEEDED READY ACTIVE PAID ISSUED BOUND ok yes ", "\033[32m" },
		{ " FAILED CANCELLED DEGRADED VOID LOST DELETED SUSPENDED no ", "\033[31m" },
		{ " RUNNING ROLLING STARTING REGISTERING ALLOCATED ", "\033[36m" },
		{ " PENDING QUEUED BLOCKED RESERVED DRAINING DRAFT ", "\033[33m" },
	};
	char word[40];

	if (snprintf(word, sizeof(word), " %s ", state) >= (int)sizeof(word))
		return "";
	for (size_t i = 0; i < MO_COUNT(groups); i++)
		if (strstr(groups[i].names, word))
			return groups[i].colour;
	return "";
}

const char *show_colour(const struct cli *c, const char *state)
{
	return c->colour ? state_colour(state) : "";
}

const char *show_plain(const struct cli *c)
{
	return c->colour ? "\033[0m" : "";
}

static bool to_the_right(enum cli_format format)
{
	return format == FMT_NUMBER || format == FMT_BYTES || format == FMT_MONEY ||
	       format == FMT_SHARE;
}

static void put_cell(const struct cli *c, const struct cli_column *col, const char *text,
	size_t width, bool last)
{
	int pad = (int)(width - show_width(text));
	bool right = to_the_right(col->format);
	bool state = c->colour && col->format == FMT_STATE;

	printf("%*s%s%s%s", right ? pad : 0, "", state ? state_colour(text) : "", text,
		state ? "\033[0m" : "");
	if (last)
		printf("\n");
	else
		printf("%*s", (right ? 0 : pad) + 2, "");
}

void show_table(const struct cli *c, const struct cli_column *columns, const json_t *items)
{
	size_t width[COLUMNS_MAX], n = 0, i;
	char text[SHOW_CELL];
	json_t *item;

	for (; columns[n].title && n < COLUMNS_MAX; n++) {
		width[n] = show_width(columns[n].title);
		json_array_foreach(items, i, item)
		{
			size_t w = show_width(
				show_value(show_at(item, columns[n].key), columns[n].format, text));
			width[n] = w > width[n] ? w : width[n];
		}
	}
	for (size_t k = 0; k < n; k++) {
		const struct cli_column head = {
			.format = to_the_right(columns[k].format) ? FMT_NUMBER : FMT_TEXT
		};
		put_cell(c, &head, columns[k].title, width[k], k + 1 == n);
	}
	json_array_foreach(items, i, item)
	{
		for (size_t k = 0; k < n; k++)
			put_cell(c, &columns[k],
				show_value(show_at(item, columns[k].key), columns[k].format, text),
				width[k], k + 1 == n);
	}
}

/* Format of a member by its name: every object of the API uses the same names. */
static enum cli_format format_of(const char *key, const json_t *value)
{
	size_t n = strlen(key);

	if (n > 3 && strcmp(key + n - 3, "_at") == 0)
		return FMT_TIME;
	if (strcmp(key, "state") == 0)
		return FMT_STATE;
	if (strcmp(key, "size") == 0)
		return FMT_BYTES;
	return json_is_object(value) && json_object_get(value, "amount_micro") ? FMT_MONEY
									       : FMT_TEXT;
}

void show_object(const struct cli *c, const json_t *doc)
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
		if (json_is_object(value) && json_object_size(value) && format != FMT_MONEY) {
			char *whole = json_dumps(value, JSON_COMPACT);
			printf("%-*s  %s\n", (int)width, key, whole ? whole : "?");
			free(whole);
			continue;
		}
		printf("%-*s  %s%s%s\n", (int)width, key,
			format == FMT_STATE ? show_colour(c, text) : "", text,
			format == FMT_STATE ? show_plain(c) : "");
	}
}

static void show_ids(const json_t *doc)
{
	const json_t *items = json_object_get(doc, "items");
	size_t i;
	json_t *item;

	if (!items && *show_text(doc, "id"))
		printf("%s\n", show_text(doc, "id"));
	json_array_foreach(items, i, item)
	{
		printf("%s\n", show_text(item, "id"));
	}
}

static const struct cli_column any_columns[] = {
	{ "ID", "id", FMT_TEXT },
	{ "NAME", "name", FMT_TEXT },
	{ "CREATED", "created_at", FMT_TIME },
	{ NULL, NULL, FMT_TEXT },
};

void show_document(const struct cli *c, const json_t *doc)
{
	const json_t *items = json_object_get(doc, "items");

	if (c->json) {
		json_dumpf(doc, stdout, JSON_INDENT(2) | JSON_ENCODE_ANY);
		printf("\n");
	} else if (c->ids) {
		show_ids(doc);
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
