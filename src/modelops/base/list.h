/* Doubly linked intrusive list; the list owns nothing. */
#ifndef MODELOPS_BASE_LIST_H
#define MODELOPS_BASE_LIST_H

#include <stdbool.h>
#include <stddef.h>

struct mo_list {
	struct mo_list *next, *prev;
};

#define MO_LIST_ENTRY(node, type, member) \
	((type *)(void *)((char *)(node) - offsetof(type, member)))

#define mo_list_foreach(node, list) \
	for (struct mo_list * (node) = (list)->next; (node) != (list); (node) = (node)->next)

/* NODE may be removed inside the loop. */
#define mo_list_foreach_safe(node, list) \
	for (struct mo_list * (node) = (list)->next, *node##_next = (node)->next; \
		(node) != (list); (node) = node##_next, node##_next = (node)->next)

void mo_list_init(struct mo_list *list);
bool mo_list_empty(const struct mo_list *list);
void mo_list_push(struct mo_list *list, struct mo_list *node); /* at the tail */
void mo_list_push_front(struct mo_list *list, struct mo_list *node);
void mo_list_remove(
	struct mo_list *node); /* NODE is left pointing at itself: removing twice is safe */
struct mo_list *mo_list_pop(struct mo_list *list); /* from the front, or NULL */

#endif
