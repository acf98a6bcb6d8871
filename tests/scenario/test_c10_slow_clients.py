"""What is slow holds nobody else: slow uploads, slow downloads, slow requests, a locked database."""
# databases: sqlite postgres
import contextlib
import hashlib
import hmac
import os
import socket
import sqlite3
import threading
import time

import psycopg
import requests
import test_b16_runs as runs
import test_b25_workload as workload
from lib import api, flow, standin


def address(server):
	host, port = server.url[len("http://"):].split(":")
	return host, int(port)


def fast(client, path="/v1/whoami", times=20):
	"""The slowest of some requests, in seconds."""
	worst = 0.0
	for _ in range(times):
		started = time.monotonic()
		client.get(path)
		worst = max(worst, time.monotonic() - started)
	return worst


def upload_head(name, length):
	return (b"POST /v1/artifacts?project_id=main&name=%s&kind=dataset HTTP/1.1\r\nHost: localhost\r\n"
		b"X-Actor: a|tenant=acme|role=user\r\nContent-Length: %d\r\n\r\n" % (name, length))


def test_slow_uploads_and_requests():
	with api.running() as server, contextlib.ExitStack() as stack:
		_, project, admin = server.tenant("acme")
		for n in range(40): # more than there are stream workers
			s = stack.enter_context(socket.create_connection(address(server), 10))
			s.sendall(upload_head(b"s%d" % n, 1000) + b"x" if n % 2 else b"GET /v1/whoami HTTP/1.1\r\nHost:")
		time.sleep(0.3)
		assert fast(admin) < 0.5
		assert fast(admin, "/v1/projects/" + project["id"]) < 0.5
		assert fast(admin, "/v1/projects") < 0.5
		admin.post("/v1/projects", {"name": "new"})


def test_slow_downloads():
	with api.running() as server, contextlib.ExitStack() as stack:
		_, _, admin = server.tenant("acme")
		made = admin.post("/v1/artifacts", data=b"x" * (8 << 20), params={"project_id": "main", "name": "big",
			"kind": "dataset"}).json()
		for _ in range(20):
			s = stack.enter_context(socket.create_connection(address(server), 10))
			s.sendall(b"GET /v1/artifacts/%s/content HTTP/1.1\r\nHost: localhost\r\nX-Actor: a|tenant=acme|role=user\r\n\r\n"
				% made["id"].encode())
		time.sleep(0.3)
		assert fast(admin) < 0.5 and fast(admin, "/v1/projects") < 0.5


@contextlib.contextmanager
def locked(server):
	"""The database as another process holds it that writes and does not end."""
	if server.database_url.startswith("sqlite:"):
		with contextlib.closing(sqlite3.connect(server.data + "/modelops.db", isolation_level=None)) as db:
			db.execute("BEGIN IMMEDIATE")
			yield
			db.execute("ROLLBACK")
		return
	with psycopg.connect(server.database_url) as db:
		db.execute("LOCK TABLE projects IN EXCLUSIVE MODE")
		yield
		db.rollback()


def slow_upload(stack, server, name, tenant):
	s = stack.enter_context(socket.create_connection(address(server), 10))
	s.sendall(upload_head(name, 100000).replace(b"tenant=acme", b"tenant=" + tenant) + b"x")
	return s


def put_link(server, key):
	"""A link as a job of the tenant in KEY gets one."""
	with open(server.data + "/secrets/presign.key", encoding="ascii") as f:
		secret = bytes.fromhex(f.read().strip())
	expires = int(time.time()) + 600
	text = "blob\nPUT\n%s\n%d" % (key, expires)
	return "/v1/blobs/%s?expires=%d&method=PUT&sig=%s" % (key, expires, hmac.new(secret, text.encode(), hashlib.sha256).hexdigest())


def drip(sockets, stop):
	"""A byte now and then on each, as long as the other side is there."""
	while not stop.wait(0.2):
		for s in sockets:
			with contextlib.suppress(OSError):
				s.sendall(b"x")


@contextlib.contextmanager
def dripping(sockets):
	stop = threading.Event()
	thread = threading.Thread(target=drip, args=(sockets, stop))
	thread.start()
	try:
		yield
	finally:
		stop.set()
		thread.join()


def quick(call, seconds=2.0):
	started = time.monotonic()
	call()
	assert time.monotonic() - started < seconds


def test_slow_transfers_leave_other_tenants_and_jobs_theirs():
	"""One tenant opens more slow uploads than there are workers, and its jobs' links as many slow ones again: another
	tenant's upload and download, and another tenant's job, go on as if nothing were."""
	with api.running() as server, contextlib.ExitStack() as stack:
		server.tenant("slow")
		_, victim, data = runs.setup(server)
		_, _, door = workload.attempt(server, victim)
		held = [slow_upload(stack, server, b"s%d" % n, b"slow") for n in range(20)]
		for n in range(8):
			link = put_link(server, "tenants/ten_slow/x%d" % n)
			s = stack.enter_context(socket.create_connection(address(server), 10))
			s.sendall(b"PUT %s HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\nx" % link.encode())
			held.append(s)
		with dripping(held):
			time.sleep(0.5)
			quick(lambda: victim.post("/v1/artifacts", data=b"x" * 1000000, params={"project_id": "main", "name": "mine", "kind": "dataset"}))
			quick(lambda: victim.get("/v1/artifacts/%s/content" % data["id"]))
			(one,) = door.get("/v1/workload/spec").json()["inputs"]
			quick(lambda: server.nobody().get(one["url"]))
			out = door.post("/v1/workload/outputs", {"path": "model.json", "size": 3, "sha256": hashlib.sha256(b"abc").hexdigest()}).json()
			quick(lambda: server.nobody().put(out["url"], data=b"abc"))


