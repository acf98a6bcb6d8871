/* Router: a trie of path segments, and query parameters. */
#include "modelops/http/router.h"

#include "modelops/base/check.h"

#include <stdlib.h>
#include <string.h>

enum { ROUTES_MAX = 1024 };

struct node {
	struct node *next, *literals, *param, *rest; /* next: sibling literal */
	const char *text;                            /* of a literal */
	size_t n;
	int rows[HTTP_METHOD_COUNT]; /* row + 1; 0 for none */
	const char *names[HTTP_METHOD_COUNT][HTTP_PARAMS_MAX];
	bool routed;
};

struct http_router {
	struct node *root;
	struct node *nodes[ROUTES_MAX * 4]; /* all, to free */
	char *strings[ROUTES_MAX * 2];
	unsigned nnodes, nstrings;
};

static struct node *node_new(struct http_router *r)
{
	if (r->nnodes == MO_COUNT(r->nodes))
		return NULL;
	struct node *n = calloc(1, sizeof(*n));
	if (n)
		r->nodes[r->nnodes++] = n;
	return n;
}

int http_router_new(struct http_router **ret_router, struct mo_err *err)
{
	struct http_router *r = calloc(1, sizeof(*r));

	if (!r || !(r->root = node_new(r))) {
		free(r);
		return mo_fail(err, MO_ENOMEM, "router");
	}
	*ret_router = r;
	return 0;
}

void http_router_free(struct http_router *router)
{
	if (!router)
		return;
	for (unsigned i = 0; i < router->nnodes; i++)
		free(router->nodes[i]);
	for (unsigned i = 0; i < router->nstrings; i++)
		free(router->strings[i]);
	free(router);
}

static struct node *literal_child(const struct node *at, const char *text, size_t n)
{
	for (struct node *c = at->literals; c; c = c->next)
		if (c->n == n && memcmp(c->text, text, n) == 0)
			return c;
	return NULL;
}

static struct node *add_literal(struct http_router *r, struct node *at, const char *text, size_t n)
{
	struct node *c = literal_child(at, text, n);

	if (c || !(c = node_new(r)))
		return c;
	c->text = text;
	c->n = n;
	c->next = at->literals;
	at->literals = c;
	return c;
}

/* "{name}" or "{name...}": the child for it, its name added to NAMES. */
static struct node *add_param(struct http_router *r, struct node *at, const char *seg, size_t n,
	const char **names, unsigned *count)
{
	bool rest = n > 5 && memcmp(seg + n - 4, "...}", 4) == 0;
	struct node **slot = rest ? &at->rest : &at->param;

	if (*count == HTTP_PARAMS_MAX || r->nstrings == MO_COUNT(r->strings))
		return NULL;
	char *name = strndup(seg + 1, n - (rest ? 5 : 2));
	if (!name)
		return NULL;
	r->strings[r->nstrings++] = name;
	names[(*count)++] = name;
	if (!*slot)
		*slot = node_new(r);
	return *slot;
}

int http_router_add(struct http_router *router, enum http_method method, const char *template,
	int row, struct mo_err *err)
{
	const char *names[HTTP_PARAMS_MAX] = { NULL };
	struct node *at = router->root;
	unsigned count = 0;

	if (template[0] != '/' || row < 0 || method == HTTP_UNKNOWN)
		return mo_fail(err, MO_EINVAL, "route '%s' does not start with '/'", template);
	for (const char *seg = template + 1;;) {
		size_t n = strcspn(seg, "/");
		if (n > 2 && seg[0] == '{' && seg[n - 1] == '}')
			at = add_param(router, at, seg, n, names, &count);
		else
			at = add_literal(router, at, seg, n);
		if (!at)
			return mo_fail(err, MO_ENOMEM, "route '%s': too many routes or parameters",
				template);
		if (!seg[n])
			break;
		seg += n + 1;
	}
	if (at->rows[method])
		return mo_fail(err, MO_ECONFLICT, "route '%s' %s is there twice", template,
			http_method_name(method));
	at->rows[method] = row + 1;
	at->routed = true;
	memcpy(at->names[method], names, sizeof(names));
	return 0;
}

