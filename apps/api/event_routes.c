/* Events and the audit log. */
#include "handlers.h"

#include "modelops/domain/event.h"
#include "modelops/store/records.h"

#include "rows.h"

static int audit(struct api_req *r, struct store_tx *tx, struct mo_err *err)
{
	struct store_page page;
	struct audit_entry *rows = NULL;
	size_t n = 0;
	const char *tenant = NULL;
	if (req_page(r, &page, err) < 0 || req_list_tenant(r, tx, &tenant, err) < 0 ||
		store_audit_list(tx, tenant, &page, r->arena, &rows, &n, err) < 0)
		return -1;
	return req_answer_rows(r, rows, n, err);
}

int audit_list(struct api_req *r, struct mo_err *err)
{
	return req_read(r, audit, err);
}

int req_answer_events(struct api_req *r, struct store_tx *tx, const char *tenant,
	const char *noun_id, struct mo_err *err)
{
	struct store_page page;
	struct event *rows = NULL;
	size_t n = 0;
	if (req_page(r, &page, err) < 0 ||
		store_event_list(tx, tenant, noun_id, &page, r->arena, &rows, &n, err) < 0)
		return -1;
	return req_answer_rows(r, rows, n, err);
}

static int events(struct api_req *r, struct store_tx *tx, struct mo_err *err)
{
	const char *tenant = NULL;
	if (req_list_tenant(r, tx, &tenant, err) < 0)
		return -1;
	return req_answer_events(r, tx, tenant, query_text(&r->query, "noun_id"), err);
}

int event_list(struct api_req *r, struct mo_err *err)
{
	return req_read(r, events, err);
}
