"""A deployment that runs for hours is billed while it runs, and only as far as the controller saw it alive."""
# databases: sqlite postgres
# timeout: 180
import sqlite3
import time

from lib import flow, ledger_check, platform, proc

HOUR = 3600 * 1000000
TABLE = "x,y,target\n" + "".join("%d,%d,%d\n" % (i, i * 7 % 11, i % 2) for i in range(60))


def execute(url, text, *values):
	"""One statement; its rows, if any."""
	if url.startswith("sqlite:"):
		connection = sqlite3.connect(url[len("sqlite:"):], timeout=20)
	else:
		import psycopg
		connection = psycopg.connect(url)
		text = text.replace("?", "%s")
	try:
		cursor = connection.execute(text, values)
		rows = cursor.fetchall() if cursor.description else []
		connection.commit()
		return rows
	finally:
		connection.close()


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
		execute(place.url, "UPDATE pool_allocations SET bound_at = bound_at - ?, last_seen_at = bound_at - ? WHERE resource_id = ?", 5 * HOUR,
			5 * HOUR - 1000000, deployment["id"])
		bound = execute(place.url, "SELECT bound_at " + row, deployment["id"])[0][0]

		def entries():
			return [e for e in admin.items("/v1/ledger") if e["resource_id"] == deployment["id"]]
		time.sleep(2.5) # two passes of the agent
		assert entries() == [], "hours in which nothing was seen to run"
		place.start("controller") # it adopts the instance: it did run all the time
		found = proc.wait_until(lambda: len(entries()) >= 5 and entries(), lambda: "5 hours in the ledger: %s" % entries(), 30, 0.2)
		until = execute(place.url, "SELECT billed_until " + row, deployment["id"])[0][0]
		assert until % HOUR == 0
		assert sum(e["quantity"] for e in found) == 2 * (until - bound) and all(e["billable"] for e in found)
		cost = admin.get("/v1/cost").json()
		assert any(line["metric"] == "gpu_share_us" for line in cost["lines"])
		ledger_check.check(place.url)
