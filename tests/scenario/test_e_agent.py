"""The agent alone on a database whose rows the test writes: windows, reasons, hours, the chain, crashes, two agents."""
# databases: sqlite postgres
# timeout: 240
import os
import random
import shutil
import tempfile
import time
import urllib.request

import pytest

from lib import api, ledger_check, proc

SECOND = 1000000
HOUR = 3600 * SECOND


class Books:
	"""A migrated database with one CPU pool of two shares, and agents on it."""

	def __init__(self, folder, url):
		self.folder, self.url = folder, url
		self.count = 0
		self.now = int(time.time() * SECOND)
		self.sql("INSERT INTO gpu_pools (id, name, card_model, mode, capacity_shares, timeslice_replicas, max_shares_per_pod, price_class,"
			" default_max_runtime_s, allow_cpu_on_gpu, created_at, updated_at) VALUES ('pool_1', 'cpu', 'cpu', 'CPU', 2, 1, 2, 'cpu-small',"
			" 0, 0, 1, 1)")
		self.tenant("ten_a")

	def sql(self, text, *values):
		return api.execute(self.url, text, *values)

	def tenant(self, name):
		self.sql("INSERT INTO tenants (id, name, state, created_at, updated_at) VALUES (?, ?, 'ACTIVE', 1, 1)", name, name.replace("_", "-"))

	def allocation(self, state="RELEASED", tenant="ten_a", shares=1, reserved=0, bound=None, ended=None, released=None, seen=None, reason=None):
		"""An allocation row; times are seconds before now. It ended when it was released unless said otherwise, and hours
		were entered while it ran up to SEEN only, so a released one was seen no later than its end."""
		self.count += 1
		name = "alc_%04d" % self.count
		at = [None if t is None else self.now - int(t * SECOND) for t in (reserved, bound, released if ended is None else ended, released, seen)]
		self.sql("INSERT INTO pool_allocations (id, tenant_id, project_id, pool_id, shares, owner_kind, owner_id, resource_id, price_class, state, created_at,"
			" reserved_at, bound_at, ended_at, released_at, last_seen_at, release_reason) VALUES (?, ?, 'prj_1', 'pool_1', ?, 'step', ?, ?, 'cpu-small', ?, 1, ?, ?, ?, ?, ?, ?)",
			name, tenant, shares, "att_" + name, "run_" + name, state, *at, reason)
		return name

	def project(self, name="prj_1", made=0, tenant="ten_a"):
		self.sql("INSERT INTO projects (id, tenant_id, name, created_at) VALUES (?, ?, ?, ?)", name, tenant, name.replace("_", "-"),
			self.now - round(made * SECOND))

	def artifact(self, size, made, deleted=None, project="prj_1", state=None):
		"""An artifact row; times are seconds before now."""
		self.count += 1
		name = "art_%04d" % self.count
		self.sql("INSERT INTO artifacts (id, tenant_id, project_id, name, kind, state, object_key, size, created_at, deleted_at)"
			" VALUES (?, 'ten_a', ?, ?, 'dataset', ?, ?, ?, ?, ?)", name, project, name, state or ("READY" if deleted is None else "DELETED"),
			name, size, self.now - round(made * SECOND), None if deleted is None else self.now - round(deleted * SECOND))

	def release(self, name, reason):
		"""An open allocation ends now."""
		self.sql("UPDATE pool_allocations SET state = 'RELEASED', ended_at = ?, released_at = ?, release_reason = ? WHERE id = ?",
			self.now + 1, self.now + 1, reason, name)

	def gateway(self, gateway, total, tenant="ten_a"):
		"""What a gateway's flush writes: the total, and a window with what was added."""
		self.count += 1
		old = self.sql("SELECT coalesce(max(total), 0) FROM usage_counters WHERE source = ?", gateway)[0][0]
		self.sql("INSERT INTO usage_windows (id, tenant_id, project_id, source_kind, source_id, resource_id, price_class, metric, quantity, start_at,"
			" end_at, reason, created_at) VALUES (?, ?, 'prj_1', 'gateway', ?, 'dep_1', '*', 'predict_requests', ?, ?, ?, 'billable', ?)",
			"use_g%04d" % self.count, tenant, gateway, total - old, self.now - SECOND, self.now + self.count, self.now)
		self.sql("INSERT INTO usage_counters (source, deployment_id, metric, tenant_id, total) VALUES (?, 'dep_1', 'predict_requests', ?, ?)"
			" ON CONFLICT (source, deployment_id, metric) DO UPDATE SET total = excluded.total", gateway, tenant, total)

	def agent(self, **env):
		settings = {"MODELOPS_DATA": self.folder, "DATABASE_URL": self.url, "OPS_PORT": "0", "AGENT_INTERVAL": "50ms", **env}
		return proc.Program("modelops-agent", env=settings)

	def entries(self, tenant="ten_a"):
		names = ("window_id", "resource_id", "metric", "quantity", "start_at", "end_at", "reason", "billable")
		return [dict(zip(names, row)) for row in self.sql("SELECT %s FROM ledger_entries WHERE tenant_id = ? ORDER BY seq" % ", ".join(names), tenant)]

	def wait_entries(self, count, tenant="ten_a", seconds=20):
		return proc.wait_until(lambda: len(self.entries(tenant)) >= count and self.entries(tenant),
			lambda: "%d entries, there are %d" % (count, len(self.entries(tenant))), seconds)


