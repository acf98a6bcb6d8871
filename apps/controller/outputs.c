/* What an attempt left in the object store: the manifest last, every digest as it says. */
#include "modelops/base/check.h"
#include "modelops/base/str.h"
#include "modelops/crypto/crypto.h"
#include "modelops/domain/value.h"
#include "modelops/wire/value.h"
#include "runs.h"

#include <stdio.h>
#include <string.h>

enum { SIGNATURE_MAX = 1 << 20 };

/* The user's or the program's fault: recorded, not returned. */
static int bad(struct outputs *o, const char *what, const struct mo_err *why)
{
	o->state = OUTPUTS_BAD;
	snprintf(o->why, sizeof(o->why), "%s: %.180s", what, why->msg);
	return 0;
}

static bool passing(const struct mo_err *err)
{
	return err->code == MO_EUNAVAIL || err->code == MO_ENOMEM || err->code == MO_ETIMEOUT;
}

static int check_file(struct controller *ctl, struct outputs *o, const struct manifest_file *f,
	struct mo_err *err)
{
	char key[OBJSTORE_KEY_MAX];
	struct objstore_info info;

	snprintf(key, sizeof(key), "%.380s/%.128s", o->prefix, f->path);
	if (objstore_hash(ctl->objects, key, &info, err) < 0)
		return -1;
	if (info.size != f->size || !mo_streq(info.sha256, f->sha256))
		return mo_fail(err, MO_ECONFLICT,
			"it has %lld bytes with sha256 %.12s..., the manifest says %lld with "
			"%.12s...",
			(long long)info.size, info.sha256, (long long)f->size, f->sha256);
	o->size += f->size;
	return 0;
}

static int check_files(struct controller *ctl, struct outputs *o, struct mo_err *err)
{
	char what[MANIFEST_NAME_MAX + 16];

	for (size_t i = 0; i < o->manifest.nfiles; i++) {
		if (check_file(ctl, o, &o->manifest.files[i], err) == 0)
			continue;
		if (passing(err))
			return -1;
		snprintf(what, sizeof(what), "output '%s'", o->manifest.files[i].path);
		return bad(o, what, err);
	}
	return 0;
}

/* features.json becomes the version's signature as it is; it must be JSON. */
static int read_signature(struct controller *ctl, struct outputs *o, struct mo_err *err)
{
	char key[OBJSTORE_KEY_MAX];
	struct value value;
	mo_autobuf struct mo_buf text;

	mo_buf_init(&text, SIGNATURE_MAX);
	if (!manifest_find(&o->manifest, PACKAGE_FEATURES))
		return 0;
	snprintf(key, sizeof(key), "%.380s/" PACKAGE_FEATURES, o->prefix);
	if (objstore_get_bytes(ctl->objects, key, &text, err) < 0)
		return passing(err) ? -1 : bad(o, PACKAGE_FEATURES, err);
	o->signature = mo_arena_memdup(&ctl->arena, mo_buf_str(&text), text.len);
	if (!o->signature)
		return mo_fail(err, MO_ENOMEM, PACKAGE_FEATURES);
	if (wire_value_parse(o->signature, &ctl->arena, &value, err) < 0)
		return passing(err) ? -1 : bad(o, PACKAGE_FEATURES, err);
	return 0;
}

static int check_manifest(struct controller *ctl, const struct run_step *step, struct outputs *o,
	const struct mo_buf *text, struct mo_err *err)
{
	const char *kind = step->kind == STEP_TRAIN ? "model" : "evaluation";

	crypto_sha256_hex(mo_buf_str(text), text->len, o->manifest_sha256);
	if (manifest_parse(&ctl->arena, mo_buf_str(text), text->len, &o->manifest, err) < 0 ||
		manifest_check(&o->manifest, kind, step->attempt_id, err) < 0)
		return passing(err) ? -1 : bad(o, PACKAGE_MANIFEST, err);
	o->size = (int64_t)text->len;
	return check_files(ctl, o, err);
}

int outputs_check(struct controller *ctl, const struct run_step *step, struct outputs *ret,
	struct mo_err *err)
{
	char key[OBJSTORE_KEY_MAX];
	struct outputs *o = ret;
	mo_autobuf struct mo_buf text;

	*o = (struct outputs){ .state = OUTPUTS_GOOD };
	snprintf(o->prefix, sizeof(o->prefix), "tenants/%s/projects/%s/attempts/%s",
		step->tenant_id, step->project_id, step->attempt_id);
	snprintf(key, sizeof(key), "%.400s/" PACKAGE_MANIFEST, o->prefix);
	mo_buf_init(&text, MANIFEST_BYTES_MAX);
	if (objstore_get_bytes(ctl->objects, key, &text, err) < 0) {
		if (passing(err))
			return -1;
		mo_fail(err, err->code, "the program ended without leaving one");
		return bad(o, PACKAGE_MANIFEST, err);
	}
	if (check_manifest(ctl, step, o, &text, err) < 0)
		return -1;
	return o->state == OUTPUTS_GOOD ? read_signature(ctl, o, err) : 0;
}
