/* Invoices and cost for people: every line says how its amount came about. */
#include "call.h"
#include "fmt.h"
#include "modelops/base/check.h"
#include "show.h"
#include "table.h"

#include <stdio.h>
#include <string.h>

/* A price of millionths as "0.080000". */
static void print_micro(int64_t micro)
{
	printf("%lld.%06lld", (long long)(micro / 1000000), (long long)(micro % 1000000));
}

static void explain_line(struct cli *c, const json_t *line)
{
	const char *description = fmt_clean(show_text(line, "description"), false, &c->arena);
	const char *unit = fmt_clean(show_text(line, "unit_label"), false, &c->arena);

	printf("  %lld. ", (long long)show_number(line, "n"));
	if (*description)
		printf("%s\n     ", description);
	printf("%lld x ", (long long)show_number(line, "quantity"));
	print_micro((int64_t)show_number(line, "price_micro"));
	printf(" %s per %lld (%s) = %s %s\n", show_text(line, "amount.currency"),
		(long long)show_number(line, "per_quantity"), unit, show_text(line, "amount.text"),
		show_text(line, "amount.currency"));
}

/* A line as a row: quantity and price in the unit of the price. */
static int add_row(struct cli *c, struct table *table, const json_t *line)
{
	char n[SHOW_CELL], amount[SHOW_CELL], quantity[FMT_CELL], price[FMT_CELL];
	int64_t per = json_integer_value(json_object_get(line, "per_quantity"));
	const char *unit = fmt_clean(show_text(line, "unit_label"), false, &c->arena);

	fmt_ratio(
		json_integer_value(json_object_get(line, "quantity")), per > 0 ? per : 1, quantity);
	fmt_micro(json_integer_value(json_object_get(line, "price_micro")), price);
	const char *cells[] = {
		show_value(show_at(line, "n"), FMT_NUMBER, n),
		show_text(line, "metric"),
		show_text(line, "price_class"),
		mo_arena_printf(&c->arena, "%s %s", quantity, unit),
		mo_arena_printf(&c->arena, "%s / %s", price, unit),
		show_value(show_at(line, "amount"), FMT_MONEY, amount),
	};
	for (size_t i = 0; i < MO_COUNT(cells); i++)
		cells[i] = mo_arena_strdup(&c->arena, cells[i] ? cells[i] : "");
	return table_add(table, cells, NULL);
}

static void show_lines(struct cli *c, const json_t *doc)
{
	static const struct table_col cols[] = { { "#", .right = true }, { "WHAT" }, { "CLASS" },
		{ "QUANTITY", .right = true }, { "PRICE", .right = true },
		{ "AMOUNT", .right = true } };
	const json_t *lines = json_object_get(doc, "lines");
	mo_autobuf struct mo_buf out;
	struct table table;
	size_t i;
	json_t *line;

	mo_buf_init(&out, 64 << 20);
	if (!json_array_size(lines)) {
		printf("nothing to bill\n");
		return;
	}
	table_init(&table, cols, MO_COUNT(cols), &c->arena);
	json_array_foreach(lines, i, line)
	{
		if (add_row(c, &table, line) < 0)
			return;
	}
	table_print(&table, c->width, c->colour, &out);
	fwrite(mo_buf_str(&out), 1, out.len, stdout);
	printf("\nhow each amount came about:\n");
	json_array_foreach(lines, i, line)
	{
		explain_line(c, line);
	}
}

/* The plan's name beside its id, where it can be read. */
static const char *plan_of(struct cli *c, const char *id)
{
	mo_autojson json_t *plan = NULL;
	const char *path = mo_arena_printf(&c->arena, "/v1/price-plans/%s", api_encode(c, id));

	c->hushed = true;
	int rc = *id && path ? api_json(c, "GET", path, NULL, &plan) : CLI_REFUSED;
	c->hushed = false;
	const char *name = rc == CLI_OK ? show_text(plan, "name") : "";
	const char *text = *name ? mo_arena_printf(&c->arena, "%s (%s)", name, id) : id;
	return text ? fmt_clean(text, false, &c->arena) : "";
}

static int show_bill(struct cli *c, bool invoice)
{
	mo_autojson json_t *doc = NULL;
	char from[SHOW_CELL], to[SHOW_CELL], total[SHOW_CELL];
	const char *path;
	int rc = call_path(c, &path);

	if (rc == CLI_OK)
		rc = api_json(c, "GET", path, NULL, &doc);
	if (rc != CLI_OK)
		return rc;
	if (c->json || c->ids) {
		show_document(c, doc);
		return CLI_OK;
	}
	show_value(show_at(doc, "period_start"), FMT_TIME, from);
	show_value(show_at(doc, "period_end"), FMT_TIME, to);
	show_value(show_at(doc, "total"), FMT_MONEY, total);
	if (invoice)
		printf("Invoice %s  %s%s%s\n", fmt_clean(show_text(doc, "id"), false, &c->arena),
			show_colour(c, show_text(doc, "state")), show_text(doc, "state"),
			show_plain(c));
	else
		printf("Cost so far\n");
	printf("Period  %s to %s (UTC)\n", from, to);
	printf("Plan    %s\n\n", plan_of(c, show_text(doc, "price_plan_id")));
	show_lines(c, doc);
	printf("\nTotal   %s\n", total);
	if (invoice)
		printf("Ledger  entries up to %lld, hash %.16s...\n",
			(long long)show_number(doc, "ledger_seq"), show_text(doc, "ledger_hash"));
	return CLI_OK;
}

int invoice_show(struct cli *c)
{
	return show_bill(c, true);
}

int cost_show(struct cli *c)
{
	return show_bill(c, false);
}
