"""Price plans, usage, the ledger, cost so far and invoices, on rows as the agent writes them."""
# databases: sqlite postgres
import datetime
import hashlib
import threading
import time

from lib import api, proc

PLAN = {"name": "standard", "currency": "EUR", "is_default": True, "rules": [
	{"metric": "gpu_share_us", "price_class": "*", "price_micro": 100000, "per_quantity": 3600000000,
		"unit_label": "share-hour"},
	{"metric": "predict_requests", "price_micro": 100000, "per_quantity": 1000000, "unit_label": "million"}]}


def entries(server, tenant, project, rows, at=None, seq=0, prev="0" * 64):
	"""Chained ledger entries with their windows: rows of (metric, class, quantity, reason). The last one's hash."""
	start = int((at or datetime.datetime.now(datetime.timezone.utc)).timestamp() * 1e6) - 1000000
	for seq, (metric, price_class, quantity, reason) in enumerate(rows, seq + 1):
		window, end = api.new_id("use"), start + seq
		common = {"tenant_id": tenant["id"], "project_id": project["id"], "resource_id": "run_x", "metric": metric,
			"price_class": price_class, "quantity": quantity, "start_at": start, "end_at": end, "reason": reason,
			"created_at": end}
		server.row("usage_windows", id=window, source_kind="allocation", source_id=api.new_id("alc"), posted=1, **common)
		billable = 1 if reason in ("billable", "platform_credit") else 0
		text = "|".join(str(v) for v in (tenant["id"], seq, window, project["id"], "run_x", metric, price_class, quantity,
			start, end, reason, billable))
		digest = hashlib.sha256((prev + "\n" + text).encode()).hexdigest()
		server.row("ledger_entries", seq=seq, window_id=window, billable=billable, prev_hash=prev, hash=digest, **common)
		prev = digest
	return prev


JANUARY = datetime.datetime(2024, 1, 15, tzinfo=datetime.timezone.utc)
ROWS = [("gpu_share_us", "cpu", 1800000000, "billable"), ("gpu_share_us", "cpu", 1800000000, "billable"),
	("gpu_share_us", "cpu", 500, "platform"), ("predict_requests", "*", 5, "billable")]


def test_plans():
	with api.running() as server:
		root = server.client()
		plan = root.post("/v1/price-plans", PLAN).json()
		assert plan["rules"][1]["price_class"] == "*" and plan["currency"] == "EUR"
		assert root.get("/v1/price-plans/standard").json() == plan == root.get("/v1/price-plans/" + plan["id"]).json()
		assert server.tenant()[2].items("/v1/price-plans") == [plan]
		root.problem("POST", "/v1/price-plans", PLAN, status=409)
		root.problem("POST", "/v1/price-plans", dict(PLAN, name="x", currency="eur"), field="currency")
		root.problem("POST", "/v1/price-plans", dict(PLAN, name="x", rules=[dict(PLAN["rules"][0], metric="beer")]),
			field="rules[0].metric")
		root.problem("POST", "/v1/price-plans", dict(PLAN, name="x", rules=PLAN["rules"][:1] * 2), field="rules[1].metric")
		root.problem("POST", "/v1/price-plans", dict(PLAN, name="x", rules=[dict(PLAN["rules"][0], per_quantity=0)]),
			field="rules[0].per_quantity")


