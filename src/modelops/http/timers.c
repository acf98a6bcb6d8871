/* Pairing heap of timers. A timer moved later keeps its place and is put right when that comes up.
 */
#include "modelops/http/timers.h"

#include "modelops/base/check.h"

static struct http_timer *meld(struct http_timer *a, struct http_timer *b)
{
	if (!a || !b)
		return a ? a : b;
	if (b->key < a->key) {
		struct http_timer *t = a;
		a = b;
		b = t;
	}
	b->prev = a; /* the first child points to its parent */
	b->next = a->child;
	if (a->child)
		a->child->prev = b;
	a->child = b;
	return a;
}

/* Two passes: pairs from left to right, then all into one from right to left. */
static struct http_timer *meld_children(struct http_timer *first)
{
	struct http_timer *pairs = NULL, *root = NULL;

	while (first) {
		struct http_timer *a = first, *b = first->next;
		first = b ? b->next : NULL;
		a->next = a->prev = NULL;
		if (b)
			b->next = b->prev = NULL;
		a = meld(a, b);
		a->next = pairs;
		pairs = a;
	}
	while (pairs) {
		struct http_timer *a = pairs;
		pairs = a->next;
		a->next = NULL;
		root = meld(root, a);
	}
	return root;
}

static void insert(struct http_timers *t, struct http_timer *timer)
{
	timer->child = timer->next = timer->prev = NULL;
	timer->set = true;
	t->root = meld(t->root, timer);
	t->root->next = t->root->prev = NULL;
}

void http_timers_clear(struct http_timers *t, struct http_timer *timer)
{
	if (!timer->set)
		return;
	timer->set = false;
	struct http_timer *rest = meld_children(timer->child);
	timer->child = NULL;
	if (timer == t->root) {
		t->root = rest;
	} else {
		if (timer->prev->child == timer)
			timer->prev->child = timer->next;
		else
			timer->prev->next = timer->next;
		if (timer->next)
			timer->next->prev = timer->prev;
		t->root = meld(t->root, rest);
	}
	if (t->root)
		t->root->next = t->root->prev = NULL;
	timer->next = timer->prev = NULL;
}

void http_timers_set(struct http_timers *t, struct http_timer *timer, int64_t at)
{
	MO_ASSERT(timer->fn);
	timer->at = at;
	if (timer->set && at >= timer->key)
		return;
	http_timers_clear(t, timer);
	timer->key = at;
	insert(t, timer);
}

struct http_timer *http_timers_due(struct http_timers *t, int64_t now)
{
	while (t->root && t->root->key <= now) {
		struct http_timer *timer = t->root;
		http_timers_clear(t, timer);
		if (timer->at <= now)
			return timer;
		timer->key = timer->at;
		insert(t, timer);
	}
	return NULL;
}

int64_t http_timers_next(const struct http_timers *t)
{
	return t->root ? t->root->key : INT64_MAX;
}
