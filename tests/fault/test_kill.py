# databases: sqlite postgres
# timeout: 900
# alone
"""kill -9 of api, controller, agent and serving processes at random points of short flows: it still ends right, and the books add up.

MODELOPS_SOAK_POINTS (10; `make soak` 200) points are spread over up to 20 threads of work (train, deploy, predict and explain, delete), one
after the other. A point is a living process that was killed; meanwhile other threads write, and predict and explain once something serves.
"""
import collections
import concurrent.futures
import contextlib
import os
import random
import re
import signal
import threading
import time

import requests
from lib import api, flow, ledger_check, platform, proc

POINTS = int(os.environ.get("MODELOPS_SOAK_POINTS", "10"))
THREADS = min(20, max(1, POINTS // 5))
ROW = {"instances": [[0.9, 0.9, 0.1]]}


class Patient(api.Client):
	"""A client that repeats what a killed API left unanswered; each write carries an Idempotency-Key, so it happens once."""

	def __init__(self, place, client):
		super().__init__(place.server, client.headers)
		self.lost = 0 # tries whose answer never came

	def request(self, method, path, body=None, status=None, headers=None, **more):
		headers = dict(headers or {})
		if method != "GET":
			headers.setdefault("Idempotency-Key", "k-%032x" % random.getrandbits(128))
		deadline = time.monotonic() + 60
		while True:
			try:
				return super().request(method, path, body, status=status, headers=headers, **more)
			except (requests.ConnectionError, requests.exceptions.ChunkedEncodingError):
				self.lost += 1
			except api.Wrong as error:
				if not re.search(" answered 50[234],", str(error)):
					raise
			if time.monotonic() > deadline:
				raise proc.Failed("%s %s: no answer for 60 s" % (method, path))
			time.sleep(0.02)


class Asker:
	"""Asks a deployment for one kind of answer."""

	def __init__(self, place, client, deployment, verb, member):
		self.client, self.reader = Patient(place, client), Patient(place, client)
		self.path, self.member = "/v1/deployments/%s/%s" % (deployment["id"], verb), member
		self.metric, self.answered = verb + "_requests", 0

	def __call__(self):
		assert len(self.client.post(self.path, ROW).json()[self.member]) == 1
		self.answered += 1

	def counted(self):
		return sum(e["quantity"] for e in self.reader.items("/v1/ledger") if e["metric"] == self.metric)

	def check_ledger(self):
		"""A try whose answer was lost may or may not have been counted; nothing else is in doubt."""
		now, most = self.counted(), self.answered + self.client.lost
		assert self.answered <= now <= most, "%d %s in the ledger, not %d to %d" % (now, self.metric, self.answered, most)


class Writer:
	"""Makes projects, each with a name of its own."""

	def __init__(self, place, client):
		self.client, self.names = Patient(place, client), []

	def __call__(self):
		self.names.append("p-%d" % len(self.names))
		self.client.post("/v1/projects", {"name": self.names[-1]})
		time.sleep(0.05)

	def check(self):
		made = [p["name"] for p in self.client.items("/v1/projects") if p["name"] != "main"]
		assert sorted(made) == sorted(self.names)


@contextlib.contextmanager
def at_work(*jobs):
	"""Each of JOBS over and over in a thread of its own while the block runs; what one of them meets fails the test."""
	stop = threading.Event()
	def work(job):
		while not stop.is_set():
			job()
	with concurrent.futures.ThreadPoolExecutor(len(jobs)) as pool:
		futures = [pool.submit(work, job) for job in jobs]
		try:
			yield
		finally:
			stop.set()
	for future in futures:
		future.result()


def table(rng):
	lines = ["a,b,c,y"]
	for _ in range(200):
		a, b, c = rng.random(), rng.random(), rng.random()
		lines.append("%.4f,%.4f,%.4f,%d" % (a, b, c, a + b > 1))
	return "\n".join(lines).encode()


def kill_serving(place, rng):
	alive = place.serving()
	if not alive:
		return False
	try:
		os.kill(rng.choice(alive), signal.SIGKILL)
	except ProcessLookupError:
		return False
	return True


def kill_program(place, rng, victim):
	"""False when it was told to stop and did so in time. Nobody else starts it again."""
	name = victim.split()[-1]
	if victim.startswith("stopping"):
		place.programs[name].signal(signal.SIGTERM)
		time.sleep(rng.random() * 0.4)
	status = place.kill(name)
	assert status == -signal.SIGKILL or (victim != name and status in (0, -signal.SIGTERM)), "%s ended with %d" % (name, status)
	time.sleep(rng.random() * 0.3)
	place.start(name)
	return status == -signal.SIGKILL


def strike(place, rng, kills):
	"""Kills one living process and counts it."""
	while True:
		victim = rng.choice(["api", "controller", "stopping controller", "agent"] + ["serving"] * 2 * bool(place.serving()))
		if kill_serving(place, rng) if victim == "serving" else kill_program(place, rng, victim):
			kills[victim] += 1
			return


def strike_jobs(place, rng, kills, points, client, submit):
	"""Points while jobs run, one of which is cancelled."""
	unwanted = submit("unwanted", rounds=100000)
	runs = [submit("job-%d" % i, register="m", rounds=200) for i in range(2)]
	for point in range(points):
		time.sleep(rng.random() * 1.5)
		if point == points // 2:
			client.post("/v1/runs/%s/cancel" % unwanted["id"])
			runs.append(submit("late", register="m", rounds=200))
		strike(place, rng, kills)
	for run in runs:
		flow.wait_run(client, run, 180)
	flow.wait_run(client, unwanted, 60, want="CANCELLED")
	models = client.items("/v1/models")
	assert len(models) == 1
	assert len(client.items("/v1/models/%s/versions" % models[0]["id"])) == len(runs)


def strike_serving(place, rng, kills, points, askers):
	"""Points in the stream of requests: after each it must flow again before the next."""
	for _ in range(points):
		before = [asker.answered for asker in askers]
		proc.wait_until(lambda: all(a.answered > n for a, n in zip(askers, before)), "answers again", 90)
		time.sleep(rng.random() * 0.2)
		strike(place, rng, kills)


def one_thread(place, rng, kills, number, points):
	"""The askers of the thread's deployment, which is gone by then."""
	_, project, admin = place.server.tenant("kill-%d" % number)
	client, writer = Patient(place, admin), Writer(place, admin)
	dataset = flow.upload(client, project, "t.csv", table(rng))
	def submit(name, **settings):
		return flow.train(client, project, dataset, "y", name=name, early_stopping_rounds=0, **settings)
	with at_work(writer):
		strike_jobs(place, rng, kills, points // 2, client, submit)
	deployment = flow.deploy(client, project, "m", seconds=120)
	askers = [Asker(place, admin, deployment, "predict", "predictions"),
		Asker(place, admin, deployment, "explain", "explanations")]
	with at_work(writer, *askers):
		strike_serving(place, rng, kills, points - points // 2, askers)
	writer.check()
	client.delete("/v1/deployments/" + deployment["id"])
	proc.wait_until(lambda: not client.items("/v1/deployments"), lambda: "the deployment gone: %s" % client.items(
		"/v1/deployments/%s/instances" % deployment["id"]), 60, 0.1)
	live = [a for a in client.items("/v1/pool-allocations") if a["state"] != "RELEASED"]
	assert not live, live
	return askers


def wait_settled(place):
	proc.wait_until(lambda: not ledger_check.problems(place.url, settled=True),
		lambda: "the books settled: %s" % ledger_check.problems(place.url, settled=True)[:5], 60, 0.3)
	proc.wait_until(lambda: not place.workloads(), lambda: "left: %s" % place.workloads(), 30, 0.1)


def test_kill_at_random_points():
	seed = int(os.environ.get("MODELOPS_SEED", time.time_ns() % 1000000))
	print("seed", seed)
	rng, kills, askers = random.Random(seed), collections.Counter(), []
	with platform.running() as place:
		flow.cpu_pool(place.server)
		flow.price_plan(place.server)
		for number in range(THREADS):
			points = POINTS * (number + 1) // THREADS - POINTS * number // THREADS
			mine = one_thread(place, rng, kills, number, points)
			for asker in mine:
				proc.wait_until(lambda: asker.counted() >= asker.answered, lambda: "%d %s in the ledger, now %d" % (
					asker.answered, asker.metric, asker.counted()), 60, 0.3)
			wait_settled(place)
			askers += mine
		for asker in askers: # at the end, so that what was flushed twice has shown by now
			asker.check_ledger()
	print("killed", dict(kills), "answered", sum(a.answered for a in askers), "lost", sum(a.client.lost for a in askers))
	assert kills.total() == POINTS
	assert POINTS < 100 or len(kills) == 5, "not every kind of process was killed: %s" % kills
