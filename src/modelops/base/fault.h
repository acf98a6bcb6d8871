/* Fault points: a test arms "fail the Nth call of a point", code asks at the point. */
#ifndef MODELOPS_BASE_FAULT_H
#define MODELOPS_BASE_FAULT_H

#include <stdbool.h>

/* Cheap when nothing is armed: one relaxed load. */
extern int mo_fault_armed_;

bool mo_fault_hit(const char *point);

/* True when the armed fault strikes here: the caller then fails as if the world had. */
static inline bool mo_fault(const char *point)
{
	return __builtin_expect(__atomic_load_n(&mo_fault_armed_, __ATOMIC_RELAXED), 0) &&
	       mo_fault_hit(point);
}

/* Arms: the Nth (1-based) mo_fault() whose point equals POINT, or any point when POINT is NULL,
 * returns true once. N = 0 disarms. Counting starts anew. */
void mo_fault_arm(const char *point, long n);

/* True when the armed fault has struck. */
bool mo_fault_struck(void);

/* Arms from the environment, e.g. MODELOPS_FAULT="store.commit:3"; for tests of whole programs. A
 * point written "NAME:N:kill" kills the process by SIGKILL instead of failing; NAME "*" is any
 * point. A line on stderr says when it strikes. Unset does nothing. */
void mo_fault_from_env(void);

#endif
