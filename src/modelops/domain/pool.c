/* Rules of pools. */
#include "modelops/domain/pool.h"

#include "modelops/base/str.h"

#include <ctype.h>
#include <inttypes.h>
#include <stddef.h>
#include <string.h>

/* [A-Za-z0-9] at both ends, [-A-Za-z0-9_.] between, at most 63. */
static bool resource_part(const char *s, size_t len)
{
	if (len == 0 || len > 63 || !isalnum((unsigned char)s[0]) ||
		!isalnum((unsigned char)s[len - 1]))
		return false;
	for (size_t i = 0; i < len; i++)
		if (!isalnum((unsigned char)s[i]) && !strchr("-_.", s[i]))
			return false;
	return true;
}

/* Labels of at most 63 lower-case letters, digits and '-', joined by points. */
static bool dns_name(const char *s, size_t len)
{
	if (len == 0 || len > 253)
		return false;
	for (size_t i = 0; i <= len;) {
		const char *dot = memchr(s + i, '.', len - i);
		size_t n = dot ? (size_t)(dot - (s + i)) : len - i;
		if (!mo_name_valid(s + i, n))
			return false;
		i += n + 1;
	}
	return true;
}

/* A Kubernetes extended resource: "domain/name", not of the kubernetes.io domain. */
static int check_resource(const char *name, struct mo_err *err)
{
	const char *slash = strchr(name, '/');
	size_t domain = slash ? (size_t)(slash - name) : 0;
	if (!slash || !dns_name(name, domain) || !resource_part(slash + 1, strlen(slash + 1)))
		return mo_fail_field(err, "gpu_resource_name",
			"'%s' is no resource name like 'nvidia.com/gpu'", name);
	if (domain >= 13 && memcmp(slash - 13, "kubernetes.io", 13) == 0)
		return mo_fail_field(
			err, "gpu_resource_name", "'%s' belongs to Kubernetes itself", name);
	return 0;
}

/* "1g.6gb": slices, then memory. */
static bool profile_syntax(const char *s)
{
	static const char digits[] = "0123456789";
	size_t slices = strspn(s, digits);
	size_t memory = strncmp(s + slices, "g.", 2) == 0 ? strspn(s + slices + 2, digits) : 0;
	return slices == 1 && memory > 0 && mo_streq(s + slices + 2 + memory, "gb");
}

static int check_mig_profile(const struct pool *p, struct mo_err *err)
{
	if (!p->profile)
		return mo_fail_field(err, "profile", "a MIG pool needs a profile like '1g.6gb'");
	if (!profile_syntax(p->profile))
		return mo_fail_field(
			err, "profile", "'%s' is no MIG profile like '1g.6gb'", p->profile);
	int per_card = pool_mig_per_card(p->card_model, p->profile);
	if (per_card == 0)
		return mo_fail_field(err, "profile", "a card '%s' has no MIG profile '%s'",
			p->card_model, p->profile);
	if (per_card > 0 && p->capacity_shares % per_card != 0)
		return mo_fail_field(err, "capacity_shares",
			"%" PRId64
			" shares are no multiple of the %d devices '%s' that one %s gives",
			p->capacity_shares, per_card, p->profile, p->card_model);
	return 0;
}

/* With strategy mixed the resource carries the profile, with single it is a plain GPU. */
static int check_mig(struct pool *p, struct mo_arena *arena, struct mo_err *err)
{
	if (check_mig_profile(p, err) < 0)
		return -1;
	if (p->mig_strategy == MIG_STRATEGY_NONE)
		p->mig_strategy = MIG_STRATEGY_MIXED;
	if (p->mig_strategy == MIG_STRATEGY_SINGLE) {
		if (!p->gpu_resource_name)
			p->gpu_resource_name = "nvidia.com/gpu";
		return 0;
	}
	const char *want = mo_arena_printf(arena, "nvidia.com/mig-%s", p->profile);
	if (!want)
		return mo_fail(err, MO_ENOMEM, "pool '%s'", p->name);
	if (!p->gpu_resource_name)
		p->gpu_resource_name = want;
	if (!mo_streq(p->gpu_resource_name, want))
		return mo_fail_field(err, "gpu_resource_name",
			"'%s' does not fit profile '%s' of strategy mixed: it is '%s'",
			p->gpu_resource_name, p->profile, want);
	return 0;
}

