/* Decisions about steps. */
#include "modelops/domain/step_decide.h"

#include "modelops/base/time.h"

#include <stddef.h>

static struct step_decision just(enum step_act act)
{
	return (struct step_decision){ .act = act };
}

static struct step_decision ended(enum step_act act, enum alloc_reason release, const char *why)
{
	return (struct step_decision){ .act = act, .release = release, .why = why };
}

/* 1, 2, 4 ... 60 s after the first, second, third attempt. */
static int64_t retry_delay(int64_t attempt)
{
	return attempt >= 7 ? MO_MINUTE : MO_SECOND << (attempt > 1 ? attempt - 1 : 0);
}

static struct step_decision again(const struct step_view *v, const char *why)
{
	if (v->attempt >= v->max_attempts)
		return ended(STEP_ACT_FAIL, ALLOC_FAILED, why);
	struct step_decision d = ended(STEP_ACT_RETRY, ALLOC_FAILED, why);
	d.delay_us = retry_delay(v->attempt);
	return d;
}

static struct step_decision again_after_loss(const struct step_view *v)
{
	static const char why[] = "the platform lost the job";
	if (v->lost_attempts >= STEP_PLATFORM_RETRIES)
		return ended(STEP_ACT_FAIL, ALLOC_PLATFORM, why);
	struct step_decision d = ended(STEP_ACT_RETRY, ALLOC_PLATFORM, why);
	d.delay_us = retry_delay(v->lost_attempts + 1);
	return d;
}

static bool job_alive(enum step_job job)
{
	return job == JOB_STARTING || job == JOB_RUNNING;
}

static struct step_decision decide_cancel(const struct step_view *v)
{
	if (v->state != STEP_BLOCKED && v->state != STEP_QUEUED && job_alive(v->job) &&
		step_kind_runs_job(v->kind))
		return just(STEP_ACT_STOP);
	if (v->state == STEP_ALLOCATED && v->job_ran)
		return just(STEP_ACT_BIND); /* what it ran is billed, as of any other job */
	/* A job that we lost before anybody stopped it is still our failure. */
	bool lost = v->job == JOB_LOST || (v->state == STEP_RUNNING && v->job == JOB_ABSENT);
	return ended(STEP_ACT_CANCEL, lost ? ALLOC_PLATFORM : ALLOC_CANCELLED, "cancelled");
}

static struct step_decision decide_queued(const struct step_view *v)
{
	if (v->now < v->not_before)
		return just(STEP_ACT_NONE);
	if (v->suspended)
		return just(STEP_ACT_WAIT);
	if (!step_kind_runs_job(v->kind))
		return just(STEP_ACT_INLINE);
	if (v->no_pool)
		return ended(STEP_ACT_FAIL, ALLOC_FAILED, "the pool it was to run in is gone");
	return just(v->fits ? STEP_ACT_RESERVE : STEP_ACT_WAIT);
}

/* The job is over without success. */
static struct step_decision decide_failure(const struct step_view *v)
{
	switch (v->job) {
	case JOB_USER_ERROR:
		return ended(STEP_ACT_FAIL, ALLOC_FAILED, NULL);
	case JOB_TIMED_OUT:
		return ended(STEP_ACT_FAIL, ALLOC_TIMEOUT, "max_runtime is used up");
	case JOB_LOST:
	case JOB_ABSENT:
		return again_after_loss(v);
	default:
		return again(v, NULL);
	}
}

static struct step_decision decide_allocated(const struct step_view *v)
{
	if (v->job == JOB_ABSENT)
		return just(STEP_ACT_START);
	if (v->job == JOB_STARTING)
		return just(STEP_ACT_NONE);
	/* it ran, perhaps to its end before anybody looked: that time is billed, so bind first */
	if (v->job == JOB_RUNNING || v->job == JOB_SUCCEEDED || v->job_ran)
		return just(STEP_ACT_BIND);
	return decide_failure(v);
}

static struct step_decision decide_running(const struct step_view *v)
{
	if (v->job == JOB_SUCCEEDED)
		return just(STEP_ACT_REGISTER);
	if (!step_kind_runs_job(v->kind) && (v->job == JOB_ABSENT || job_alive(v->job)))
		return just(STEP_ACT_INLINE);
	if (job_alive(v->job))
		return just(STEP_ACT_NONE);
	return decide_failure(v);
}

static struct step_decision decide_registering(const struct step_view *v)
{
	switch (v->outputs) {
	case OUTPUTS_GOOD:
		return ended(STEP_ACT_COMPLETE, ALLOC_COMPLETED, NULL);
	case OUTPUTS_BAD:
		return again(v, "the outputs do not match the manifest");
	default:
		return just(STEP_ACT_NONE);
	}
}

struct step_decision step_decide(const struct step_view *v)
{
	switch (v->state) {
	case STEP_BLOCKED:
		if (v->cancel)
			return decide_cancel(v);
		if (v->needs_failed)
			return just(STEP_ACT_SKIP);
		return just(v->needs_succeeded ? STEP_ACT_QUEUE : STEP_ACT_NONE);
	case STEP_QUEUED:
		return v->cancel ? decide_cancel(v) : decide_queued(v);
	case STEP_ALLOCATED:
		return v->cancel ? decide_cancel(v) : decide_allocated(v);
	case STEP_RUNNING:
		return v->cancel ? decide_cancel(v) : decide_running(v);
	case STEP_REGISTERING:
		return v->cancel ? decide_cancel(v) : decide_registering(v);
	default:
		return just(STEP_ACT_NONE);
	}
}

const char *step_act_name(enum step_act act)
{
	static const char *const names[] = { "none", "queue", "skip", "reserve", "wait", "start",
		"bind", "inline", "register", "complete", "stop", "retry", "fail", "cancel" };
	return names[act];
}
