/* Every noun: written, read back, found, paged, refused to other tenants, moved only as the state
 * tables allow. */
#include "fixture.h"

#include "modelops/domain/state.h"
#include "modelops/store/api_keys.h"
#include "modelops/store/artifacts.h"
#include "modelops/store/billing.h"
#include "modelops/store/dashboards.h"
#include "modelops/store/deployments.h"
#include "modelops/store/models.h"
#include "modelops/store/pipelines.h"
#include "modelops/store/usage.h"

static int absent(struct fix *f, int rc, struct mo_err *err)
{
	MO_ASSERT(rc < 0);
	if (err->code != MO_ENOTFOUND)
		fprintf(stderr, "not absent: %s\n", err->msg);
	MO_ASSERT(err->code == MO_ENOTFOUND);
	*err = (struct mo_err){ 0 };
	return 0;
}

static int identity(struct store_tx *tx, void *ctx, struct mo_err *err)
{
	struct fix *f = ctx;
	struct mo_arena *m = &f->arena;
	struct store_page page = { .limit = 10 };
	struct principal p = { .id = fix_id(f, "usr"),
		.tenant_id = f->a,
		.kind = PRINCIPAL_SERVICE_ACCOUNT,
		.name = "bot",
		.created_at = 5 };
	struct role_binding rb = { .id = fix_id(f, "rb"),
		.tenant_id = f->a,
		.principal_id = p.id,
		.role = "user",
		.created_at = 6 };
	struct api_key k = { .id = fix_id(f, "key"),
		.tenant_id = f->a,
		.principal_id = p.id,
		.name = "k",
		.role = "user",
		.scopes = "run.read",
		.secret_hash = "ff",
		.created_at = 7,
		.expires_at = 99 };
	struct principal *gp;
	struct role_binding *grb;
	struct api_key *gk;
	struct tenant *t;
	struct project *pr;
	size_t n;

	MUST(store_principal_insert(tx, &p, err));
	MUST(store_role_binding_insert(tx, &rb, err));
	MUST(store_api_key_insert(tx, &k, err));
	MUST(store_principal_find(tx, f->a, "bot", m, &gp, err));
	MO_ASSERT(mo_streq(gp->id, p.id) && gp->kind == PRINCIPAL_SERVICE_ACCOUNT &&
		  gp->created_at == 5);
	MUST(store_api_key_get(tx, f->a, k.id, m, &gk, err));
	MO_ASSERT(mo_streq(gk->scopes, "run.read") && !gk->project_id && gk->expires_at == 99 &&
		  gk->revoked_at == 0);
	MUST(store_api_key_revoke(tx, f->a, k.id, 50, err));
	MUST(store_api_key_revoke(tx, f->a, k.id, 60, err));
	MUST(store_api_key_get(tx, NULL, k.id, m, &gk, err));
	MO_ASSERT(gk->revoked_at == 50);
	MUST(store_role_binding_list(tx, f->a, p.id, &page, m, &grb, &n, err));
	MO_ASSERT(n == 1 && mo_streq(grb->role, "user"));
	absent(f, store_principal_get(tx, f->b, p.id, m, &gp, err), err);
	absent(f, store_principal_find(tx, f->b, "bot", m, &gp, err), err);
	absent(f, store_role_binding_get(tx, f->b, rb.id, m, &grb, err), err);
	absent(f, store_role_binding_delete(tx, f->b, rb.id, err), err);
	absent(f, store_api_key_get(tx, f->b, k.id, m, &gk, err), err);
	absent(f, store_principal_delete(tx, f->b, p.id, err), err);
	MUST(store_principal_delete(tx, f->a, p.id, err));
	absent(f, store_api_key_get(tx, f->a, k.id, m, &gk, err), err);
	MUST(store_tenant_find(tx, f->a + 10, m, &t, err));
	MO_ASSERT(mo_streq(t->id, f->a) && t->state == TENANT_ACTIVE);
	t->state = TENANT_SUSPENDED;
	MUST(store_tenant_update(tx, t, err));
	MUST(store_tenant_find(tx, f->a, m, &t, err));
	MO_ASSERT(t->state == TENANT_SUSPENDED);
	MUST(store_project_find(tx, f->a, "one", m, &pr, err));
	absent(f, store_project_find(tx, f->b, "one", m, &pr, err), err);
	return absent(f, store_project_delete(tx, f->b, f->project, err), err);
}