struct walk {
	const struct http_router *router;
	const char *end;
	unsigned depth;
	struct mo_str raw[HTTP_PARAMS_MAX];
	unsigned count;
};

/* Depth first, literals before parameters before the rest. */
static const struct node *find(struct walk *w, const struct node *at, const char *seg)
{
	const char *slash = memchr(seg, '/', (size_t)(w->end - seg));
	size_t n = (size_t)((slash ? slash : w->end) - seg);
	const struct node *hit = NULL, *lit = literal_child(at, seg, n);

	if (lit)
		hit = slash ? find(w, lit, slash + 1) : lit->routed ? lit : NULL;
	if (!hit && at->param && n > 0 && w->count < HTTP_PARAMS_MAX) {
		w->raw[w->count++] = (struct mo_str){ seg, n };
		hit = slash ? find(w, at->param, slash + 1) : at->param->routed ? at->param : NULL;
		if (!hit)
			w->count--;
	}
	if (!hit && at->rest && w->end > seg && w->count < HTTP_PARAMS_MAX) {
		w->raw[w->count++] = (struct mo_str){ seg, (size_t)(w->end - seg) };
		hit = at->rest;
	}
	return hit;
}

/* "." and ".." as segments, also encoded, have no place in a path: nothing is normalised here. */
static bool dotted(struct mo_str text)
{
	for (size_t i = 0; i < text.n;) {
		const char *slash = memchr(text.p + i, '/', text.n - i);
		size_t n = slash ? (size_t)(slash - text.p) - i : text.n - i;
		const char *s = text.p + i;
		if ((n == 1 && s[0] == '.') || (n == 2 && s[0] == '.' && s[1] == '.'))
			return true;
		i += n + 1;
	}
	return false;
}

static unsigned allowed(const struct node *at)
{
	unsigned bits = 1U << HTTP_OPTIONS;

	for (int m = HTTP_GET; m < HTTP_METHOD_COUNT; m++)
		if (at->rows[m])
			bits |= 1U << m;
	return bits & (1U << HTTP_GET) ? bits | 1U << HTTP_HEAD : bits;
}

enum http_found http_router_match(const struct http_router *router, enum http_method method,
	struct mo_str path, struct mo_arena *arena, struct http_match *ret_match)
{
	struct walk w = { .router = router, .end = path.p + path.n };

	if (path.n == 0 || path.p[0] != '/' || dotted(path))
		return HTTP_BAD_PATH;
	const struct node *at = find(&w, router->root, path.p + 1);
	if (!at)
		return HTTP_NO_PATH;
	enum http_method m = method == HTTP_HEAD && !at->rows[HTTP_HEAD] ? HTTP_GET : method;
	ret_match->allow = allowed(at);
	if (!at->rows[m])
		return HTTP_NO_METHOD;
	for (unsigned i = 0; i < w.count; i++) {
		int rc = http_decode(w.raw[i], false, arena, &ret_match->params[i]);
		if (rc < 0)
			return rc == -2 ? HTTP_NO_ROOM : HTTP_BAD_PATH;
		if (dotted(ret_match->params[i]))
			return HTTP_BAD_PATH;
	}
	ret_match->nparams = w.count;
	ret_match->names = at->names[m];
	ret_match->row = at->rows[m] - 1;
	return HTTP_FOUND;
}

char *http_allow_text(unsigned allow, char out[64])
{
	size_t n = 0;

	for (int m = HTTP_GET; m < HTTP_METHOD_COUNT; m++) {
		if (!(allow & 1U << m))
			continue;
		const char *name = http_method_name((enum http_method)m);
		size_t len = strlen(name);
		if (n) {
			memcpy(out + n, ", ", 2);
			n += 2;
		}
		memcpy(out + n, name, len);
		n += len;
	}
	out[n] = '\0';
	return out;
}
