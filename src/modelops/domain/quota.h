/* A tenant's share limit in one pool. */
#ifndef MODELOPS_DOMAIN_QUOTA_H
#define MODELOPS_DOMAIN_QUOTA_H

#include <stdint.h>

/* No row means no limit of its own: the pool's capacity is the limit. */
struct quota {
	const char *tenant_id, *pool_id;
	int64_t max_shares;
	int64_t created_at, updated_at;
};

#endif