static int same_project(struct store_tx *tx, void *ctx, struct mo_err *err)
{
	struct fix *f = ctx;
	struct project p = {
		.id = fix_id(f, "prj"), .tenant_id = f->a, .name = "one", .created_at = 1
	};
	int rc = store_project_insert(tx, &p, err);

	MO_ASSERT(rc < 0 && strstr(err->msg, "one"));
	return rc;
}

static int delete_tenant(struct store_tx *tx, void *ctx, struct mo_err *err)
{
	return store_tenant_delete(tx, ((struct fix *)ctx)->a, err);
}

static void test_identity(void **state)
{
	fix_do(*state, identity);
	fix_refused(*state, same_project, MO_ECONFLICT, "already_exists");
	fix_refused(*state, delete_tenant, MO_ECONFLICT, "in_use");
}

static int many_projects(struct store_tx *tx, void *ctx, struct mo_err *err)
{
	struct fix *f = ctx;
	struct store_page page = { .limit = 10 };
	struct project *rows;
	char name[16];
	size_t n, total = 0;

	for (int i = 0; i < 25; i++) {
		snprintf(name, sizeof(name), "p%d", i);
		struct project p = {
			.id = fix_id(f, "prj"), .tenant_id = f->b, .name = name, .created_at = i + 1
		};
		MUST(store_project_insert(tx, &p, err));
	}
	do {
		MUST(store_project_list(tx, f->b, &page, &f->arena, &rows, &n, err));
		for (size_t i = 0; i < n; i++, total++) {
			MO_ASSERT(rows[i].created_at == (int64_t)(25 - total) &&
				  mo_streq(rows[i].tenant_id, f->b));
			page.after = rows[i].id;
		}
	} while (n == 10);
	MO_ASSERT(total == 25);
	return 0;
}

static void test_pages_are_whole(void **state)
{
	fix_do(*state, many_projects);
}

/* Every pair of states: moved exactly when the table says so, and never for another tenant. */
static int all_step_moves(struct store_tx *tx, void *ctx, struct mo_err *err)
{
	struct fix *f = ctx;
	const char *run = fix_run(f, tx);
	struct run_step *s;
	bool moved;

	for (int from = 0; from < step_states.names.count; from++) {
		for (int to = 0; to < step_states.names.count; to++) {
			const char *id = fix_step(f, tx, run, (enum step_state)from);
			MUST(store_step_move(tx, f->b, id, (enum step_state)to,
				SETS(SET_TEXT("reason", "stolen")), &moved, err));
			MO_ASSERT(!moved);
			MUST(store_step_move(tx, f->a, id, (enum step_state)to,
				SETS(SET_TEXT("reason", "why"), SET_TIME("finished_at", 42)),
				&moved, err));
			MO_ASSERT(moved == state_can_move(&step_states, from, to));
			MUST(store_step_get(tx, f->a, id, &f->arena, &s, err));
			MO_ASSERT((int)s->state == (moved ? to : from));
			MO_ASSERT(s->finished_at == (moved ? 42 : 0) &&
				  mo_streq(s->reason, moved ? "why" : NULL));
		}
	}
	return 0;
}

static void test_only_legal_moves(void **state)
{
	fix_do(*state, all_step_moves);
}