@pytest.fixture
def books():
	folder = tempfile.mkdtemp(prefix="mo-agent-", dir=os.environ.get("MODELOPS_TEST_TMP"))
	try:
		api.make_data(folder)
		with api.database(folder) as url:
			api.migrate(folder, url)
			yield Books(folder, url)
	finally:
		shutil.rmtree(folder, ignore_errors=True)


def test_waiting_is_not_billed(books):
	"""Three jobs on two shares: the third waits until the first is over and is billed for its own time only."""
	first = books.allocation(reserved=100, bound=99, released=60, reason="completed")
	second = books.allocation(reserved=100, bound=98, released=40, reason="failed")
	third = books.allocation(reserved=60, bound=55, released=10, reason="completed")
	never = books.allocation(reserved=100, released=50, reason="cancelled")
	with books.agent():
		entries = {e["resource_id"]: e for e in books.wait_entries(3)}
		time.sleep(0.3)
	assert len(books.entries()) == 3 and "run_" + never not in entries
	for name, seconds in ((first, 39), (second, 58), (third, 45)):
		assert entries["run_" + name]["quantity"] == seconds * SECOND and entries["run_" + name]["billable"] == 1
	ledger_check.check(books.url, settled=True)


def test_our_failures_are_recorded_unbilled(books):
	books.allocation(bound=30, released=10, shares=2, reason="platform")
	books.allocation(bound=30, released=10, reason="timeout")
	with books.agent():
		lost, late = books.wait_entries(2)
	assert (lost["reason"], lost["billable"], lost["quantity"]) == ("platform", 0, 40 * SECOND)
	assert (late["reason"], late["billable"], late["quantity"]) == ("billable", 1, 20 * SECOND)
	ledger_check.check(books.url, settled=True)


def test_the_time_until_the_end_was_noticed_is_ours(books):
	"""A job of 20 s whose end was noticed 5 s later: two windows, and the second is recorded unbilled."""
	books.allocation(bound=30, ended=10, released=5, shares=2, reason="completed")
	books.allocation(bound=30, ended=30, released=29, reason="failed") # over at once: all of it is ours
	with books.agent():
		ran, noticed, at_once = books.wait_entries(3)
		time.sleep(0.3)
	assert len(books.entries()) == 3
	assert (ran["reason"], ran["billable"], ran["quantity"]) == ("billable", 1, 40 * SECOND)
	assert (noticed["reason"], noticed["billable"], noticed["quantity"]) == ("platform", 0, 10 * SECOND)
	assert (at_once["reason"], at_once["billable"], at_once["quantity"]) == ("platform", 0, SECOND)
	assert ran["end_at"] == noticed["start_at"]
	ledger_check.check(books.url, settled=True)


