/* Table-driven reader of JSON objects. */
#include "modelops/model/xgb_read.h"

#include "modelops/base/check.h"

static int read_member(struct jscan *j, struct mo_str key, const struct xgb_member *table,
	size_t count, void *ctx, uint32_t *seen, struct mo_err *err)
{
	for (size_t i = 0; i < count; i++) {
		if (!mo_str_eq(key, table[i].name))
			continue;
		if (*seen & 1u << i)
			return jscan_fail(j, err, "member \"%s\" twice", table[i].name);
		*seen |= 1u << i;
		return table[i].read(ctx, j, err) < 0 ? mo_wrap(err, table[i].name) : 0;
	}
	return jscan_skip(j, err);
}

int xgb_read_object(struct jscan *j, const struct xgb_member *table, size_t count, void *ctx,
	struct mo_err *err)
{
	MO_ASSERT(count <= 32);
	if (jscan_enter(j, '{', err) < 0)
		return -1;
	uint32_t seen = 0;
	size_t members = 0;
	struct mo_str key;
	int more;
	while ((more = jscan_member(j, &members, &key, err)) > 0)
		if (read_member(j, key, table, count, ctx, &seen, err) < 0)
			return -1;
	if (more < 0)
		return -1;
	for (size_t i = 0; i < count; i++)
		if (table[i].required && !(seen & 1u << i))
			return jscan_fail(j, err, "member \"%s\" is missing", table[i].name);
	return 0;
}

int xgb_read_count(struct jscan *j, uint64_t max, uint32_t *ret_v, struct mo_err *err)
{
	struct mo_str s;
	uint64_t v;
	if (jscan_string(j, &s, err) < 0)
		return -1;
	if (mo_parse_u64(s.p, s.n, &v) < 0)
		return jscan_fail(
			j, err, "\"%.*s\" is not a count", (int)(s.n > 40 ? 40 : s.n), s.p);
	if (v > max)
		return jscan_fail(j, err, "%llu is more than %llu", (unsigned long long)v,
			(unsigned long long)max);
	*ret_v = (uint32_t)v;
	return 0;
}