def test_four_tenants_leave_a_worker_to_jobs():
	"""When several tenants together hold every worker for uploads, jobs still have theirs."""
	with api.running() as server, contextlib.ExitStack() as stack:
		_, victim, _ = runs.setup(server)
		_, _, door = workload.attempt(server, victim)
		held = []
		for name in ("one", "two", "three", "four"):
			server.tenant(name)
			held += [slow_upload(stack, server, b"s%d" % n, name.encode()) for n in range(6)]
		with dripping(held):
			time.sleep(0.5)
			(one,) = door.get("/v1/workload/spec").json()["inputs"]
			quick(lambda: server.nobody().get(one["url"]))


def test_a_slow_upload_ends_as_the_clients_failure():
	"""408, not 504; the worker is free again, nothing is left in the store, and the log holds no error."""
	with api.running(HTTP_BODY_TIMEOUT="700ms", API_STREAM_WORKERS="1") as server, contextlib.ExitStack() as stack:
		_, _, admin = server.tenant("acme")
		held = [slow_upload(stack, server, b"s%d" % n, b"acme") for n in range(3)]
		with dripping(held):
			for s in held:
				s.settimeout(10)
				assert s.recv(4096).startswith(b"HTTP/1.1 408 ")
		admin.post("/v1/artifacts", data=b"x", params={"project_id": "main", "name": "x", "kind": "dataset"})
		assert "level=error" not in server.program.log()
		left = [name for _, _, names in os.walk(server.data + "/artifacts") for name in names]
		assert len(left) == 1, left


def test_a_tenant_fills_half_of_the_queue():
	with api.running(API_STREAM_WORKERS="1", API_QUEUE_MAX="4") as server, contextlib.ExitStack() as stack:
		_, _, acme = server.tenant("acme")
		_, _, other = server.tenant("other")
		for n in range(3):
			slow_upload(stack, server, b"s%d" % n, b"acme")
			time.sleep(0.1)
		upload = {"project_id": "main", "name": "x", "kind": "dataset"}
		reply = acme.post("/v1/artifacts", data=b"x", params=upload, status=503)
		assert reply.json()["code"] == "share_used" and reply.headers["Retry-After"]
		s = slow_upload(stack, server, b"o", b"other")
		s.settimeout(0.5)
		try:
			raise AssertionError(s.recv(100))
		except TimeoutError:
			pass # it waits
		other.get("/v1/whoami")


def test_a_locked_database_stops_writers_only():
	with api.running() as server:
		_, project, admin = server.tenant("acme")
		admin.get("/v1/projects/" + project["id"])
		with locked(server):
			answers = []
			late = threading.Thread(target=lambda: answers.append(admin.post("/v1/projects", {"name": "late"}).status_code))
			late.start()
			time.sleep(0.3)
			other = server.client("b", "acme", "user")
			assert fast(other) < 0.5 and fast(other, "/v1/projects/" + project["id"]) < 0.5
			assert fast(server.nobody(), "/readyz") < 0.5
			assert answers == []
		late.join()
		assert answers == [201]


def test_full_queues_say_so():
	with api.running(API_STREAM_WORKERS="1", API_QUEUE_MAX="1") as server, contextlib.ExitStack() as stack:
		_, _, admin = server.tenant("acme")
		for n in range(2):
			s = stack.enter_context(socket.create_connection(address(server), 10))
			s.sendall(upload_head(b"s%d" % n, 1000))
			time.sleep(0.2)
		reply = admin.post("/v1/artifacts", data=b"x", params={"project_id": "main", "name": "x", "kind": "dataset"}, status=503)
		assert reply.headers["Retry-After"]


def test_a_slow_instance_holds_no_worker():
	"""With one worker and many predicts that wait for their instance, reads and writes are answered meanwhile."""
	with standin.instance(delay=2.0) as port, api.running(API_WORKERS="1") as server:
		_, project, admin = server.tenant("acme")
		server.model(project)
		flow.cpu_pool(server)
		made = admin.post("/v1/deployments", {"project_id": "main", "name": "d", "model": "iris", "version": 1}).json()
		standin.ready(server, made, port)
		answers = []

		def predict():
			reply = requests.post("%s/v1/deployments/%s/predict" % (server.url, made["id"]), json={"instances": [[1.0]]},
				headers=admin.headers, timeout=20)
			answers.append(reply.status_code)
		threads = [threading.Thread(target=predict) for _ in range(40)]
		for thread in threads:
			thread.start()
		time.sleep(0.5)
		started = time.monotonic()
		for n in range(20):
			admin.get("/v1/projects")
			admin.post("/v1/projects", {"name": "p%d" % n})
		took = time.monotonic() - started
		waiting = 40 - len(answers)
		for thread in threads:
			thread.join()
		assert waiting == 40 and took < 1.4, (waiting, took)
		assert answers == [200] * 40