static int run_parts(struct store_tx *tx, void *ctx, struct mo_err *err)
{
	struct fix *f = ctx;
	struct mo_arena *m = &f->arena;
	const char *run = fix_run(f, tx), *step = fix_step(f, tx, run, STEP_RUNNING);
	struct run_metric metric = { .tenant_id = f->a,
		.run_id = run,
		.step = "s",
		.key = "rmse",
		.iteration = 1,
		.value = 0.1,
		.at = 3 };
	struct run_log log = { .tenant_id = f->a,
		.run_id = run,
		.step_id = step,
		.attempt_id = "att_1",
		.object_key = "k",
		.size = 10,
		.at = 4 };
	struct run_metric *metrics;
	struct run_log *logs;
	struct run *r;
	char live[100][MO_ID_MAX];
	int64_t chunks, bytes;
	size_t n;
	bool yes;

	MUST(store_run_metric_put(tx, &metric, err));
	metric.value = 0.30000000000000004;
	MUST(store_run_metric_put(tx, &metric, err));
	MUST(store_run_metric_list(tx, f->a, run, NULL, NULL, NULL, 10, m, &metrics, &n, err));
	MO_ASSERT(n == 1 && metrics->value == 0.30000000000000004);
	MUST(store_run_metric_list(tx, f->b, run, NULL, NULL, NULL, 10, m, &metrics, &n, err));
	MO_ASSERT(n == 0);
	MUST(store_run_log_put(tx, &log, err));
	MUST(store_run_log_put(tx, &log, err));
	log.chunk = 1;
	MUST(store_run_log_put(tx, &log, err));
	MUST(store_run_log_end(tx, "att_1", &chunks, &bytes, err));
	MO_ASSERT(chunks == 2 && bytes == 20);
	MUST(store_run_log_list(tx, f->b, run, NULL, NULL, m, &logs, &n, err));
	MO_ASSERT(n == 0);
	MUST(store_run_live(tx, NULL, live, 100, &n, err));
	MO_ASSERT(n >= 1 && mo_streq(live[n - 1], run)); /* oldest first */
	MUST(store_run_live(tx, run, live, 100, &n, err));
	MO_ASSERT(n == 0);
	MUST(store_run_live_count(tx, f->a, 5, &chunks, err));
	MO_ASSERT(chunks >= 1);
	MUST(store_run_live_count(tx, f->b, 5, &chunks, err));
	MO_ASSERT(chunks == 0);
	MUST(store_run_cancel(tx, f->b, run, &yes, err));
	MO_ASSERT(!yes);
	MUST(store_run_cancel(tx, f->a, run, &yes, err));
	MO_ASSERT(yes);
	MUST(store_run_get(tx, f->a, run, m, &r, err));
	MO_ASSERT(r->cancel_requested && r->state == RUN_PENDING && !r->pipeline_id);
	return absent(f, store_run_get(tx, f->b, run, m, &r, err), err);
}

static int registry(struct store_tx *tx, void *ctx, struct mo_err *err)
{
	struct fix *f = ctx;
	struct mo_arena *m = &f->arena;
	struct model model = { .id = fix_id(f, "mdl"),
		.tenant_id = f->a,
		.project_id = f->project,
		.name = "iris",
		.created_at = 1 };
	struct model_version v = { .id = fix_id(f, "mv"),
		.tenant_id = f->a,
		.project_id = f->project,
		.model_id = model.id,
		.state = MV_READY,
		.object_prefix = "p",
		.framework = "xgboost",
		.created_at = 2 };
	struct model_alias alias = { .tenant_id = f->a,
		.model_id = model.id,
		.alias = "prod",
		.version = 1,
		.created_at = 3 };
	struct artifact art = { .id = fix_id(f, "art"),
		.tenant_id = f->a,
		.project_id = f->project,
		.name = "d",
		.state = ARTIFACT_READY,
		.object_key = "o",
		.size = INT64_C(1) << 40,
		.created_at = 4 };
	struct pipeline pl = { .id = fix_id(f, "pl"),
		.tenant_id = f->a,
		.project_id = f->project,
		.name = "train",
		.created_at = 5 };
	struct pipeline_version pv = { .tenant_id = f->a,
		.pipeline_id = pl.id,
		.spec = "{\"a\":\"'?\"}",
		.created_at = 6 },
				*gpv;
	struct model *gm;
	struct model_version *gv;
	struct model_alias *ga;
	struct artifact *gart;
	struct pipeline *gpl;
	int64_t number;

	MUST(store_model_insert(tx, &model, err));
	MUST(store_model_next_version(tx, f->a, model.id, &v.version, err));
	MO_ASSERT(v.version == 1);
	MUST(store_model_version_insert(tx, &v, err));
	MUST(store_model_alias_put(tx, &alias, err));
	MUST(store_model_alias_get(tx, f->a, model.id, "prod", m, &ga, err));
	alias.version = 9;
	absent(f, store_model_alias_put(tx, &alias, err), err);
	absent(f, store_model_alias_get(tx, f->b, model.id, "prod", m, &ga, err), err);
	MUST(store_model_find(tx, f->a, f->project, "iris", m, &gm, err));
	absent(f, store_model_find(tx, f->b, f->project, "iris", m, &gm, err), err);
	MUST(store_model_version_find(tx, f->a, model.id, 1, m, &gv, err));
	absent(f, store_model_version_find(tx, f->b, model.id, 1, m, &gv, err), err);
	MUST(store_artifact_insert(tx, &art, err));
	MUST(store_dataset_find(tx, f->a, f->project, "d", m, &gart, err));
	MO_ASSERT(gart->size == INT64_C(1) << 40 && !gart->sha256);
	absent(f, store_dataset_find(tx, f->b, f->project, "d", m, &gart, err), err);
	art.tenant_id = f->b;
	absent(f, store_artifact_delete(tx, &art, err), err);
	art.tenant_id = f->a;
	MUST(store_artifact_delete(tx, &art, err));
	absent(f, store_artifact_delete(tx, &art, err), err);
	MUST(store_pipeline_insert(tx, &pl, err));
	MUST(store_pipeline_version_add(tx, &pv, &number, err));
	MUST(store_pipeline_version_add(tx, &pv, &number, err));
	MO_ASSERT(number == 2);
	MUST(store_pipeline_version_get(tx, f->a, pl.id, 2, m, &gpv, err));
	MO_ASSERT(mo_streq(gpv->spec, pv.spec));
	absent(f, store_pipeline_version_get(tx, f->b, pl.id, 2, m, &gpv, err), err);
	MUST(store_pipeline_find(tx, f->a, f->project, "train", m, &gpl, err));
	MO_ASSERT(gpl->latest_version == 2);
	absent(f, store_pipeline_delete(tx, f->b, pl.id, err), err);
	MUST(store_pipeline_delete(tx, f->a, pl.id, err));
	return absent(f, store_pipeline_version_get(tx, f->a, pl.id, 2, m, &gpv, err), err);
}