@pytest.mark.parametrize("owner, billed", [("step", 0), ("instance", 1)])
def test_what_was_entered_of_a_lost_job_is_given_back(books, owner, billed):
	"""Hours of it are in the ledger when it turns out to be lost by our fault: they are taken back, each once, also when the
	batch holds only some. An instance has served in these hours."""
	name = books.allocation(state="BOUND", bound=4.5 * 3600, seen=0, shares=2)
	books.sql("UPDATE pool_allocations SET owner_kind = ?", owner)
	start, hour = books.now - int(4.5 * HOUR), books.now - books.now % HOUR
	whole = hour // HOUR - start // HOUR
	with books.agent(AGENT_BATCH="3"):
		assert all(e["billable"] for e in books.wait_entries(whole))
		books.release(name, "platform")
		entries = books.wait_entries(whole + 1 + (0 if billed else whole))
		time.sleep(0.3)
	assert len(books.entries()) == len(entries)
	assert sum(e["quantity"] for e in entries if e["billable"]) == billed * 2 * (hour - start)
	credits = [e for e in entries if e["reason"] == "platform_credit"]
	assert sorted(-e["quantity"] for e in credits) == sorted(e["quantity"] for e in entries[:whole] if not billed)
	assert all(e["billable"] and e["end_at"] == books.now + 1 for e in credits)
	assert entries[-1]["reason"] == "platform" and not entries[-1]["billable"]
	ledger_check.check(books.url, settled=True)


def test_a_new_price_class_is_for_new_work(books):
	"""The pool gets another class while an allocation of it waits to be billed."""
	books.allocation(bound=30, released=10, reason="completed")
	books.sql("UPDATE gpu_pools SET price_class = 'dear', updated_at = 2")
	with books.agent():
		books.wait_entries(1)
	assert books.sql("SELECT price_class FROM ledger_entries") == [("cpu-small",)]
	ledger_check.check(books.url, settled=True)


def test_open_allocations_are_cut_at_hours(books):
	name = books.allocation(state="BOUND", bound=2.5 * 3600, seen=0)
	stale = books.allocation(state="BOUND", bound=2.5 * 3600, seen=2.4 * 3600 + 3600)
	hour = books.now - books.now % HOUR
	start = books.now - int(2.5 * HOUR)
	whole = (hour - (start - start % HOUR)) // HOUR
	with books.agent():
		entries = books.wait_entries(whole)
		assert [e["end_at"] for e in entries] == [hour - HOUR * k for k in range(whole - 1, -1, -1)]
		assert all(e["resource_id"] == "run_" + name for e in entries), "nothing is billed past the last sign of life of " + stale
		books.sql("UPDATE pool_allocations SET state = 'RELEASED', ended_at = ?, released_at = ?, release_reason = 'completed' WHERE id = ?",
			books.now, books.now, name)
		wanted = whole + (1 if books.now % HOUR else 0)
		entries = books.wait_entries(wanted)
	assert sum(e["quantity"] for e in entries) == books.now - start
	assert entries[0]["start_at"] == start and entries[-1]["end_at"] == books.now
	ledger_check.check(books.url)


def test_stored_bytes_are_metered_by_the_hour(books):
	"""Whole seconds from upload to deletion, per project and whole hour; what is younger than an hour waits."""
	hour = (books.now - books.now % HOUR) // SECOND
	ago = lambda before_the_hour: (books.now - hour * SECOND) / SECOND + before_the_hour
	books.project(made=ago(5 * 3600))
	books.project("prj_2", made=ago(100))
	books.artifact(1000 * 1024, ago(2.5 * 3600))
	books.artifact(6 * 1024 + 1, ago(1800.25), ago(600.75)) # 7 started KiB from second -1800 to -600
	books.artifact(99, ago(0.4)) # no whole second of that hour
	books.artifact(5 * 1024, ago(10.2), project="prj_2")
	books.artifact(10**6, ago(3600), state="PENDING")
	wanted = [1000 * 1800, 1000 * 3600, 1000 * 3600 + 7 * 1200, 5 * 10]
	with books.agent():
		entries = books.wait_entries(4)
		time.sleep(0.3)
	assert sorted(e["quantity"] for e in books.entries()) == sorted(wanted)
	assert all(e["metric"] == "artifact_kib_seconds" and e["end_at"] - e["start_at"] == HOUR and e["billable"] for e in entries)
	assert {e["resource_id"] for e in entries} == {"prj_1", "prj_2"}
	assert {p for (p,) in books.sql("SELECT stored_until FROM projects")} == {hour * SECOND}
	ledger_check.check(books.url, settled=True)


