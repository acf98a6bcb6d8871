"""Fail the Nth: each fault point of a program strikes once at its Nth passing, N = 1, 2, ... until it is passed no more. After it the program
lives, a repeated request succeeds, its effect is there once, and SIGTERM still ends it with 0.

MODELOPS_TORTURE_ALL=1 takes every N; else the first few and then ever wider steps.
"""
# databases: sqlite
# timeout: 600
import contextlib
import itertools
import json
import os
import shutil
import tempfile
import time

import pytest
import requests
from lib import api, flow, platform, proc, serving, standin

ALL = bool(os.environ.get("MODELOPS_TORTURE_ALL"))
CLOSE, STEPS, TRIES = 6, 1.4, 4
PIPELINE = """name: flow
steps:
  - {name: fit, kind: train, pool: cpu, with: {dataset: table, label: y}}
"""


def numbers():
	"""The Ns to strike at: all, or denser at the beginning."""
	n = 1
	while True:
		yield n
		n = n + 1 if ALL or n < CLOSE else int(n * STEPS) + 1


class Stubborn(api.Client):
	"""Asks again after a broken connection or a 5xx: what the platform promises is that this is enough."""

	keys = itertools.count(1)

	def request(self, method, path, body=None, status=None, headers=None, **more):
		headers = dict(headers or {}, **({} if method == "GET" else {"Idempotency-Key": "t%d" % next(self.keys)}))
		for left in range(TRIES, 0, -1):
			try:
				return super().request(method, path, body, status=status, headers=headers, **more)
			except requests.ConnectionError:
				if left == 1:
					raise
				self.session.close()
			except requests.exceptions.ChunkedEncodingError:
				if left == 1:
					raise
			except api.Wrong as error:
				if " answered 50" not in str(error) or left == 1:
					raise
			time.sleep(0.02)
		return None


def people(server, name, tenant="acme", role="admin"):
	return Stubborn(server, server.client(name, tenant, role).headers)


def many_requests(server):
	"""A little of every kind of route; each thing is made once although anything may be asked twice."""
	root = people(server, "admin", "platform")
	root.post("/v1/tenants", {"name": "acme"})
	root.post("/v1/gpu-pools", {"name": "cpu", "card_model": "cpu", "mode": "CPU", "capacity_shares": 2, "price_class": "cpu"})
	root.put("/v1/quotas/acme/cpu", {"max_shares": 2})
	root.post("/v1/price-plans", flow.PRICES)
	admin = people(server, "ann")
	project = admin.post("/v1/projects", {"name": "main"}).json()
	data = b"a,y\n" + b"1,2\n" * 3000
	made = admin.post("/v1/artifacts", data=data, params={"project_id": "main", "name": "table", "kind": "dataset"}).json()
	assert admin.get("/v1/artifacts/%s/content" % made["id"]).content == data
	admin.post("/v1/pipelines", params={"project_id": "main"}, data=PIPELINE, headers={"Content-Type": "application/yaml"})
	run = admin.post("/v1/runs", {"project_id": "main", "pipeline": "flow"}).json()
	admin.post("/v1/runs/%s/cancel" % run["id"])
	robot = admin.post("/v1/principals", {"kind": "service_account", "name": "robot"}).json()
	key = admin.post("/v1/api-keys", {"principal_id": robot["id"], "name": "k", "role": "user"}).json()
	assert Stubborn(server, {"Authorization": "Bearer " + key["key"]}).get("/v1/whoami").json()["principal_id"] == robot["id"]
	server.model(project)
	dep = admin.post("/v1/deployments", {"project_id": "main", "name": "d", "model": "iris", "version": 1}).json()
	admin.patch("/v1/deployments/" + dep["id"], {"concurrency": 2})
	admin.post("/v1/deployments/%s/predict" % dep["id"], {"instances": [[1.0]]}, status=503)
	board = {"scope": "user", "name": "b", "title": "B", "definition": {"panels": []}}
	board = admin.post("/v1/observability/dashboards", board).json()
	assert "grafana_dashboard" in admin.get("/v1/observability/dashboards/%s/export_configmap" % board["id"]).text
	admin.post("/v1/invoices", {})
	for path, count in (("/v1/projects", 1), ("/v1/artifacts", 1), ("/v1/pipelines", 1), ("/v1/runs", 1), ("/v1/principals", 1),
			("/v1/api-keys", 1), ("/v1/deployments", 1), ("/v1/invoices", 1)):
		assert len(admin.items(path)) == count, path
	admin.get("/v1/runs/%s/steps" % run["id"])
	admin.get("/v1/cost")
	assert admin.get("/v1/ledger/verify").json()["valid"]
	assert admin.get("/v1/gpu-pools/cpu/capacity").json()["used_shares"] == 0


