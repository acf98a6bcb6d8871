/* Query parameters: split, decoded, checked against the route's list. */
#include "query.h"

#include "modelops/base/check.h"
#include "modelops/base/time.h"
#include "modelops/http/router.h"

#include <string.h>

static const struct query_field page_fields[] = {
	{ "limit", Q_INT, false, "Most items in the page, 1 to 500; default 50.", NULL },
	{ "cursor", Q_TEXT, false, "`next` of the page before.", NULL },
};
static const struct query_field tenant_field = { "tenant_id", Q_TEXT, false,
	"Id or name of the tenant; another than the caller's own is for platform admins.", NULL };

unsigned query_fields(const struct route *route, const struct query_field *ret_fields[QUERY_MAX])
{
	unsigned n = 0;
	for (const struct query_field *f = route->query; f && f->name; f++)
		ret_fields[n++] = f;
	for (size_t i = 0; route->flags & RF_PAGE && i < MO_COUNT(page_fields); i++)
		ret_fields[n++] = &page_fields[i];
	if (route->flags & RF_TENANT)
		ret_fields[n++] = &tenant_field;
	MO_ASSERT(n <= QUERY_MAX);
	return n;
}

static bool one_of(const char *choices, const char *word)
{
	size_t n = strlen(word);
	for (const char *c = choices; *c;) {
		size_t len = strcspn(c, " ");
		if (len == n && !memcmp(c, word, n))
			return true;
		c += len + (c[len] == ' ');
	}
	return false;
}

static int convert(const struct query_field *f, struct query_value *v, struct mo_err *err)
{
	size_t n = strlen(v->text);
	if (n == 0)
		return mo_fail_field(err, f->name, "query parameter '%s' is empty", f->name);
	switch (f->type) {
	case Q_TEXT:
		return 0;
	case Q_INT:
		if (mo_parse_i64(v->text, n, &v->number) < 0)
			return mo_fail_field(
				err, f->name, "'%.60s' is not a whole number", v->text);
		return 0;
	case Q_TIME:
		if (mo_time_parse(v->text, n, &v->number) < 0)
			return mo_fail_field(err, f->name,
				"'%.60s' is not a time like 2026-11-23T21:05:00Z", v->text);
		return 0;
	case Q_BOOL:
		v->number = !strcmp(v->text, "1") || !strcmp(v->text, "true");
		if (!v->number && strcmp(v->text, "0") != 0 && strcmp(v->text, "false") != 0)
			return mo_fail_field(
				err, f->name, "'%.60s' is none of 0, 1, true, false", v->text);
		return 0;
	case Q_ENUM:
		if (!one_of(f->choices, v->text))
			return mo_fail_field(
				err, f->name, "'%.60s' is none of: %s", v->text, f->choices);
		return 0;
	}
	return 0;
}

static int read_pair(struct mo_str pair, const struct query_field *const *fields,
	struct mo_arena *arena, struct query *q, struct mo_err *err)
{
	const char *eq = memchr(pair.p, '=', pair.n);
	struct mo_str raw_name = { pair.p, eq ? (size_t)(eq - pair.p) : pair.n }, name,
		      text = MO_STR("");
	struct mo_str raw_text = { eq ? eq + 1 : pair.p, eq ? pair.n - raw_name.n - 1 : 0 };
	int rc = http_decode(raw_name, true, arena, &name);
	if (rc == 0)
		rc = http_decode(raw_text, true, arena, &text);
	if (rc == -2)
		return mo_fail(err, MO_ENOMEM, "query of %zu bytes", pair.n);
	if (rc < 0)
		return mo_fail(err, MO_EINVAL, "the query holds a malformed percent escape");
	for (unsigned i = 0; i < q->count; i++) {
		struct query_value *v = &q->values[i];
		if (!mo_str_eq(name, v->name))
			continue;
		if (v->text)
			return mo_fail_field(
				err, v->name, "query parameter '%s' is given twice", v->name);
		v->text = mo_arena_memdup(arena, text.p, text.n);
		if (!v->text)
			return mo_fail(err, MO_ENOMEM, "query of %zu bytes", pair.n);
		return convert(fields[i], v, err);
	}
	char unknown[48];
	size_t n = name.n < sizeof(unknown) ? name.n : sizeof(unknown) - 1;
	memcpy(unknown, name.p, n);
	unknown[n] = '\0';
	return mo_fail_field(err, unknown, "unknown query parameter '%s'", unknown);
}

int query_read(const struct route *route, struct mo_str raw, struct mo_arena *arena,
	struct query *ret_query, struct mo_err *err)
{
	const struct query_field *fields[QUERY_MAX];
	struct query q = { .count = query_fields(route, fields) };
	for (unsigned i = 0; i < q.count; i++)
		q.values[i].name = fields[i]->name;

	while (raw.n) {
		const char *amp = memchr(raw.p, '&', raw.n);
		struct mo_str pair = { raw.p, amp ? (size_t)(amp - raw.p) : raw.n };
		if (read_pair(pair, fields, arena, &q, err) < 0)
			return -1;
		raw.p += pair.n + (amp != NULL);
		raw.n -= pair.n + (amp != NULL);
	}
	for (unsigned i = 0; i < q.count; i++)
		if (fields[i]->required && !q.values[i].text)
			return mo_fail_field(err, fields[i]->name,
				"query parameter '%s' is required", fields[i]->name);
	*ret_query = q;
	return 0;
}

static const struct query_value *find(const struct query *q, const char *name)
{
	for (unsigned i = 0; i < q->count; i++)
		if (!strcmp(q->values[i].name, name))
			return &q->values[i];
	MO_ASSERT(!"a handler asks for a query parameter that its route does not list");
	return NULL;
}

const char *query_text(const struct query *q, const char *name)
{
	return find(q, name)->text;
}

bool query_given(const struct query *q, const char *name)
{
	return find(q, name)->text != NULL;
}

int64_t query_number(const struct query *q, const char *name, int64_t absent)
{
	const struct query_value *v = find(q, name);
	return v->text ? v->number : absent;
}
