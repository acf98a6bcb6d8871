/* Doubly linked intrusive list. */
#include "modelops/base/list.h"

void mo_list_init(struct mo_list *list)
{
	list->next = list->prev = list;
}

bool mo_list_empty(const struct mo_list *list)
{
	return list->next == list;
}

static void insert(struct mo_list *prev, struct mo_list *node)
{
	node->prev = prev;
	node->next = prev->next;
	prev->next->prev = node;
	prev->next = node;
}

void mo_list_push(struct mo_list *list, struct mo_list *node)
{
	insert(list->prev, node);
}

void mo_list_push_front(struct mo_list *list, struct mo_list *node)
{
	insert(list, node);
}

void mo_list_remove(struct mo_list *node)
{
	node->prev->next = node->next;
	node->next->prev = node->prev;
	mo_list_init(node);
}

struct mo_list *mo_list_pop(struct mo_list *list)
{
	struct mo_list *node = list->next;

	if (node == list)
		return NULL;
	mo_list_remove(node);
	return node;
}