static int serving(struct store_tx *tx, void *ctx, struct mo_err *err)
{
	struct fix *f = ctx;
	struct mo_arena *m = &f->arena;
	struct deployment d = { .id = fix_id(f, "dep"),
		.tenant_id = f->a,
		.project_id = f->project,
		.name = "d",
		.spec = "{}",
		.generation = 1,
		.created_at = 1,
		.updated_at = 1 },
			  *gd;
	struct revision r = { .id = fix_id(f, "rev"),
		.tenant_id = f->a,
		.deployment_id = d.id,
		.number = 1,
		.model_version_id = "mv",
		.spec = "{}",
		.created_at = 1 },
			*gr;
	struct instance i = { .id = fix_id(f, "ins"),
		.tenant_id = f->a,
		.deployment_id = d.id,
		.revision_id = r.id,
		.created_at = 1 },
			*gi;
	struct change *changes;
	int64_t generation;
	size_t n;
	bool moved;

	MUST(store_deployment_insert(tx, &d, err));
	MUST(store_revision_insert(tx, &r, err));
	MUST(store_instance_insert(tx, &i, err));
	MUST(store_instance_move(tx, f->b, i.id, INSTANCE_READY, NO_SETS, &moved, err));
	MO_ASSERT(!moved);
	MUST(store_instance_move(tx, NULL, i.id, INSTANCE_READY,
		SETS(SET_TEXT("address", "unix:/s"), SET_INT("restarts", 2)), &moved, err));
	MO_ASSERT(moved);
	MUST(store_instance_get(tx, f->a, i.id, m, &gi, err));
	MO_ASSERT(mo_streq(gi->address, "unix:/s") && gi->restarts == 2 &&
		  gi->state == INSTANCE_READY);
	absent(f, store_instance_get(tx, f->b, i.id, m, &gi, err), err);
	absent(f, store_revision_get(tx, f->b, r.id, m, &gr, err), err);
	absent(f, store_deployment_get(tx, f->b, d.id, m, &gd, err), err);
	absent(f, store_deployment_set(tx, f->b, d.id, SETS(SET_TEXT("reason", "x")), err), err);
	MUST(store_deployment_respec(tx, f->a, d.id, "{\"n\":1}", 1, 9, &generation, err));
	MO_ASSERT(generation == 2);
	MO_ASSERT(store_deployment_respec(tx, f->a, d.id, "{}", 1, 9, &generation, err) < 0 &&
		  err->code == MO_EPRECOND);
	*err = (struct mo_err){ 0 };
	if (store_is_sqlite(f->store)) { /* on Postgres nobody sees them before the commit */
		MUST(store_change_list(tx, 0, 100, m, &changes, &n, &generation, err));
		MO_ASSERT(n >= 4 && mo_streq(changes[n - 1].noun, "deployment") &&
			  mo_streq(changes[n - 1].id, d.id));
	}
	return 0;
}

