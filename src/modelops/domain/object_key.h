/* Keys of the object store: whose an object is can be read from its key. Pure. */
#ifndef MODELOPS_DOMAIN_OBJECT_KEY_H
#define MODELOPS_DOMAIN_OBJECT_KEY_H

#include "modelops/base/id.h"

#include <stdbool.h>

enum object_kind {
	OBJECT_ARTIFACT, /* tenants/T/projects/P/artifacts/ARTIFACT: what a person uploaded */
	OBJECT_OUTPUT,   /* tenants/T/projects/P/attempts/ATTEMPT/PATH */
	OBJECT_LOG,      /* tenants/T/logs/ATTEMPT/CHUNK */
};

struct object_key {
	enum object_kind kind;
	char tenant[MO_ID_MAX];
	char attempt[MO_ID_MAX]; /* "" for an artifact */
	const char *name;        /* the last part, in the key */
};

/* Reads KEY; false when it is none of the above. */
bool object_key_parse(const char *key, struct object_key *ret);

#endif
