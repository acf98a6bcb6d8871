/* Keys of the object store. */
#include "modelops/domain/object_key.h"

#include <string.h>

/* The part of *AT up to the next '/', an id with PREFIX, copied to OUT; *AT moves behind the '/'.
 */
static bool take_id(const char **at, const char *prefix, char out[MO_ID_MAX])
{
	size_t n = strcspn(*at, "/");

	if (n >= MO_ID_MAX || (*at)[n] != '/' || !mo_id_valid(*at, n, prefix))
		return false;
	memcpy(out, *at, n);
	out[n] = '\0';
	*at += n + 1;
	return true;
}

static bool take_word(const char **at, const char *word)
{
	size_t n = strlen(word);

	if (strncmp(*at, word, n) != 0)
		return false;
	*at += n;
	return true;
}

static bool parse_project(const char *at, struct object_key *k)
{
	char project[MO_ID_MAX];

	if (!take_id(&at, "prj", project))
		return false;
	k->kind = OBJECT_ARTIFACT;
	if (take_word(&at, "attempts/")) {
		k->kind = OBJECT_OUTPUT;
		if (!take_id(&at, "att", k->attempt))
			return false;
	} else if (!take_word(&at, "artifacts/")) {
		return false;
	}
	k->name = at;
	return true;
}

bool object_key_parse(const char *key, struct object_key *ret)
{
	struct object_key k = { .kind = OBJECT_LOG };

	if (!take_word(&key, "tenants/") || !take_id(&key, "ten", k.tenant))
		return false;
	if (take_word(&key, "projects/")) {
		if (!parse_project(key, &k))
			return false;
	} else if (!take_word(&key, "logs/") || !take_id(&key, "att", k.attempt)) {
		return false;
	} else {
		k.name = key;
	}
	if (!*k.name || strchr(k.name, '/'))
		return false;
	*ret = k;
	return true;
}
