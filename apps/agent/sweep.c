/* Objects that no row needs: what a process that was killed between an object and its row left,
 * outputs of attempts that failed, artifacts whose object could not be deleted, and left-over
 * uploads.
 *
 * A round walks all keys in order, as many in each pass as there is time for. An object goes when
 * it is older than AGENT_SWEEP_AGE and store_object_needed says no, asked in a transaction of the
 * leader. That is safe without a lock: an object gets its row within moments of its last byte (its
 * time is that of the last byte), keys are never used twice, and what a live attempt put is left
 * alone however old it is; so what is old and not needed can never be needed again. */
#include "agent.h"

#include "modelops/base/log.h"
#include "modelops/base/str.h"
#include "modelops/base/time.h"
#include "modelops/store/artifacts.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { PAGE = 128, PASS_TIME = 200 * 1000 /* microseconds */, ROUNDS_AN_AGE = 24 };

struct object {
	const char *key;
	int64_t size;
	bool needed;
};

/* One page of keys; OLD are those that may go. */
struct page {
	struct agent *agent;
	int64_t before; /* older than this */
	size_t listed, count;
	struct object old[PAGE];
};

static int take(void *ctx, const char *key, const struct objstore_info *info, struct mo_err *err)
{
	struct page *p = ctx;
	p->listed++;
	mo_str_copy(p->agent->sweep.after, OBJSTORE_KEY_MAX + 1, key);
	if (info->modified_at >= p->before)
		return 0;
	struct object *o = &p->old[p->count++];
	*o = (struct object){ .key = mo_arena_strdup(&p->agent->arena, key), .size = info->size };
	return o->key ? 0 : mo_fail(err, MO_ENOMEM, "sweep");
}

static int judge(struct store_tx *tx, void *ctx, struct mo_err *err)
{
	struct page *p = ctx;
	if (store_leader_check(tx, AGENT_ROLE, p->agent->epoch, err) < 0)
		return -1;
	for (size_t i = 0; i < p->count; i++)
		if (store_object_needed(tx, p->old[i].key, &p->old[i].needed, err) < 0)
			return -1;
	return 0;
}

static void count_removed(struct agent *a, int64_t count, int64_t bytes)
{
	obs_add(a->metrics[AGENT_SWEPT_OBJECTS], count);
	obs_add(a->metrics[AGENT_SWEPT_BYTES], bytes);
	a->sweep.removed.count += count;
	a->sweep.removed.bytes += bytes;
}

/* Where time runs out the round goes on in the next pass. */
static void remove_old(struct agent *a, struct page *p, int64_t until)
{
	for (size_t i = 0; i < p->count; i++) {
		const struct object *o = &p->old[i];
		if (o->needed)
			continue;
		if (objstore_delete(a->objects, o->key, &a->sweep.err) < 0)
			a->sweep.failed++; /* those after it need not wait for it */
		else
			count_removed(a, 1, o->size);
		if (mo_mono() < until || i + 1 == p->count)
			continue;
		mo_str_copy(a->sweep.after, OBJSTORE_KEY_MAX + 1, o->key);
		p->listed = PAGE; /* so this was not the last page */
		break;
	}
}

static int sweep_page(struct agent *a, int64_t until, struct mo_err *err)
{
	struct page p = { .agent = a, .before = mo_now() - a->cfg.sweep_age };
	char from[OBJSTORE_KEY_MAX + 1];
	mo_arena_reset(&a->arena);
	memcpy(from, a->sweep.after, sizeof(from));
	if (objstore_list(a->objects, "tenants/", from, PAGE, take, &p, err) < 0)
		return -1;
	if (p.count > 0 && !lead_keep(a))
		return mo_fail(err, MO_EPRECOND, "no longer leading");
	if (p.count > 0 && store_write(a->store, judge, &p, err) < 0)
		return -1;
	remove_old(a, &p, until);
	a->sweep.under_way = p.listed == PAGE;
	return 0;
}

static int begin_round(struct agent *a, struct mo_err *err)
{
	struct objstore_total uploads = { 0 };
	a->sweep.begun_at = mo_mono();
	a->sweep.after[0] = '\0';
	a->sweep.removed = (struct objstore_total){ 0 };
	a->sweep.failed = 0;
	int rc = objstore_clear_uploads(a->objects, mo_now() - a->cfg.sweep_age, &uploads, err);
	count_removed(a, uploads.count, uploads.bytes);
	a->sweep.under_way = rc == 0;
	return rc;
}

static void tell_end(struct agent *a)
{
	char count[24], bytes[24], failed[24];
	snprintf(count, sizeof(count), "%" PRId64, a->sweep.removed.count);
	snprintf(bytes, sizeof(bytes), "%" PRId64, a->sweep.removed.bytes);
	snprintf(failed, sizeof(failed), "%" PRId64, a->sweep.failed);
	mo_log(a->sweep.removed.count ? MO_LOG_INFO : MO_LOG_DEBUG, "object store swept", "removed",
		count, "bytes", bytes, NULL);
	if (!a->sweep.failed)
		return;
	obs_add(a->metrics[AGENT_SWEEP_ERRORS], a->sweep.failed);
	mo_log(MO_LOG_WARN, "objects not removed", "count", failed, "error", a->sweep.err.msg,
		NULL);
}

static int sweep(struct agent *a, struct mo_err *err)
{
	int64_t now = mo_mono(), until = now + PASS_TIME;
	if (!a->sweep.under_way) {
		if (a->sweep.begun_at && now - a->sweep.begun_at < a->cfg.sweep_age / ROUNDS_AN_AGE)
			return 0;
		if (begin_round(a, err) < 0)
			return -1;
	}
	while (a->sweep.under_way && mo_mono() < until)
		if (sweep_page(a, until, err) < 0)
			return -1;
	if (!a->sweep.under_way)
		tell_end(a);
	return 0;
}

int agent_sweep(struct agent *a, struct mo_err *err)
{
	struct mo_err mine = { 0 };
	if (sweep(a, &mine) == 0)
		return 0;
	a->sweep.under_way = false; /* the next round looks again */
	if (mine.code == MO_EPRECOND) {
		*err = mine;
		return -1;
	}
	obs_add(a->metrics[AGENT_SWEEP_ERRORS], 1);
	mo_log(MO_LOG_WARN, "sweep failed", "after", a->sweep.after, "error", mine.msg, NULL);
	return 0;
}
