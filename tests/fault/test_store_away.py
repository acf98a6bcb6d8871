# databases: postgres
# timeout: 180
"""Predicts without the store: they go on with what is known for AUTH_STALE_MAX, and no look at the store outlasts a deadline."""
import contextlib
import tempfile
import time

import psycopg
import pytest
from lib import api, flow, pg, proc, standin

ROW = {"instances": [[1.0]]}
STALE, SLACK, SEEN = 3.0, 5.0, 5.0 # AUTH_STALE_MAX; what a known key and a look a second add to it; when all must be well again


@pytest.fixture(name="port", scope="module")
def _port():
	with standin.instance() as port:
		yield port


def deploy(server, port):
	"""(admin, robot, path of the predict) of a deployment whose instance listens at PORT."""
	_, project, admin = server.tenant("acme")
	server.model(project)
	flow.cpu_pool(server)
	made = admin.post("/v1/deployments", {"project_id": "main", "name": "d", "model": "iris", "version": 1}).json()
	standin.ready(server, made, port)
	robot = admin.post("/v1/principals", {"kind": "service_account", "name": "robot"}).json()
	return admin, robot, "/v1/deployments/%s/predict" % made["id"]


def make_key(server, admin, robot):
	made = admin.post("/v1/api-keys", {"principal_id": robot["id"], "name": "k", "role": "user"}).json()
	return made["id"], server.key_client(made["key"])


def status_of(client, path):
	return client.post(path, ROW, status=(200, 401, 503)).status_code


def revoke(server, robot, key):
	"""As another API would that reached the database first."""
	now = time.time_ns() // 1000
	server.sql("UPDATE api_keys SET revoked_at = ? WHERE id = ?", now, key)
	server.row("changes", noun="api_key", id=key, tenant_id=robot["tenant_id"], created_at=now)


def test_predicts_outlive_the_store(port):
	with pg.server(own=True) as database, tempfile.TemporaryDirectory() as folder, \
			api.running(folder, database.new_database(), AUTH_STALE_MAX="%ds" % STALE) as server:
		admin, robot, path = deploy(server, port)
		_, known = make_key(server, admin, robot)
		doomed, revoked = make_key(server, admin, robot)
		_, cold = make_key(server, admin, robot)
		answered = [status_of(client, path) for client in (known, revoked)].count(200)
		assert answered == 2
		database.stop()
		lost = time.monotonic()
		known.get("/v1/projects", status=503)
		assert status_of(cold, path) == 503
		while time.monotonic() < lost + STALE - 0.5:
			assert status_of(known, path) == 200
			answered += 1
			time.sleep(0.02)

		def closed():
			nonlocal answered
			status = status_of(known, path)
			answered += status == 200
			return status == 503
		proc.wait_until(closed, "predicts closed", SLACK, 0.05)
		database.start()
		revoke(server, robot, doomed)
		proc.wait_until(lambda: status_of(revoked, path) == 401, "the revoked key refused", SEEN, 0.1)
		proc.wait_until(lambda: status_of(known, path) == 200, "predicts as before", SEEN, 0.1)
		answered += 1
		known.get("/v1/projects")
		proc.wait_until(lambda: server.sql("SELECT total FROM usage_counters WHERE metric = 'predict_requests'") == [(answered,)],
			lambda: "%d predicts counted: %s" % (answered, server.sql("SELECT * FROM usage_counters")), SEEN, 0.2)


@contextlib.contextmanager
def locked(server):
	"""Nobody reads deployments meanwhile."""
	with psycopg.connect(server.database_url) as db:
		db.execute("LOCK TABLE deployments, instances IN ACCESS EXCLUSIVE MODE")
		yield
		db.rollback()


def test_a_look_at_the_store_does_not_outlast_the_deadline(port):
	with api.running(GATEWAY_DEADLINE="2s") as server:
		admin, _, path = deploy(server, port)
		with locked(server):
			for headers, limit in (({"X-Deadline-Ms": "300"}, 0.3), ({}, 2.0)):
				started = time.monotonic()
				reply = admin.post(path, ROW, status=504, headers=headers).json()
				assert limit <= time.monotonic() - started < limit + 1 and "deadline" in reply["detail"], reply
		proc.wait_until(lambda: status_of(admin, path) == 200, "predicts", 12)