def test_month():
	with api.running() as server:
		tenant, project, admin = server.tenant()
		admin.problem("GET", "/v1/cost", status=409, code="no_price_plan")
		root = server.client()
		root.post("/v1/price-plans", PLAN)
		assert admin.get("/v1/cost").json()["total"] == {"amount_micro": 0, "currency": "EUR", "text": "0.00"}
		entries(server, tenant, project, ROWS)
		cost = admin.get("/v1/cost").json()
		assert [(line["metric"], line["quantity"]) for line in cost["lines"]] == [("gpu_share_us", 3600000000),
			("predict_requests", 5)]
		assert cost["total"]["amount_micro"] == 100000
		ledger = admin.items("/v1/ledger", limit=3)
		assert [e["seq"] for e in ledger] == [1, 2, 3, 4]
		check = admin.get("/v1/ledger/verify").json()
		assert check["valid"] and check["entries"] == 4 and check["head_hash"] == ledger[-1]["hash"]
		usage = admin.get("/v1/usage").json()["items"]
		assert {(u["metric"], u["reason"]): (u["quantity"], u["windows"]) for u in usage} == {
			("gpu_share_us", "billable"): (3600000000, 2), ("gpu_share_us", "platform"): (500, 1),
			("predict_requests", "billable"): (5, 1)}
		by_project = admin.get("/v1/usage", params={"group_by": "project"}).json()["items"]
		assert {u["project_id"] for u in by_project} == {project["id"]}
		by_day = admin.get("/v1/usage", params={"group_by": "day"}).json()["items"]
		days = {u["day"] for u in by_day}
		assert sum(u["windows"] for u in by_day) == 4 and len(days) >= 1
		assert all(day.endswith("T00:00:00Z") or "T00:00:00." in day for day in days), days
		assert root.get("/v1/usage", params={"tenant_id": tenant["name"]}).json()["items"] == usage
		server.sql("UPDATE ledger_entries SET quantity = 1 WHERE tenant_id = ? AND seq = 2", tenant["id"])
		check = admin.get("/v1/ledger/verify").json()
		assert not check["valid"] and check["entries"] == 1 and "2" in check["problem"]


def test_invoices():
	with api.running() as server:
		tenant, project, admin = server.tenant()
		root = server.client()
		root.post("/v1/price-plans", PLAN)
		entries(server, tenant, project, ROWS, JANUARY)
		draft = admin.post("/v1/invoices", {"period": "2024-01"}).json()
		assert draft["state"] == "DRAFT" and draft["total"]["text"] == "0.10" and len(draft["lines"]) == 2
		assert draft["ledger_seq"] == 4
		path = "/v1/invoices/" + draft["id"]
		assert admin.get(path).json() == draft
		assert [i["id"] for i in admin.items("/v1/invoices")] == [draft["id"]]
		again = admin.post("/v1/invoices", {"period": "2024-01"}).json()
		assert again["lines"] == draft["lines"] and again["total"] == draft["total"]
		admin.post(path + "/issue", status=403)
		assert root.post(path + "/issue").json()["state"] == "ISSUED"
		root.post(path + "/issue", status=409)
		root.post("/v1/invoices/%s/issue" % again["id"], status=409) # the period is asked for once
		assert root.post(path + "/void").json()["state"] == "VOID"
		assert root.post("/v1/invoices/%s/issue" % again["id"]).json()["state"] == "ISSUED"
		by_root = root.post("/v1/invoices", {"tenant_id": tenant["name"], "period": "2020-02"}).json()
		assert by_root["lines"] == [] and by_root["period_start"] == "2020-02-01T00:00:00Z"
		assert by_root["period_end"] == "2020-03-01T00:00:00Z"
		for wrong in ("2020-13", "2020-1", "20-01-01", "abcdefg"):
			admin.problem("POST", "/v1/invoices", {"period": wrong}, field="period")
		_, _, other = server.tenant()
		other.get(path, status=404)
		other.post("/v1/invoices", {"tenant_id": tenant["name"]}, status=404)


def test_a_credit_of_an_invoiced_month():
	"""What January's invoice holds is taken back in February: that one has a negative line and total, and is issued like any other."""
	with api.running() as server:
		tenant, project, admin = server.tenant()
		root = server.client()
		root.post("/v1/price-plans", PLAN)
		head = entries(server, tenant, project, ROWS, JANUARY)
		entries(server, tenant, project, [("gpu_share_us", "cpu", -1800000000, "platform_credit")], JANUARY + datetime.timedelta(31), 4, head)
		assert admin.post("/v1/invoices", {"period": "2024-01"}).json()["total"]["text"] == "0.10"
		february = admin.post("/v1/invoices", {"period": "2024-02"}).json()
		assert february["total"] == {"amount_micro": -50000, "currency": "EUR", "text": "-0.05"}
		assert [(l["quantity"], l["description"]) for l in february["lines"]] == [(-1800000000,
			"-1,800.000 share-seconds on cpu at 0.10 EUR per share-hour")]
		assert admin.get("/v1/ledger/verify").json()["valid"]
		usage = admin.get("/v1/usage", params={"from": "2024-01-01T00:00:00Z", "to": "2024-03-01T00:00:00Z"}).json()["items"]
		assert {u["reason"]: u["quantity"] for u in usage if u["metric"] == "gpu_share_us"} == {"billable": 3600000000,
			"platform": 500, "platform_credit": -1800000000}
		root.post("/v1/invoices/%s/issue" % february["id"])
		shown = proc.run("modelops", "invoice", "show", february["id"], env={"MODELOPS_URL": server.url, "HOME": "/nonexistent",
			"MODELOPS_ACTOR": "ana|tenant=%s|role=admin" % tenant["name"]})
		assert shown.returncode == 0 and "-0.5 share-hour" in shown.stdout and "-0.05" in shown.stdout, shown.stdout + shown.stderr