def test_storage_is_metered_once_whatever_dies(books):
	"""A month that nobody looked at, agents killed in between: each hour once; hours in which nothing was kept cost no window."""
	books.project(made=40 * 86400)
	books.artifact(3, 30 * 86400, 20 * 86400)
	books.artifact(11, 5 * 86400)
	for _ in range(4):
		with books.agent(AGENT_INTERVAL="10ms", AGENT_LEASE="100ms", AGENT_RENEW="30ms") as agent:
			agent.wait_for_log("leading")
			time.sleep(random.random() * 0.3)
			agent.kill()
	with books.agent():
		books.wait_entries(15 * 24, seconds=60)
		proc.wait_until(lambda: not ledger_check.problems(books.url, settled=True), "books in order")
		time.sleep(0.3)
	assert 15 * 24 <= len(books.entries()) <= 15 * 24 + 2
	assert books.sql("SELECT stored_until FROM projects")[0][0] >= books.now - books.now % HOUR
	ledger_check.check(books.url, settled=True)


def test_gateway_windows_are_entered_once(books):
	books.tenant("ten_b")
	for total in range(1, 60):
		books.gateway("gw_1", total * 3)
	books.gateway("gw_2", 7, "ten_b")
	with books.agent(AGENT_BATCH="10"):
		assert sum(e["quantity"] for e in books.wait_entries(59)) == 177
		assert books.wait_entries(1, "ten_b")[0]["quantity"] == 7
	ledger_check.check(books.url, settled=True)


def test_sigterm_closes_the_books(books):
	with books.agent(AGENT_INTERVAL="1h") as agent:
		agent.wait_for_log("leading")
		time.sleep(0.5)
		books.allocation(bound=30, released=10, reason="completed")
		assert agent.stop() == 0
	assert len(books.entries()) == 1


def test_a_successor_need_not_wait_for_the_lease(books):
	with books.agent(AGENT_LEASE="60s") as dead:
		dead.wait_for_log("leading")
		with books.agent(AGENT_LEASE="60s") as waiting:
			time.sleep(0.5)
			assert "leading" not in waiting.log()
			dead.kill()
			waiting.wait_for_log("leading", 5)
			books.allocation(bound=30, released=10, reason="completed")
			books.wait_entries(1)


def test_kill_nine_at_random_points(books):
	"""Every entry once and the chain whole, whenever the agent dies."""
	chance = random.Random(5)
	deaths = int(os.environ.get("MODELOPS_AGENT_KILLS", "6"))
	made = 0
	for turn in range(deaths + 1):
		for _ in range(25):
			books.allocation(bound=4000, released=chance.randrange(1, 3900), shares=chance.randrange(1, 4),
				reason=chance.choice(("completed", "platform", "failed")))
			made += 1
		books.gateway("gw_1", made)
		agent = books.agent(AGENT_BATCH="3", AGENT_INTERVAL="10ms")
		if turn < deaths:
			time.sleep(0.05 + chance.random() * 0.15)
			agent.kill()
			continue
		with agent:
			proc.wait_until(lambda: not ledger_check.problems(books.url, settled=True),
				lambda: "\n".join(ledger_check.problems(books.url, settled=True)[:5]), 40, 0.2)
	ledger_check.check(books.url, settled=True)


POINTS = ("store.sql:%d", "store.sql:%d:kill", "store.commit:%d", "store.commit:%d:kill", "store.committed:%d:kill", "buf:%d", "arena:%d")