static void test_runs_models_deployments(void **state)
{
	fix_do(*state, run_parts);
	fix_do(*state, registry);
	fix_do(*state, serving);
}

static struct usage_window window(struct fix *f, int64_t quantity, int64_t end)
{
	return (struct usage_window){ .id = fix_id(f, "use"),
		.tenant_id = f->a,
		.project_id = f->project,
		.source_kind = USAGE_ALLOCATION,
		.source_id = "alc",
		.resource_id = "run",
		.price_class = "cpu",
		.metric = METRIC_GPU_SHARE_US,
		.quantity = quantity,
		.start_at = end - 1,
		.end_at = end,
		.reason = REASON_BILLABLE,
		.created_at = 1 };
}

static int post(
	struct store_tx *tx, struct fix *f, const struct usage_window *w, struct mo_err *err)
{
	struct ledger_head head;
	struct ledger_entry e;
	char prev[LEDGER_HASH_TEXT];

	MUST(store_ledger_head(tx, f->a, &head, err));
	MUST(ledger_append(&head, w, prev, &e, err));
	return store_ledger_insert(tx, &e, err);
}

static int money(struct store_tx *tx, void *ctx, struct mo_err *err)
{
	struct fix *f = ctx;
	struct mo_arena *m = &f->arena;
	struct usage_window one = window(f, 10, 100), two = window(f, 32, 200), *open;
	struct ledger_head head = ledger_head_empty();
	struct ledger_entry *entries;
	struct ledger_sum *sums;
	size_t n;

	MUST(store_usage_window_insert(tx, &one, err));
	MUST(store_usage_window_insert(tx, &two, err));
	MUST(store_usage_unposted(tx, "", 10, m, &open, &n, err));
	MO_ASSERT(n == 2 && open[0].quantity == 10);
	MUST(post(tx, f, &open[0], err));
	MUST(post(tx, f, &open[1], err));
	MUST(store_usage_unposted(tx, "", 10, m, &open, &n, err));
	MO_ASSERT(n == 0);
	MUST(store_ledger_list(tx, f->a, 0, false, 10, m, &entries, &n, err));
	MO_ASSERT(n == 2 && entries[0].seq == 1 && entries[1].seq == 2);
	MUST(ledger_verify(&head, &entries[0], err));
	MUST(ledger_verify(&head, &entries[1], err));
	MUST(store_ledger_sums(tx, f->a, 0, 200, 2, m, &sums, &n, err));
	MO_ASSERT(n == 1 && sums->quantity == 42);
	MUST(store_ledger_sums(tx, f->a, 100, 200, 2, m, &sums, &n, err));
	MO_ASSERT(n == 1 && sums->quantity == 32);
	MUST(store_ledger_sums(tx, f->b, 0, 200, 2, m, &sums, &n, err));
	MO_ASSERT(n == 0);
	return 0;
}

static int same_window(struct store_tx *tx, void *ctx, struct mo_err *err)
{
	struct usage_window again = window(ctx, 10, 100);

	return store_usage_window_insert(tx, &again, err);
}