def test_an_invoice_is_what_the_books_say():
	"""Only a period that is over is issued, and only as the ledger has it then: no usage is lost."""
	with api.running() as server:
		tenant, project, admin = server.tenant()
		root = server.client()
		root.post("/v1/price-plans", PLAN)
		running = admin.post("/v1/invoices", {}).json()
		root.problem("POST", "/v1/invoices/%s/issue" % running["id"], status=409, code="period_open")
		head = entries(server, tenant, project, ROWS, JANUARY)
		draft = admin.post("/v1/invoices", {"period": "2024-01"}).json()
		head = entries(server, tenant, project, ROWS[:1], JANUARY, 4, head)
		root.problem("POST", "/v1/invoices/%s/issue" % draft["id"], status=409, code="stale_draft")
		fresh = admin.post("/v1/invoices", {"period": "2024-01"}).json()
		assert fresh["total"]["amount_micro"] == 150000
		entries(server, tenant, project, ROWS[:1], None, 5, head) # this month's changes nothing
		server.sql("UPDATE usage_windows SET posted = 0 WHERE tenant_id = ?", tenant["id"])
		root.problem("POST", "/v1/invoices/%s/issue" % fresh["id"], status=409, code="period_open")
		server.sql("UPDATE usage_windows SET posted = 1 WHERE tenant_id = ?", tenant["id"])
		issued = root.post("/v1/invoices/%s/issue" % fresh["id"]).json()
		assert issued["state"] == "ISSUED" and issued["total"]["amount_micro"] == 150000


def test_a_reservation_may_still_become_usage():
	"""Its start may be found to lie in the month that is over."""
	with api.running() as server:
		tenant, project, admin = server.tenant()
		root = server.client()
		root.post("/v1/price-plans", PLAN)
		pool = root.post("/v1/gpu-pools", {"name": "cpu", "card_model": "cpu", "mode": "CPU", "capacity_shares": 2,
			"price_class": "cpu"}).json()
		draft = admin.post("/v1/invoices", {"period": "2024-01"}).json()
		at = int(JANUARY.timestamp() * 1e6)
		server.row("pool_allocations", id=api.new_id("alc"), tenant_id=tenant["id"], project_id=project["id"],
			pool_id=pool["id"], shares=1, owner_kind="step", owner_id="att_1", resource_id="run_1", state="RESERVED",
			created_at=at, reserved_at=at)
		root.problem("POST", "/v1/invoices/%s/issue" % draft["id"], status=409, code="period_open")
		server.sql("UPDATE pool_allocations SET reserved_at = ?", at + 31 * 24 * 3600 * 1000000)
		root.post("/v1/invoices/%s/issue" % draft["id"])


def test_a_period_is_issued_once():
	"""All issues have begun before the first of them is through."""
	with api.running() as server:
		tenant, project, admin = server.tenant()
		server.client().post("/v1/price-plans", PLAN)
		entries(server, tenant, project, ROWS, JANUARY)
		drafts = [admin.post("/v1/invoices", {"period": "2024-01"}).json()["id"] for _ in range(4)]
		issues = [threading.Thread(target=lambda draft=draft: server.client().post(
			"/v1/invoices/%s/issue" % draft, status=(200, 409)), daemon=True) for draft in drafts]
		with server.held("ledger:" + tenant["id"]):
			for one in issues:
				one.start()
			time.sleep(0.5)
		for one in issues:
			one.join()
		assert sorted(i["state"] for i in admin.items("/v1/invoices")) == ["DRAFT"] * 3 + ["ISSUED"]
