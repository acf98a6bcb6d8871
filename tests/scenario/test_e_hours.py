"""A deployment that runs for hours is billed while it runs, and only as far as the controller saw it alive."""
# databases: sqlite postgres
# timeout: 180
import os
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