static int check_replicas(const struct pool *p, struct mo_err *err)
{
	int64_t n = p->timeslice_replicas;
	bool shared = p->mode == POOL_TIME_SLICE || p->mode == POOL_MPS;
	if (shared && n < 2)
		return mo_fail_field(err, "timeslice_replicas",
			"a %s pool shares a card among 2 or more; %" PRId64 " given",
			enum_name(&pool_modes, (int)p->mode), n);
	if (!shared && n != 1)
		return mo_fail_field(err, "timeslice_replicas",
			"only TIME_SLICE and MPS pools have replicas; %" PRId64 " given", n);
	if (p->capacity_shares % n != 0)
		return mo_fail_field(err, "capacity_shares",
			"%" PRId64 " shares are no multiple of %" PRId64 " replicas per card",
			p->capacity_shares, n);
	return 0;
}

static int check_cpu(const struct pool *p, struct mo_err *err)
{
	if (p->gpu_resource_name)
		return mo_fail_field(err, "gpu_resource_name",
			"a CPU pool requests no GPU; '%s' given", p->gpu_resource_name);
	if (p->allow_cpu_on_gpu)
		return mo_fail_field(err, "allow_cpu_on_gpu", "a CPU pool has no cards");
	return 0;
}

static int check_mode(struct pool *p, struct mo_arena *arena, struct mo_err *err)
{
	if (p->mode == POOL_MIG)
		return check_mig(p, arena, err);
	if (p->profile)
		return mo_fail_field(
			err, "profile", "only MIG pools have a profile; '%s' given", p->profile);
	if (p->mig_strategy != MIG_STRATEGY_NONE)
		return mo_fail_field(err, "mig_strategy", "only MIG pools have a MIG strategy");
	if (p->mode == POOL_CPU)
		return check_cpu(p, err);
	if (!p->gpu_resource_name)
		p->gpu_resource_name = "nvidia.com/gpu";
	return 0;
}

int64_t pool_default_max_shares(const struct pool *p)
{
	bool one = p->mode == POOL_MIG || p->mode == POOL_TIME_SLICE;
	return one ? 1 : p->capacity_shares;
}

int pool_validate(struct pool *p, struct mo_arena *arena, struct mo_err *err)
{
	if (!p->name || !mo_name_valid(p->name, strlen(p->name)))
		return mo_fail_field(err, "name", "'%s' is no name", p->name ? p->name : "");
	if (!p->card_model || p->card_model[0] == '\0')
		return mo_fail_field(err, "card_model", "card_model is empty");
	if (p->capacity_shares < 1)
		return mo_fail_field(err, "capacity_shares",
			"a pool has at least 1 share; %" PRId64 " given", p->capacity_shares);
	if (!p->price_class || !mo_name_valid(p->price_class, strlen(p->price_class)))
		return mo_fail_field(err, "price_class", "'%s' is no price class",
			p->price_class ? p->price_class : "");
	if (p->timeslice_replicas == 0)
		p->timeslice_replicas = 1;
	if (check_mode(p, arena, err) < 0 || check_replicas(p, err) < 0)
		return -1;
	if (p->gpu_resource_name && check_resource(p->gpu_resource_name, err) < 0)
		return -1;
	if (p->max_shares_per_pod == 0)
		p->max_shares_per_pod = pool_default_max_shares(p);
	if (p->max_shares_per_pod < 0 || p->max_shares_per_pod > p->capacity_shares)
		return mo_fail_field(err, "max_shares_per_pod",
			"%" PRId64 " is not between 1 and the capacity %" PRId64,
			p->max_shares_per_pod, p->capacity_shares);
	if (p->default_max_runtime_s < 0)
		return mo_fail_field(err, "default_max_runtime", "%" PRId64 " seconds is negative",
			p->default_max_runtime_s);
	return 0;
}

int pool_check_device(const struct pool *p, enum step_device device, struct mo_err *err)
{
	if (device == DEVICE_CUDA && p->mode == POOL_CPU)
		return mo_fail_field(err, "device",
			"pool '%s' has no cards: device cuda cannot run there", p->name);
	if (device == DEVICE_CPU && p->mode != POOL_CPU && !p->allow_cpu_on_gpu) {
		mo_fail_field(err, "device",
			"device cpu in GPU pool '%s' would bill a card that idles", p->name);
		return mo_advise(err, NULL,
			"choose a CPU pool, device cuda, or a pool with allow_cpu_on_gpu");
	}
	return 0;
}

int pool_check_threads(const struct pool *p, int64_t shares, int64_t nthread, struct mo_err *err)
{
	if (p->mode != POOL_CPU || nthread <= shares)
		return 0;
	return mo_fail_field(err, "with.nthread",
		"nthread is %" PRId64 ", but the step takes %" PRId64 " share%s of CPU pool '%s'",
		nthread, shares, shares == 1 ? "" : "s", p->name);
}
