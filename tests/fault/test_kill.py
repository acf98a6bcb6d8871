# databases: sqlite postgres
# timeout: 900
# alone
"""kill -9 of api, controller, agent and serving processes at random points of short flows: it still ends right, and the books add up.

MODELOPS_SOAK_POINTS (10; `make soak` 200) points are spread over up to 20 threads of work, one after the other.
"""
import contextlib
import os
import random
import signal
import time

import requests
from lib import api, flow, ledger_check, platform, proc

POINTS = int(os.environ.get("MODELOPS_SOAK_POINTS", "10"))
THREADS = min(20, max(1, POINTS // 5))


class Patient(api.Client):
	"""A client that repeats what a killed API left unanswered; each write carries an Idempotency-Key, so it happens once."""

	def request(self, method, path, body=None, status=None, headers=None, **more):
		headers = dict(headers or {})
		if method != "GET":
			headers.setdefault("Idempotency-Key", "k-%032x" % random.getrandbits(128))
		deadline = time.monotonic() + 60
		while True:
			try:
				return super().request(method, path, body, status=status, headers=headers, **more)
			except (requests.ConnectionError, requests.exceptions.ChunkedEncodingError):
				pass
			except api.Wrong as error:
				if " answered 503" not in str(error) and " answered 504" not in str(error):
					raise
			if time.monotonic() > deadline:
				raise proc.Failed("%s %s: no answer for 60 s" % (method, path))
			time.sleep(0.05)


def patient(place, client):
	return Patient(place.server, client.headers)


def table(rng):
	lines = ["a,b,c,y"]
	for _ in range(200):
		a, b, c = rng.random(), rng.random(), rng.random()
		lines.append("%.4f,%.4f,%.4f,%d" % (a, b, c, a + b > 1))
	return "\n".join(lines).encode()


def strike(place, rng):
	"""Kills one process and, where nobody else does, starts it again."""
	victim = rng.choice(["api", "controller", "stopping controller", "agent", "serving", "serving"])
	if victim == "serving":
		for pid in place.serving()[:1]:
			with contextlib.suppress(ProcessLookupError):
				os.kill(pid, signal.SIGKILL)
		return
	if victim == "stopping controller":
		victim = "controller"
		place.programs[victim].signal(signal.SIGTERM)
		time.sleep(rng.random() * 0.4)
	place.kill(victim)
	time.sleep(rng.random() * 0.3)
	place.start(victim)


def one_thread(place, rng, number, points):
	tenant, project, admin = place.server.tenant("kill-%d" % number)
	client = patient(place, admin)
	dataset = flow.upload(client, project, "t.csv", table(rng))
	runs = [flow.train(client, project, dataset, "y", name="job-%d" % i, register="m", rounds=200,
		early_stopping_rounds=0) for i in range(2)]
	unwanted = flow.train(client, project, dataset, "y", name="unwanted", rounds=100000, early_stopping_rounds=0)
	for point in range(max(1, points // 2)):
		time.sleep(rng.random() * 1.5)
		if point == points // 4:
			client.post("/v1/runs/%s/cancel" % unwanted["id"])
		strike(place, rng)
	for run in runs:
		flow.wait_run(client, run, 180)
	flow.wait_run(client, unwanted, 60, want="CANCELLED")
	deployment = flow.deploy(client, project, "m", seconds=120)
	path = "/v1/deployments/%s/predict" % deployment["id"]
	answered = 0
	for _ in range(points - points // 2):
		strike(place, rng)
		for _ in range(20):
			if len(client.post(path, {"instances": [[0.9, 0.9, 0.1]]}).json()["predictions"]) == 1:
				answered += 1
	models = client.items("/v1/models")
	assert len(models) == 1
	assert len(client.items("/v1/models/%s/versions" % models[0]["id"])) == 2
	client.delete("/v1/deployments/" + deployment["id"])
	proc.wait_until(lambda: not client.items("/v1/deployments"), lambda: "the deployment gone: %s" % client.items(
		"/v1/deployments/%s/instances" % deployment["id"]), 60, 0.1)
	return client, answered


def counted(client, metric):
	return sum(e["quantity"] for e in client.items("/v1/ledger") if e["metric"] == metric)


def test_kill_at_random_points():
	seed = int(os.environ.get("MODELOPS_SEED", time.time_ns() % 1000000))
	print("seed", seed)
	rng = random.Random(seed)
	with platform.running() as place:
		flow.cpu_pool(place.server)
		flow.price_plan(place.server)
		for number in range(THREADS):
			client, answered = one_thread(place, rng, number, POINTS // THREADS)
			# A retried predict may be answered twice by an instance; what was answered to us is never missing.
			proc.wait_until(lambda: counted(client, "predict_requests") >= answered,
				lambda: "%d predicts in the ledger, now %d" % (answered, counted(client, "predict_requests")), 60, 0.3)
			live = [a for a in client.items("/v1/pool-allocations") if a["state"] != "RELEASED"]
			assert not live, live
			proc.wait_until(lambda: not ledger_check.problems(place.url, settled=True),
				lambda: "the books settled: %s" % ledger_check.problems(place.url, settled=True)[:5], 30, 0.3)
			proc.wait_until(lambda: not place.workloads(), lambda: "left: %s" % place.workloads(), 30, 0.1)