def test_anything_may_fail(books):
	"""The Nth statement, commit or allocation fails, or the process dies there: nothing is lost, nothing is entered twice."""
	def in_order():
		return not ledger_check.problems(books.url, settled=True)
	for point in POINTS:
		for n in (1, 2, 3, 5, 9, 14, 20, 25):
			books.allocation(bound=5000, released=n, reason="completed")
			books.gateway("gw_1", books.count)
			with books.agent(MODELOPS_FAULT=point % n, AGENT_INTERVAL="10ms", AGENT_BATCH="2") as agent:
				agent.check = False # it may refuse to start, or die: what counts is the books
				proc.wait_until(lambda agent=agent: not agent.running() or in_order(), "an end of %s" % (point % n), 15)
				agent.kill()
			ledger_check.check(books.url)
	with books.agent():
		proc.wait_until(in_order, "books in order", 10)


def test_one_tenant_s_trouble_is_its_own(books):
	"""The first tenant cannot be billed: those after it are, and it is told once a pass."""
	books.tenant("ten_b")
	broken = [books.allocation(bound=30, released=10, reason="completed") for _ in range(600)] # more than a round
	books.sql("UPDATE pool_allocations SET price_class = ?", "x" * 5000) # no entry of the ledger has room for it
	books.allocation(tenant="ten_b", bound=30, released=10, reason="completed")
	with books.agent(AGENT_INTERVAL="300ms") as agent:
		books.wait_entries(1, "ten_b")
		agent.wait_for_log("batches failed")
		assert "tenant=ten_a" in agent.log() and "ledger entry 1" in agent.log() and books.entries() == []
		books.sql("UPDATE pool_allocations SET price_class = 'cpu-small'")
		books.wait_entries(len(broken))
	ledger_check.check(books.url, settled=True)


def test_a_deposed_agent_changes_nothing(books):
	"""Somebody took the role behind its back: the epoch stops its transactions until it has the role again."""
	with books.agent(AGENT_RENEW="1h") as agent:
		agent.wait_for_log("leading")
		books.sql("UPDATE leaders SET holder = 'other', epoch = epoch + 1, expires_at = ?", books.now + 3600 * SECOND)
		books.allocation(bound=30, released=10, reason="completed")
		time.sleep(0.5)
		assert books.entries() == []
		agent.wait_for_log("lease lost", 5)
		books.sql("UPDATE leaders SET expires_at = 0")
		books.wait_entries(1)
	ledger_check.check(books.url, settled=True)


def test_old_records_go(books):
	old = books.now - 25 * HOUR
	for key, at in (("old", old), ("new", books.now)):
		books.sql("INSERT INTO idempotency_keys (tenant_id, principal, route, key, body_sha256, status, created_at) VALUES ('ten_a', 'p', 'r', ?, 'x',"
			" 200, ?)", key, at)
		books.sql("INSERT INTO changes (noun, id, tenant_id, created_at) VALUES ('run', ?, 'ten_a', ?)", key, at)
	with books.agent():
		proc.wait_until(lambda: books.sql("SELECT key FROM idempotency_keys") == [("new",)], "the old key to go")
		assert books.sql("SELECT id FROM changes") == [("new",)]


def test_metrics_and_health(books):
	books.allocation(bound=30, released=10, reason="completed")
	with books.agent() as agent:
		address = agent.wait_for_file(books.folder + "/run/agent.ops")
		books.wait_entries(1)
		with urllib.request.urlopen(address + "/readyz", timeout=5) as reply:
			assert reply.status == 200

		def text():
			with urllib.request.urlopen(address + "/metrics", timeout=5) as reply:
				return reply.read().decode()
		proc.wait_until(lambda: "modelops_agent_ledger_entries_total 1\n" in text(), text)
		assert "modelops_agent_leading 1\n" in text()
		assert "modelops_agent_lag_seconds" in text() and "modelops_agent_wal_bytes" in text()


