"""A deployment that runs for hours is billed while it runs, and only as far as the controller saw it alive."""
# databases: sqlite postgres
# timeout: 180
import os
import signal
import time

from lib import flow, ledger_check, platform, proc

HOUR = 3600 * 1000000
TABLE = "x,y,target\n" + "".join("%d,%d,%d\n" % (i, i * 7 % 11, i % 2) for i in range(60))


def test_hours_of_a_running_deployment():
	with platform.running(CONTROLLER_ALIVE="200ms") as place:
		flow.cpu_pool(place.server)
		flow.price_plan(place.server)
		_, project, admin = place.server.tenant()
		dataset = flow.upload(admin, project, "table.csv", TABLE.encode())
		flow.wait_run(admin, flow.train(admin, project, dataset, "target", register="m", rounds=5))
		deployment = flow.deploy(admin, project, "m", pool="cpu", shares=2)
		place.kill("controller") # nobody sees the deployment now
		row = "FROM pool_allocations WHERE resource_id = ?"
		place.server.sql("UPDATE pool_allocations SET bound_at = bound_at - ?, last_seen_at = bound_at - ? WHERE resource_id = ?", 5 * HOUR,
			5 * HOUR - 1000000, deployment["id"])
		bound = place.server.sql("SELECT bound_at " + row, deployment["id"])[0][0]

		def entries():
			return [e for e in admin.items("/v1/ledger") if e["resource_id"] == deployment["id"]]
		time.sleep(2.5) # two passes of the agent
		assert entries() == [], "hours in which nothing was seen to run"
		place.start("controller") # it adopts the instance: it did run all the time
		found = proc.wait_until(lambda: len(entries()) >= 5 and entries(), lambda: "5 hours in the ledger: %s" % entries(), 30, 0.2)
		until = place.server.sql("SELECT billed_until " + row, deployment["id"])[0][0]
		assert until % HOUR == 0
		assert sum(e["quantity"] for e in found) == 2 * (until - bound) and all(e["billable"] for e in found)
		cost = admin.get("/v1/cost").json()
		assert any(line["metric"] == "gpu_share_us" for line in cost["lines"])
		ledger_check.check(place.url)


def shift_evidence(place, attempt, started, ended):
	"""As if the attempt's own program had begun and ended so many hours ago."""
	folder = "%s/work/%s/" % (place.folder, attempt)
	now = time.time_ns() // 1000
	for name, text in (("started_at", "%d\n" % (now - started * HOUR)), ("exit", "exited 1 run %d\n" % (now - ended * HOUR))):
		with open(folder + name, "w", encoding="ascii") as f:
			f.write(text)


def test_hours_after_the_end_are_nobody_s():
	"""A job was over for hours when the controller came back, and that one dies right after it has bound it: the agent enters
	whole hours of an open allocation, but none after its end."""
	with platform.running() as place:
		flow.cpu_pool(place.server)
		flow.price_plan(place.server)
		_, project, admin = place.server.tenant()
		dataset = flow.upload(admin, project, "table.csv", TABLE.encode())
		place.kill("controller")
		place.env["MODELOPS_FAULT"] = "controller:6:kill" # right after the start
		place.start("controller")
		run = flow.train(admin, project, dataset, "no such column")
		attempt = proc.wait_until(lambda: not place.programs["controller"].running() and flow.steps(admin, run)[0]["attempt_id"],
			"the controller dead after a start")
		proc.wait_until(lambda: os.path.exists("%s/work/%s/exit" % (place.folder, attempt)), "the job over")
		shift_evidence(place, attempt, 9, 6)
		assert place.server.sql("SELECT state FROM pool_allocations") == [("RESERVED",)]
		place.server.sql("UPDATE pool_allocations SET reserved_at = reserved_at - ?", 10 * HOUR)
		place.programs.pop("controller")
		place.env["MODELOPS_FAULT"] = "controller:2:kill" # right after the commit that binds
		place.start("controller")
		proc.wait_until(lambda: not place.programs["controller"].running(), "the controller dead again")
		assert place.server.sql("SELECT state FROM pool_allocations") == [("BOUND",)]
		time.sleep(2.5) # two passes of the agent
		ledger_check.check(place.url)
		del place.env["MODELOPS_FAULT"]
		place.programs.pop("controller")
		place.start("controller")
		flow.wait_run(admin, run, want="FAILED")
		proc.wait_until(lambda: not ledger_check.problems(place.url, settled=True), "the books settled")
		billed = sum(e["quantity"] for e in admin.items("/v1/ledger") if e["billable"])
		assert abs(billed - 3 * HOUR) < 60 * 1000000, "%.2f hours" % (billed / HOUR)


def test_a_job_lost_after_hours_costs_nothing():
	"""Its hours are in the ledger when its machine is lost: credits take them back, and all that adds up copes with them."""
	with platform.running(CONTROLLER_ALIVE="200ms") as place:
		flow.cpu_pool(place.server)
		flow.price_plan(place.server)
		tenant, project, admin = place.server.tenant()
		dataset = flow.upload(admin, project, "table.csv", TABLE.encode())
		run = flow.train(admin, project, dataset, "target", rounds=100000, early_stopping_rounds=0)
		proc.wait_until(lambda: flow.steps(admin, run)[0]["state"] == "RUNNING", "the job runs")
		first = flow.steps(admin, run)[0]["attempt_id"]
		place.server.sql("UPDATE pool_allocations SET bound_at = bound_at - ?, reserved_at = reserved_at - ?", 5 * HOUR, 5 * HOUR)

		def billed():
			return [e for e in admin.items("/v1/ledger") if e["billable"] and e["metric"] == "gpu_share_us"]
		hours = proc.wait_until(lambda: len(billed()) >= 5 and billed(), lambda: "5 hours in the ledger: %s" % billed(), 30, 0.2)
		with open("%s/work/%s/shim.pid" % (place.folder, first), encoding="ascii") as f:
			os.kill(int(f.read().split()[0]), signal.SIGKILL)
		proc.wait_until(lambda: len(billed()) >= 2 * len(hours), lambda: "as many credits: %s" % billed(), 30, 0.2)
		admin.post("/v1/runs/%s/cancel" % run["id"])
		flow.wait_run(admin, run, want="CANCELLED")
		proc.wait_until(lambda: not ledger_check.problems(place.url, settled=True), lambda: ledger_check.problems(place.url, settled=True))
		rest = sum(e["quantity"] for e in billed())
		assert 0 <= rest < 60 * 1000000, "only the second attempt is left: %d" % rest
		assert admin.get("/v1/ledger/verify").json()["valid"]
		usage = {u["reason"]: u["quantity"] for u in admin.get("/v1/usage").json()["items"] if u["metric"] == "gpu_share_us"}
		assert usage["platform_credit"] == -sum(e["quantity"] for e in hours) and usage["billable"] + usage["platform_credit"] == rest
		lines = {l["metric"]: l["quantity"] for l in admin.get("/v1/cost").json()["lines"]}
		assert lines.get("gpu_share_us", 0) == rest