static int bill(struct store_tx *tx, void *ctx, struct mo_err *err)
{
	struct fix *f = ctx;
	struct mo_arena *m = &f->arena;
	struct price_rule rule = { .metric = METRIC_GPU_SHARE_US,
		.price_class = "*",
		.price_micro = 5,
		.per_quantity = 1,
		.unit_label = "us" },
			  *rules;
	struct price_plan plan = { .id = fix_id(f, "pp"),
		.name = "p1",
		.currency = "EUR",
		.is_default = true,
		.created_at = 1 },
			  *got;
	struct invoice inv = { .id = fix_id(f, "inv"),
		.tenant_id = f->a,
		.period_end = 5,
		.currency = "EUR",
		.price_plan_id = plan.id,
		.ledger_hash = LEDGER_GENESIS,
		.total_micro = 7,
		.created_at = 2 },
		       *ginv;
	struct invoice_line line = { .n = 1,
		.metric = "m",
		.price_class = "c",
		.quantity = 1,
		.price_micro = 7,
		.per_quantity = 1,
		.unit_label = "u",
		.amount_micro = 7,
		.description = "d" },
			    *lines;
	struct dashboard dash = { .id = fix_id(f, "dsh"),
		.tenant_id = f->a,
		.scope = DASHBOARD_USER,
		.name = "n",
		.title = "t",
		.version = 1,
		.definition = "{}",
		.created_at = 1,
		.updated_at = 1 },
			 *gd;
	struct dashboard_filter see_a = { .tenant = f->a, .scope = -1 },
				see_b = { .tenant = f->b, .scope = -1 };
	size_t n;
	bool moved;

	line.tenant_id = f->a;
	line.invoice_id = inv.id;
	MUST(store_price_plan_insert(tx, &plan, &rule, 1, err));
	plan.id = fix_id(f, "pp");
	plan.name = "p2";
	MUST(store_price_plan_insert(tx, &plan, &rule, 1, err));
	MUST(store_price_plan_of(tx, f->a, m, &got, err));
	MO_ASSERT(mo_streq(got->name, "p2"));
	MUST(store_price_rule_list(tx, got->id, m, &rules, &n, err));
	MO_ASSERT(n == 1 && rules->price_micro == 5);
	MUST(store_invoice_insert(tx, &inv, &line, 1, err));
	MUST(store_invoice_line_list(tx, f->b, inv.id, m, &lines, &n, err));
	MO_ASSERT(n == 0);
	MUST(store_invoice_line_list(tx, NULL, inv.id, m, &lines, &n, err));
	MO_ASSERT(n == 1);
	MUST(store_invoice_line_list(tx, f->a, inv.id, m, &lines, &n, err));
	MO_ASSERT(n == 1 && lines->amount_micro == 7);
	absent(f, store_invoice_get(tx, f->b, inv.id, m, &ginv, err), err);
	MUST(store_invoice_move(tx, f->b, inv.id, INVOICE_ISSUED, &moved, err));
	MO_ASSERT(!moved);
	MUST(store_invoice_move(tx, f->a, inv.id, INVOICE_PAID, &moved, err));
	MO_ASSERT(!moved);
	MUST(store_invoice_move(tx, f->a, inv.id, INVOICE_ISSUED, &moved, err));
	MO_ASSERT(moved);
	MUST(store_dashboard_insert(tx, &dash, err));
	absent(f, store_dashboard_get(tx, &see_b, dash.id, m, &gd, err), err);
	MUST(store_dashboard_get(tx, &see_a, dash.id, m, &gd, err));
	gd->tenant_id = f->b;
	MO_ASSERT(store_dashboard_update(tx, gd, err) < 0 && err->code == MO_EPRECOND);
	*err = (struct mo_err){ 0 };
	gd->tenant_id = f->a;
	MUST(store_dashboard_update(tx, gd, err));
	MO_ASSERT(store_dashboard_update(tx, gd, err) < 0 && err->code == MO_EPRECOND);
	*err = (struct mo_err){ 0 };
	absent(f, store_dashboard_delete(tx, f->b, gd->id, err), err);
	absent(f, store_dashboard_delete(tx, NULL, gd->id, err), err);
	MUST(store_dashboard_delete(tx, f->a, gd->id, err));
	return 0;
}

static void test_usage_ledger_invoices(void **state)
{
	fix_do(*state, money);
	fix_refused(*state, same_window, MO_ECONFLICT, NULL);
	fix_do(*state, bill);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_identity, fix_up, fix_down),
		cmocka_unit_test_setup_teardown(test_pages_are_whole, fix_up, fix_down),
		cmocka_unit_test_setup_teardown(test_only_legal_moves, fix_up, fix_down),
		cmocka_unit_test_setup_teardown(test_runs_models_deployments, fix_up, fix_down),
		cmocka_unit_test_setup_teardown(test_usage_ledger_invoices, fix_up, fix_down),
	};

	fix_main(argc, argv);
	return RUN_TESTS(tests);
}
