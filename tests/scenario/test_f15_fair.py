"""A tenant with a large ledger that asks for dear things in a loop: it is served, and the others do not notice."""
# databases: sqlite postgres
# timeout: 300
# alone: timings
import contextlib
import hashlib
import threading
import time

import psycopg
import sqlite3

from lib import api

ENTRIES = 200_000
COLUMNS = ("tenant_id, seq, window_id, project_id, resource_id, metric, price_class, quantity, start_at, end_at, reason, "
	"billable, prev_hash, hash, created_at")
PLAN = {"name": "standard", "currency": "EUR", "is_default": True, "rules": [
	{"metric": "predict_requests", "price_micro": 100000, "per_quantity": 1000000, "unit_label": "million"}]}


def chain(tenant, project, count):
	"""Rows of a good ledger, all of this month."""
	prev, end = "0" * 64, int(time.time() * 1e6)
	for seq in range(1, count + 1):
		window = "use_%026d" % seq
		text = "|".join(str(v) for v in (tenant["id"], seq, window, project["id"], "dep_x", "predict_requests", "*", 1,
			end - 1, end, "billable", 1))
		digest = hashlib.sha256((prev + "\n" + text).encode()).hexdigest()
		yield (tenant["id"], seq, window, project["id"], "dep_x", "predict_requests", "*", 1, end - 1, end, "billable", 1,
			prev, digest, end)
		prev = digest


def fill(server, rows):
	if server.database_url.startswith("sqlite:"):
		with contextlib.closing(sqlite3.connect(server.database_url[len("sqlite:"):], timeout=20)) as db, db:
			db.executemany("INSERT INTO ledger_entries (%s) VALUES (%s)" % (COLUMNS, ",".join("?" * 15)), rows)
		return
	with psycopg.connect(server.database_url) as db, db.cursor() as cursor:
		with cursor.copy("COPY ledger_entries (%s) FROM STDIN" % COLUMNS) as copy:
			for row in rows:
				copy.write_row(row)
	with psycopg.connect(server.database_url, autocommit=True) as db:
		db.execute("ANALYZE ledger_entries")


def p99(client, path, seconds):
	"""Of requests over that time; none may fail."""
	took, end = [], time.monotonic() + seconds
	while time.monotonic() < end:
		started = time.monotonic()
		client.get(path)
		took.append(time.monotonic() - started)
	return sorted(took)[len(took) * 99 // 100], len(took)


@contextlib.contextmanager
def loop(server, name, path, threads):
	"""That many clients of tenant NAME that ask for PATH in a loop; yields what they were answered."""
	stop, statuses = threading.Event(), []

	def run():
		client = server.client("a", name, "user")
		while not stop.is_set():
			statuses.append(client.get(path, status=(200, 503)).status_code)
	started = [threading.Thread(target=run) for _ in range(threads)]
	for one in started:
		one.start()
	try:
		yield statuses
	finally:
		stop.set()
		for one in started:
			one.join()


def test_a_large_ledger_is_its_owners():
	with api.running(AUTH_STALE_MAX="2s") as server:
		tenant, project, admin = server.tenant("big")
		server.tenant("small")
		server.client().post("/v1/price-plans", PLAN)
		fill(server, chain(tenant, project, ENTRIES))
		check, pages = admin.get("/v1/ledger/verify").json(), 1
		assert check["entries"] == 10_000 and check["valid"] # a request checks so many
		while check["next"]:
			check = admin.get("/v1/ledger/verify", params={"cursor": check["next"]}).json()
			pages += 1
		assert check["valid"] and check["entries"] == ENTRIES and pages == ENTRIES / 10_000 + 1
		assert admin.get("/v1/cost").json()["lines"][0]["quantity"] == ENTRIES
		other = server.client("b", "small", "user")
		for path in ("/v1/cost", "/v1/ledger/verify"):
			with loop(server, "big", path, 6) as statuses:
				time.sleep(0.5)
				slow, n = p99(other, "/v1/projects", 4)
				problem = other.get("/v1/whoami")
			print("%s: other tenant p99 %.0f ms of %d; big one: %d answers" % (path, slow * 1000, n, len(statuses)))
			assert problem.status_code == 200 and slow < 0.25 and 200 in statuses


def test_a_tenant_past_its_rate_is_told_so():
	with api.running(API_RATE="50", API_BURST="25") as server:
		server.tenant("big")
		server.tenant("small")
		other = server.client("b", "small", "user")
		stop, statuses = threading.Event(), []

		def flood():
			client = server.client("a", "big", "user")
			while not stop.is_set():
				reply = client.get("/v1/whoami", status=(200, 429))
				statuses.append(reply.status_code)
				if reply.status_code == 429:
					assert reply.headers["Retry-After"] == "1" and reply.json()["code"] == "rate_limited"
		threads = [threading.Thread(target=flood) for _ in range(3)]
		started = time.monotonic()
		for one in threads:
			one.start()
		for _ in range(60): # well within its own rate: never refused
			other.get("/v1/whoami")
			time.sleep(0.04)
		stop.set()
		for one in threads:
			one.join()
		seconds = time.monotonic() - started
		assert 50 * seconds * 0.8 <= statuses.count(200) <= 50 * seconds + 26
		assert statuses.count(429) > statuses.count(200)
		assert "modelops_api_rate_limited_total" in server.nobody().get("/metrics").text


def test_a_verification_cannot_skip_what_was_changed():
	with api.running() as server:
		tenant, project, admin = server.tenant("big")
		fill(server, chain(tenant, project, 10_001))
		first = admin.get("/v1/ledger/verify").json()
		assert first["valid"] and first["next"]
		server.sql("UPDATE ledger_entries SET hash = '%s' WHERE seq = 10000" % ("0" * 64))
		assert admin.get("/v1/ledger/verify", params={"cursor": first["next"]}).json()["valid"]
		server.sql("UPDATE ledger_entries SET prev_hash = '%s' WHERE seq = 10001" % ("0" * 64))
		second = admin.get("/v1/ledger/verify", params={"cursor": first["next"]}).json()
		assert not second["valid"] and "10001" in second["problem"]
		for bad in ("x", "5", "-1.%s" % ("0" * 64), "5.%s" % ("0" * 99)):
			admin.get("/v1/ledger/verify", params={"cursor": bad}, status=422)


def test_a_draft_of_a_large_ledger_holds_up_nobodys_writes():
	with api.running() as server:
		tenant, project, admin = server.tenant("big")
		_, _, other = server.tenant("small")
		server.client().post("/v1/price-plans", PLAN)
		fill(server, chain(tenant, project, ENTRIES))
		drafts = []

		def draft():
			drafts.append(admin.post("/v1/invoices", {}).json())
		slowest = 0
		for n in range(3):
			one = threading.Thread(target=draft)
			one.start()
			while one.is_alive():
				started = time.monotonic()
				other.post("/v1/projects", {"name": "p%d-%d" % (n, time.monotonic_ns())})
				slowest = max(slowest, time.monotonic() - started)
			one.join()
		print("slowest write of another tenant beside a draft: %.0f ms" % (slowest * 1000))
		assert [d["lines"][0]["quantity"] for d in drafts] == [ENTRIES] * 3 and drafts[0]["ledger_seq"] == ENTRIES
		assert slowest < 0.2