@contextlib.contextmanager
def template():
	"""A migrated folder to copy, and the API's own document."""
	folder = tempfile.mkdtemp(prefix="mo-", dir=os.environ.get("MODELOPS_TEST_TMP"))
	try:
		with api.running(folder, "sqlite:%s/modelops.db" % folder) as server:
			document = server.document()
		yield folder, document
	finally:
		shutil.rmtree(folder, ignore_errors=True)


def refused_to_start(program):
	"""It ended by itself, said why, and was not killed by a signal."""
	if program.running():
		return False
	assert program.process.returncode > 0, "ended with %d\n%s" % (program.process.returncode, program.tail())
	assert "level=error" in program.log() or "error" in program.log(), program.log()
	return True


def start_api(folder, url, fault):
	program = proc.Program("modelops-api", env=api.settings(folder, url, MODELOPS_FAULT=fault), check=False)
	with contextlib.suppress(FileNotFoundError):
		proc.wait_until(lambda: os.path.exists(folder + "/run/api.address") or not program.running(), program.tail)
	return program


def strike_api(source, document, fault):
	"""One life of the API with FAULT armed; whether it struck."""
	folder = tempfile.mkdtemp(prefix="mo-", dir=os.environ.get("MODELOPS_TEST_TMP"))
	try:
		shutil.copytree(source, folder, dirs_exist_ok=True)
		shutil.rmtree(folder + "/run", ignore_errors=True)
		os.makedirs(folder + "/run")
		url = "sqlite:%s/modelops.db" % folder
		program = start_api(folder, url, fault)
		try:
			if not refused_to_start(program):
				server = api.Server(folder, program, url)
				server._document = document
				many_requests(server)
				assert program.running(), program.tail()
				assert program.stop() == 0, program.tail()
			return " struck" in program.log()
		except BaseException as error:
			if hasattr(error, "add_note"):
				error.add_note("%s; log of the API:\n%s" % (fault, program.tail()))
			raise
		finally:
			program.kill()
			os.unlink(program.log_path)
	finally:
		shutil.rmtree(folder, ignore_errors=True)


API_POINTS = ["store.sql", "store.commit", "arena", "buf", "map", "json.parse", "yaml.parse", "obs.series", "usage.slot", "http.conn",
	"http.xchg", "http.stream", "http.ring", "objstore.alloc", "objstore.open", "objstore.write", "objstore.rename", "objstore.fsync",
	"objstore.read"]


@pytest.mark.parametrize("point", API_POINTS)
def test_api(point):
	with template() as (source, document):
		struck = 0
		for n in numbers():
			if not strike_api(source, document, "%s:%d" % (point, n)):
				break
			struck += 1
		assert struck or point in ("usage.slot",), "the requests never pass " + point


def predict(admin, deployment):
	path = "%s/v1/deployments/%s/predict" % (admin.server.url, deployment["id"])
	return requests.post(path, json={"instances": [[1.0]]}, headers=admin.headers, timeout=20).status_code


@pytest.mark.parametrize("point", ["usage.slot", "http.upconn", "obs.series", "map", "arena"])
def test_gateway(point):
	"""A predict that cannot be counted or sent is refused; the next one is answered and counted, and nothing falls over."""
	with standin.instance() as port:
		struck = 0
		for n in numbers():
			with api.running() as server:
				_, project, _ = server.tenant("acme")
				flow.cpu_pool(server)
				server.model(project)
				admin = server.client("adm", "acme")
				body = {"project_id": "main", "name": "d", "model": "iris", "version": 1}
				made = admin.post("/v1/deployments", body).json()
				standin.ready(server, made, port)
				server.program.stop()
				folder, url, document = server.data, server.database_url, server.document()
				env = api.settings(folder, url, MODELOPS_FAULT="%s:%d" % (point, n))
				with proc.Program("modelops-api", env=env, check=False) as program:
					proc.wait_until(lambda: os.path.exists(folder + "/run/api.address") or not program.running(), program.tail)
					if not refused_to_start(program):
						admin.server = api.Server(folder, program, url)
						admin.server._document = document
						first = predict(admin, made)
						assert first == 200 or first >= 500, first
						assert [predict(admin, made) for _ in range(3)] == [200] * 3, program.tail()
						asked = 3 + (first == 200)
						assert program.stop() == 0
						((counted,),) = server.sql("SELECT sum(quantity) FROM usage_windows WHERE metric = 'predict_rows'")
						assert counted == 3 * asked, (counted, asked)
					if " struck" not in program.log():
						break
					struck += 1
		assert struck, "a predict never passes " + point


