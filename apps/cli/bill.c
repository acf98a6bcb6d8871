/* Invoices and cost for people: every line says how its amount came about. */
#include "api.h"
#include "fmt.h"
#include "modelops/json/json.h"
#include "show.h"

#include <stdio.h>
#include <string.h>

static const struct cli_column line_columns[] = {
	{ "#", "n", FMT_NUMBER },
	{ "WHAT", "metric", FMT_TEXT },
	{ "CLASS", "price_class", FMT_TEXT },
	{ "QUANTITY", "quantity", FMT_NUMBER },
	{ "UNIT", "unit_label", FMT_TEXT },
	{ "AMOUNT", "amount", FMT_MONEY },
	{ NULL, NULL, FMT_TEXT },
};

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

static void show_lines(struct cli *c, const json_t *doc)
{
	const json_t *lines = json_object_get(doc, "lines");
	size_t i;
	json_t *line;

	if (!json_array_size(lines)) {
		printf("nothing to bill\n");
		return;
	}
	show_table(c, line_columns, lines);
	printf("\nhow each amount came about:\n");
	json_array_foreach(lines, i, line)
	{
		explain_line(c, line);
	}
}

static int show_bill(struct cli *c, bool invoice)
{
	mo_autojson json_t *doc = NULL;
	char from[SHOW_CELL], to[SHOW_CELL], total[SHOW_CELL];
	const char *path;
	int rc = api_path(c, &path);

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
		printf("Invoice %s  %s%s%s\n", show_text(doc, "id"),
			show_colour(c, show_text(doc, "state")), show_text(doc, "state"),
			show_plain(c));
	else
		printf("Cost so far\n");
	printf("Period  %s to %s (UTC)\n\n", from, to);
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
