/* The members that a step's `with` may have, as data: options.c reads by it, and a test holds it
 * against the API's own table. */
#ifndef MODELOPS_TRAINER_MEMBERS_H
#define MODELOPS_TRAINER_MEMBERS_H

#include <stddef.h>

enum member_kind {
	MEMBER_WHOLE,
	MEMBER_NUMBER,
	MEMBER_TEXT,
	MEMBER_CHOICE,
	MEMBER_TEXTS,
	MEMBER_IGNORED
};

/* The kinds of steps that have it. */
enum { MEMBER_TRAIN = 1, MEMBER_EVALUATE = 2 };

struct member {
	const char *name;
	enum member_kind kind;
	unsigned steps;
	size_t offset; /* in struct options */
	double min, max, def;
	const char *choices; /* of CHOICE, separated by blanks; the first is the default */
};

extern const struct member members[];
extern const size_t members_count;

#endif