SERVING_POINTS = ["arena", "buf", "map", "json.parse", "obs.series", "model.alloc", "http.conn", "http.xchg", "http.stream", "http.ring"]


def ask(program, path, body):
	for left in range(TRIES, 0, -1):
		try:
			reply = program.post(path, body)
			if reply.status < 500:
				return reply
		except OSError:
			pass
		assert left > 1 and program.running(), program.tail()
	return None


def answers(program, rows):
	body = {"instances": [[float(v) for v in row] for row in rows]}
	out = []
	for path in ("/predict", "/predict?proba=1", "/explain"):
		reply = ask(program, path, body)
		assert reply.status == 200, reply.body
		doc = reply.json()
		doc.pop("request_id")
		out.append(json.dumps(doc))
	assert ask(program, "/predict", {"instances": [["x"]]}).status == 422
	assert ask(program, "/predict", b"{").status == 400
	return out


def test_serving():
	folder = tempfile.mkdtemp(prefix="mo-", dir=os.environ.get("MODELOPS_TEST_TMP"))
	try:
		_, rows, _, _ = serving.iris(folder)
		env = {"SERVING_MODEL_DIR": folder}
		with serving.Serving(folder, **env) as program:
			wanted = answers(program, rows[:40])
		for point in SERVING_POINTS:
			for n in numbers():
				struck = strike_serving(folder, dict(env, MODELOPS_FAULT="%s:%d" % (point, n)), rows, wanted)
				if not struck:
					break
	finally:
		shutil.rmtree(folder, ignore_errors=True)


def strike_serving(folder, env, rows, wanted):
	try:
		program = serving.Serving(folder, **env)
	except proc.Failed as error: # it could not load its model, and says so
		assert "status -" not in str(error) and "error" in str(error), error
		return "struck" in str(error)
	with program:
		assert answers(program, rows[:40]) == wanted, env
		assert program.stop() == 0, program.tail()
		return " struck" in program.log()


CONTROLLER = [("store.sql", n) for n in (1, 4, 12, 25, 40, 60, 90)] + [("store.commit", n) for n in range(1, 9)] + [("arena", 1), ("arena", 2),
	("buf", 1), ("buf", 3), ("buf", 6), ("map", 2), ("json.parse", 1), ("json.parse", 2), ("executor.spawn", 1), ("objstore.open", 1), ("objstore.write", 1),
	("objstore.rename", 1), ("objstore.read", 1)]


def strike_controller(place, fault):
	"""A controller with FAULT armed takes over; whether it struck. One that could not start is started again."""
	place.programs.pop("controller").stop(40)
	before, place.env = place.env, dict(place.env, MODELOPS_FAULT=fault)
	at = os.path.getsize(place.folder + "/controller.log")
	place.start("controller")
	place.env = before

	def struck():
		if not place.programs["controller"].running():
			assert place.programs["controller"].process.returncode > 0, place.tail("controller")
			place.programs.pop("controller").kill()
			place.start("controller")
		with open(place.folder + "/controller.log", encoding="utf-8") as f:
			f.seek(at)
			return " struck" in f.read()
	return struck


def test_controller():
	"""A job goes through whatever step of its controller fails; no share stays taken."""
	struck = 0
	with platform.running() as place:
		flow.cpu_pool(place.server)
		_, project, client = place.server.tenant()
		table = flow.upload(client, project, "t.csv", b"a,b,y\n" + b"".join(b"%d,%d,%d\n" % (i, i * i % 7, i % 3) for i in range(90)))
		for point, n in CONTROLLER:
			hit = strike_controller(place, "%s:%d" % (point, n))
			run = flow.train(client, project, table, "y", name="j", rounds=3, register="m", early_stopping_rounds=0)
			proc.wait_until(lambda: hit() and False or client.get("/v1/runs/" + run["id"]).json()["state"] not in ("PENDING", "RUNNING"),
				lambda: "%s:%d: %s\n%s" % (point, n, flow.steps(client, run), place.tail("controller")), 60, 0.1)
			flow.wait_run(client, run, 5)
			live = [a for a in client.items("/v1/pool-allocations") if a["state"] != "RELEASED"]
			assert not live, (point, n, live)
			assert flow.steps(client, run)[0]["attempt"] >= 1
			struck += hit()
		models = client.items("/v1/models")
		assert len(client.items("/v1/models/%s/versions" % models[0]["id"])) == len(CONTROLLER) # each registered once
	assert struck > len(CONTROLLER) // 2, "%d of %d faults struck" % (struck, len(CONTROLLER))
