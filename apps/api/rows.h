/* What handlers share when they touch the store: sessions, scope, pages, audit, conditions. */
#ifndef MODELOPS_API_ROWS_H
#define MODELOPS_API_ROWS_H

#include "modelops/domain/project.h"
#include "modelops/store/store.h"

#include "request.h"

/* FN below is a handler's work inside a transaction; it may run more than once. */

/* Runs FN in a read session: the loop's own connection when the request is on its loop, else a
 * pooled one. */
int req_read(struct api_req *r,
	int (*fn)(struct api_req *r, struct store_tx *tx, struct mo_err *err), struct mo_err *err);

/* Runs FN, which answers, in a write transaction. With Idempotency-Key the answer is stored in the
 * same transaction and a repeat gets it back; another request under the same key is MO_EFIELD
 * idempotency_mismatch. */
int req_write(struct api_req *r,
	int (*fn)(struct api_req *r, struct store_tx *tx, struct mo_err *err), struct mo_err *err);

/* A new id in the arena; NULL when memory is out. */
const char *req_new_id(struct api_req *r, const char *prefix);

/* Scope of a list: the tenant that ?tenant_id= names, else the caller's own; NULL = all (platform
 * admin). */
int req_list_tenant(
	struct api_req *r, struct store_tx *tx, const char **ret_tenant, struct mo_err *err);

/* The tenant with the id or name REF; for others than platform admins only their own exists. */
int req_tenant(struct api_req *r, struct store_tx *tx, const char *ref, const char **ret_tenant,
	struct mo_err *err);

/* The tenant to create in: BODY or ?tenant_id= (id or name; other tenants for platform admins
 * only), else the caller's own. Another's is MO_ENOTFOUND for everybody else. */
int req_create_tenant(struct api_req *r, struct store_tx *tx, const char *body,
	const char **ret_tenant, struct mo_err *err);

/* The project REF (id or name) of TENANT, which the caller's key may touch. */
int req_project(struct api_req *r, struct store_tx *tx, const char *tenant, const char *ref,
	struct project **ret_project, struct mo_err *err);

/* For lists: id of the project in the query (NULL: none given, all); a key limited to a project
 * gets that one. */
int req_list_project(struct api_req *r, struct store_tx *tx, const char *tenant,
	const char **ret_project_id, struct mo_err *err);

/* limit and cursor of the query; limit is one more than is shown. */
int req_page(struct api_req *r, struct store_page *ret_page, struct mo_err *err);

/* Answers rows of the route's noun; their first member is `const char *id`, the cursor. */
int req_answer_rows(struct api_req *r, const void *rows, size_t n, struct mo_err *err);

/* Same for rows with another cursor: LAST says it for one row (text in the arena). */
int req_answer_rows_by(struct api_req *r, const void *rows, size_t n,
	const char *(*cursor)(struct api_req *r, const void *row), struct mo_err *err);

/* Writes the audit entry "ACTION noun" of a write by a person, and the change that followers see.
 */
int req_record(struct api_req *r, struct store_tx *tx, const char *tenant, const char *action,
	const char *noun, const char *id, struct mo_err *err);

/* If-Match, when sent, must name VERSION (r->etag of the object's reply). MO_EPRECOND. */
int req_if_match(struct api_req *r, int64_t version, struct mo_err *err);

/* Answers the events of NOUN_ID (NULL: all) of TENANT (NULL: all). */
int req_answer_events(struct api_req *r, struct store_tx *tx, const char *tenant,
	const char *noun_id, struct mo_err *err);

/* The number in the path parameter `version`; MO_ENOTFOUND when it is none. */
int req_version(struct api_req *r, int64_t *ret_version, struct mo_err *err);

/* "actor" of audit entries and created_by. Borrowed from R. */
const char *req_actor(const struct api_req *r);

#endif
