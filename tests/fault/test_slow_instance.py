# databases: sqlite postgres
# timeout: 300
"""An instance that does not answer holds nobody else, and one that dies under traffic is no error where another replica lives."""
import concurrent.futures
import os
import signal
import threading
import time

import pytest
from lib import flow, platform, proc

DEADLINE = 5.0 # of the gateway; what is held by a stopped instance takes that long
HELD = 40      # requests to the stopped instance at a time; there is one worker
IRIS = os.path.join(proc.ROOT, "examples", "data", "iris.csv")
ROW = {"instances": [[5.1, 3.5, 1.4, 0.2]]}


@pytest.fixture(scope="module", name="place")
def _place():
	with platform.running(GATEWAY_DEADLINE="5s", API_WORKERS=1) as place:
		flow.cpu_pool(place.server)
		place.tenant, place.project, place.admin = place.server.tenant()
		with open(IRIS, "rb") as f:
			dataset = flow.upload(place.admin, place.project, "iris.csv", f.read())
		flow.wait_run(place.admin, flow.train(place.admin, place.project, dataset, "species", register="iris", rounds=5))
		yield place


def client(place):
	"""One with a connection of its own, for one thread."""
	return place.server.client("adm", place.tenant["name"], "admin")


def predict_path(deployment):
	return "/v1/deployments/%s/predict" % deployment["id"]


def timed(function):
	started = time.monotonic()
	value = function()
	return time.monotonic() - started, value


def drop(place, deployment):
	path = "/v1/deployments/" + deployment["id"]
	place.admin.delete(path)
	proc.wait_until(lambda: place.admin.get(path, status=(200, 404)).status_code == 404, "the deployment gone", 60, 0.1)


def test_stopped_instance_holds_nobody(place):
	quick = flow.deploy(place.admin, place.project, "iris", "quick")
	before = set(place.serving())
	slow = flow.deploy(place.admin, place.project, "iris", "slow")
	pid = (set(place.serving()) - before).pop()
	place.admin.post(predict_path(slow), ROW)
	os.kill(pid, signal.SIGSTOP)
	try:
		with concurrent.futures.ThreadPoolExecutor(HELD) as pool:
			held = [pool.submit(timed, lambda: client(place).post(predict_path(slow), ROW, status=504)) for _ in range(HELD)]
			mine, worst, rounds = client(place), 0.0, 0
			while not any(f.done() for f in held):
				for request in (lambda: mine.post(predict_path(quick), ROW), lambda: mine.get("/v1/projects"),
						lambda: mine.get("/v1/deployments/" + slow["id"]),
						lambda: mine.post("/v1/projects", {"name": "p-%d" % rounds})):
					worst = max(worst, timed(request)[0])
				rounds += 1
			for future in held:
				took, reply = future.result()
				assert DEADLINE * 0.9 <= took < DEADLINE * 3 and reply.json()["status"] == 504
		assert rounds >= 5 and worst < DEADLINE / 2, "%d rounds, the slowest request took %.2f s" % (rounds, worst)
		took, _ = timed(lambda: mine.post(predict_path(slow), ROW, status=504, headers={"X-Deadline-Ms": "300"}))
		assert took < DEADLINE / 2, "asked to answer within 0.3 s, took %.2f s" % took
	finally:
		os.kill(pid, signal.SIGCONT)
	assert len(place.admin.post(predict_path(slow), ROW).json()["predictions"]) == 1
	drop(place, slow)
	drop(place, quick)


def test_killed_replica_is_no_error(place):
	deployment = flow.deploy(place.admin, place.project, "iris", "two", replicas={"min": 2, "max": 2})
	proc.wait_until(lambda: len(place.serving()) == 2, "two instances", 60, 0.1)
	instances = "/v1/deployments/%s/instances" % deployment["id"]
	def ready():
		return {i["id"] for i in place.admin.items(instances) if i["state"] == "READY"}
	proc.wait_until(lambda: len(ready()) == 2, "two READY instances", 60, 0.1)
	stop, answered = threading.Event(), []

	def traffic():
		mine = client(place)
		while not stop.is_set():
			assert len(mine.post(predict_path(deployment), ROW).json()["predictions"]) == 1
			answered.append(1)
	with concurrent.futures.ThreadPoolExecutor(4) as pool:
		threads = [pool.submit(traffic) for _ in range(4)]

		def ended():
			"""Fails with the reason of the first thread that failed."""
			return [thread.result() for thread in threads if thread.done()]
		try:
			for _ in range(3):
				old, count = ready(), len(answered)
				proc.wait_until(lambda: len(answered) > count + 20 or ended(), "traffic", 60)
				os.kill(place.serving()[0], signal.SIGKILL)
				proc.wait_until(lambda: len(ready()) == 2 and ready() != old, lambda: "a new instance: %s" % place.admin.items(
					instances), 60, 0.1)
		finally:
			stop.set()
		for thread in threads:
			thread.result()
	drop(place, deployment)
