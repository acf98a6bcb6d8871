/* The X-Actor header of demo mode. */
#include "modelops/auth/actor.h"

#include <string.h>

static int bad(struct mo_err *err, const char *what)
{
	mo_fail(err, MO_EAUTH, "X-Actor: %s", what);
	return mo_advise(
		err, "bad_actor", "write X-Actor: NAME|tenant=TENANT|role=admin, user or viewer");
}

/* Cuts the text up to the next '|' (or the end) off REST. */
static struct mo_str next_part(struct mo_str *rest)
{
	const char *bar = rest->n ? memchr(rest->p, '|', rest->n) : NULL;
	size_t n = bar ? (size_t)(bar - rest->p) : rest->n;
	struct mo_str part = { rest->p, n };
	rest->p += n + (bar != NULL);
	rest->n -= n + (bar != NULL);
	return part;
}

static bool take_prefix(struct mo_str *s, const char *prefix)
{
	size_t n = strlen(prefix);
	if (s->n < n || memcmp(s->p, prefix, n) != 0)
		return false;
	s->p += n;
	s->n -= n;
	return true;
}

static bool actor_name_valid(struct mo_str s)
{
	if (s.n == 0 || s.n >= AUTH_NAME_MAX)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];
		bool word =
			(c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
		if (!word && (c == '\0' || !strchr("-._@", c)))
			return false;
	}
	return true;
}

static enum auth_role role_of(struct mo_str word, bool platform)
{
	if (mo_str_eq(word, "admin"))
		return platform ? ROLE_PLATFORM_ADMIN : ROLE_TENANT_ADMIN;
	if (mo_str_eq(word, "user"))
		return ROLE_USER;
	return mo_str_eq(word, "viewer") ? ROLE_VIEWER : ROLE_NOBODY;
}

int auth_claim_parse(struct mo_str header, struct auth_claim *ret_claim, struct mo_err *err)
{
	struct mo_str name = next_part(&header), tenant = next_part(&header), role = header;
	if (!actor_name_valid(name))
		return bad(err,
			"the name is empty, too long or holds other than letters, digits and -._@");
	if (!take_prefix(&tenant, "tenant=") || !mo_name_valid(tenant.p, tenant.n))
		return bad(err, "the second part is not tenant=NAME");
	if (!take_prefix(&role, "role="))
		return bad(err, "the third part is not role=ROLE");

	struct auth_claim claim = { .role = role_of(role, mo_str_eq(tenant, "platform")) };
	if (claim.role == ROLE_NOBODY)
		return bad(err, "the role is none of admin, user, viewer");
	memcpy(claim.name, name.p, name.n);
	memcpy(claim.tenant, tenant.p, tenant.n);
	*ret_claim = claim;
	return 0;
}
