/* A small value tree: what a pipeline's parameters and `with` blocks hold once read. No JSON here;
 * wire makes it from documents and writes it back. */
#ifndef MODELOPS_DOMAIN_VALUE_H
#define MODELOPS_DOMAIN_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Borrowed texts. */
struct text_list {
	const char *const *at;
	size_t count;
};

enum value_type {
	VALUE_NULL,
	VALUE_BOOL,
	VALUE_INT,
	VALUE_NUMBER,
	VALUE_TEXT,
	VALUE_LIST,
	VALUE_MAP
};

/* Everything lies in the arena of whoever made it. */
struct value {
	enum value_type type;
	bool boolean;
	int64_t integer; /* VALUE_INT */
	double number;   /* VALUE_NUMBER, and VALUE_INT too */
	const char *text;
	struct value_member *members; /* VALUE_MAP; VALUE_LIST with key NULL */
	size_t count;
};

struct value_member {
	const char *key;
	struct value value;
};

/* Member KEY of a map, or NULL (also when MAP is NULL or no map). */
const struct value *value_get(const struct value *map, const char *key);

/* Text of member KEY, or DEF when it is absent or no text. */
const char *value_text(const struct value *map, const char *key, const char *def);

/* Whole number of member KEY, or DEF. */
int64_t value_int(const struct value *map, const char *key, int64_t def);

/* "text", "whole number", ...: for messages. */
const char *value_kind(enum value_type type);

#endif