TAMPERED = (
	"UPDATE ledger_entries SET quantity = quantity + 1 WHERE seq = 2",
	"UPDATE ledger_entries SET billable = 1 - billable WHERE seq = 1",
	"UPDATE ledger_entries SET hash = prev_hash WHERE seq = 3",
	"DELETE FROM ledger_entries WHERE seq = 2",
	"UPDATE usage_windows SET quantity = quantity + 1 WHERE source_kind = 'allocation'",
	"UPDATE usage_windows SET reason = 'billable' WHERE reason = 'platform'",
	"UPDATE usage_windows SET price_class = 'dear'",
	"UPDATE usage_windows SET posted = 0",
	"UPDATE artifacts SET size = size + 1024",
	"UPDATE artifacts SET deleted_at = created_at",
	"UPDATE projects SET stored_until = stored_until + 3600000000",
	"DELETE FROM usage_windows WHERE source_kind = 'storage'",
	"UPDATE usage_counters SET total = total + 1",
	"UPDATE pool_allocations SET shares = shares + 1",
	"UPDATE pool_allocations SET bound_at = bound_at + 1",
	"UPDATE pool_allocations SET released_at = released_at + 1",
	"UPDATE pool_allocations SET ended_at = ended_at - 1",
	"UPDATE pool_allocations SET ended_at = bound_at + 1 WHERE shares = 2",
	"UPDATE pool_allocations SET released_at = ended_at, ended_at = bound_at + 1 WHERE shares = 2",
	"UPDATE pool_allocations SET ended_at = bound_at + 1, released_at = bound_at + 2, billed_until = bound_at + 2 WHERE shares = 2",
	"UPDATE pool_allocations SET last_seen_at = bound_at + 1 WHERE state = 'BOUND'",
	"UPDATE pool_allocations SET price_class = 'dear'",
	"UPDATE pool_allocations SET billed_until = NULL",
	"UPDATE pool_allocations SET release_reason = 'platform'",
	"UPDATE pool_allocations SET release_reason = 'completed' WHERE shares = 3",
	"UPDATE pool_allocations SET owner_kind = 'instance' WHERE shares = 3",
	"UPDATE usage_windows SET quantity = quantity + 1 WHERE source_kind = 'credit'",
	"UPDATE usage_windows SET start_at = start_at - 1, end_at = end_at - 1 WHERE source_kind = 'credit'",
	"UPDATE usage_windows SET source_id = 'no ' || source_id WHERE source_kind = 'credit'",
	"DELETE FROM usage_windows WHERE source_kind = 'credit'",
	"DELETE FROM pool_allocations",
)


def test_the_checker_finds_what_is_wrong(books):
	"""The judge of all other tests is judged: each of these changes must be noticed."""
	books.allocation(bound=30, released=10, reason="platform")
	books.allocation(bound=30, released=10, reason="completed")
	books.allocation(bound=3 * 3600, released=10, shares=2, reason="completed") # with whole hours in it
	books.allocation(state="BOUND", bound=3 * 3600, seen=0)
	lost = books.allocation(state="BOUND", bound=1.5 * 3600, seen=0, shares=3)
	books.gateway("gw_1", 7)
	books.project(made=3 * 3600)
	books.artifact(10, 7000)
	with books.agent():
		books.wait_entries(3 + 3 + 2 + 1 + 2)
		books.release(lost, "platform")
		proc.wait_until(lambda: not ledger_check.problems(books.url, settled=True), "books in order")
	tables = ("ledger_entries", "usage_windows", "usage_counters", "pool_allocations", "artifacts", "projects")
	for table in tables:
		books.sql("CREATE TABLE kept_%s AS SELECT * FROM %s" % (table, table))
	for change in TAMPERED:
		books.sql(change)
		assert ledger_check.problems(books.url, settled=True), change
		for table in tables:
			books.sql("DELETE FROM " + table)
		for table in reversed(tables): # projects before what refers to them
			books.sql("INSERT INTO %s SELECT * FROM kept_%s" % (table, table))
	ledger_check.check(books.url, settled=True)


def test_bad_settings_stop_the_start(books):
	for env, part in (({"AGENT_INTERVAL": "soon"}, "AGENT_INTERVAL"), ({"DATABASE_URL": "mysql:x"}, "DATABASE_URL"),
			({"MODELOPS_DATA": ""}, "MODELOPS_DATA")):
		settings = {"MODELOPS_DATA": books.folder, "DATABASE_URL": books.url, **env}
		done = proc.run("modelops-agent", env=settings)
		assert done.returncode in (1, 2) and part in done.stderr, done.stderr
