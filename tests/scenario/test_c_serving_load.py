"""modelops-serving under load: the gate, the queue, deadlines, a loop that stays free, memory, and the way it stops."""
# timeout: 300
# alone
import concurrent.futures
import json
import signal
import threading
import time

import pytest

from lib import proc, serving

SMALL, BIG = 1, 1200


@pytest.fixture(scope="module")
def model(tmp_path_factory):
	"""A folder whose model takes tenths of a second to explain BIG rows."""
	folder = tmp_path_factory.mktemp("wide")
	_, rows = serving.wide(str(folder / "in"), rounds=300, depth=7, rows=1500)
	lists = [[round(float(v), 3) for v in row] for row in rows[:BIG]]
	return folder, {n: json.dumps({"instances": lists[:n]}).encode() for n in (SMALL, BIG)}


class Long:
	"""A request that is on its way in a thread of its own."""

	def __init__(self, server, body, headers=None, path="/explain"):
		self.reply, self.seconds = None, None
		self.thread = threading.Thread(target=self.run, args=(server, body, headers, path))
		self.thread.start()

	def run(self, server, body, headers, path):
		started = time.monotonic()
		self.reply = server.post(path, body, headers, timeout=120)
		self.seconds = time.monotonic() - started

	def wait(self):
		self.thread.join(120)
		return self.reply


def wait_busy(server, inflight=1, queued=0):
	server.wait_until(lambda: server.metric("modelops_serving_inflight") >= inflight and
		server.metric("modelops_serving_queue_depth") >= queued, "%d running and %d waiting" % (inflight, queued))


def test_the_loop_stays_free_while_a_long_request_runs(model):
	folder, bodies = model
	with serving.Serving(folder) as server:
		long = Long(server, bodies[BIG])
		wait_busy(server)
		times = []
		while long.thread.is_alive() and len(times) < 200:
			started = time.monotonic()
			assert server.post("/predict", bodies[SMALL]).status == 200
			times.append(time.monotonic() - started)
		reply = long.wait()
		assert reply.status == 200 and len(reply.json()["explanations"]) == BIG and reply.headers["X-Rows"] == str(BIG)
		assert len(times) >= 5 and sorted(times)[len(times) // 2] < long.seconds / 5, (times, long.seconds)


def test_past_the_queue_requests_are_refused_and_it_recovers(model):
	folder, bodies = model
	with serving.Serving(folder, SERVING_MAX_CONCURRENCY="1", SERVING_QUEUE_MAX="2") as server:
		first = Long(server, bodies[BIG])
		wait_busy(server)
		waiting = [Long(server, bodies[SMALL], path="/predict") for _ in range(2)]
		wait_busy(server, queued=2)
		with concurrent.futures.ThreadPoolExecutor(6) as pool:
			refused = list(pool.map(lambda _: server.post("/predict", bodies[SMALL]), range(6)))
		for reply in refused:
			assert reply.status == 503 and reply.headers["Retry-After"], reply.body
			assert reply.json()["code"] == "overloaded"
		assert [one.wait().status for one in [first] + waiting] == [200, 200, 200]
		assert server.post("/predict", bodies[SMALL]).status == 200
		assert server.metric("modelops_serving_queue_wait_seconds_count") == 2
		assert server.metric("modelops_serving_queue_depth") == 0 and server.metric("modelops_serving_inflight") == 0
		assert server.metric('modelops_serving_requests_total{kind="predict",code="503"}') == 6


def test_a_deadline_holds_in_the_queue_and_at_work(model):
	folder, bodies = model
	with serving.Serving(folder, SERVING_MAX_CONCURRENCY="1") as server:
		long = Long(server, bodies[BIG])
		wait_busy(server)
		started = time.monotonic()
		reply = server.post("/predict", bodies[SMALL], {"X-Deadline-Ms": "30"})
		assert reply.status == 504 and "deadline" in reply.json()["detail"], reply.body
		assert time.monotonic() - started < 5
		assert long.wait().status == 200
		reply = server.post("/explain", bodies[BIG], {"X-Deadline-Ms": "20"})
		assert reply.status == 504 and "instances" in reply.json()["detail"] or "thread" in reply.json()["detail"], reply.body
		assert server.metric("modelops_serving_inflight") == 0
	with serving.Serving(folder, SERVING_DEADLINE="20ms") as server:
		assert server.post("/explain", bodies[BIG], {"X-Deadline-Ms": "60000"}).status == 504


@pytest.mark.parametrize("threads", [1, 2])
def test_long_requests_have_a_thread_each(model, threads):
	"""More than there are threads wait, however many may run at once: with their deadline, and past by short ones."""
	folder, bodies = model
	with serving.Serving(folder, SERVING_MAX_CONCURRENCY="4", SERVING_THREADS=str(threads)) as server:
		longs = [Long(server, bodies[BIG]) for _ in range(4)]
		wait_busy(server, inflight=threads, queued=4 - threads)
		assert server.metric("modelops_serving_inflight") == threads
		late = Long(server, bodies[BIG], {"X-Deadline-Ms": "20"})
		assert server.post("/predict", bodies[SMALL]).status == 200
		assert any(long.thread.is_alive() for long in longs), "a short request waited for long ones"
		assert late.wait().status == 504 and "running" in late.reply.json()["detail"], late.reply.body
		assert late.seconds < max(long.seconds for long in longs if long.wait()) / 2
		assert [long.reply.status for long in longs] == [200] * 4
		assert server.metric("modelops_serving_inflight") == 0 and server.metric("modelops_serving_queue_depth") == 0


def test_slow_rows_look_at_the_clock_more_often(tmp_path):
	"""Rows of tenths of a millisecond: a deadline of 4 ms is noticed after some, not after the 64 that quick rows come in."""
	_, rows = serving.wide(str(tmp_path / "in"), rounds=600, depth=8, rows=6000)
	body = json.dumps({"instances": [[float(v) for v in row] for row in rows[:200]]}).encode()
	with serving.Serving(tmp_path) as server:
		def done():
			"""Rows done at the deadline."""
			doc = server.post("/explain", body, {"X-Deadline-Ms": "4"}).json()
			return "instances done" in doc["detail"] and int(doc["detail"].split()[0])
		assert 0 < proc.wait_until(done, "a deadline at work", 20) < 64


def test_a_caller_who_leaves_frees_its_place(model):
	folder, bodies = model
	with serving.Serving(folder, SERVING_MAX_CONCURRENCY="1") as server:
		long = Long(server, bodies[BIG])
		wait_busy(server)
		connection = server.connection()
		connection.request("POST", "/predict", bodies[SMALL])
		wait_busy(server, queued=1)
		connection.close()
		assert long.wait().status == 200
		proc.wait_until(lambda: server.metric("modelops_serving_queue_depth") == 0, "an empty queue")
		assert server.post("/predict", bodies[SMALL]).status == 200


def test_sigterm_finishes_what_runs(model):
	folder, bodies = model
	with serving.Serving(folder, SERVING_MAX_CONCURRENCY="1") as server:
		running = Long(server, bodies[BIG])
		wait_busy(server)
		waiting = Long(server, bodies[SMALL], path="/predict")
		wait_busy(server, queued=1)
		server.signal(signal.SIGTERM)
		server.wait_until(lambda: server.call("GET", "/readyz").status == 503, "not ready")
		assert running.wait().status == 200 and len(running.reply.json()["explanations"]) == BIG
		assert waiting.wait().status == 200
		assert server.wait(20) == 0
	with serving.Serving(folder) as server:
		assert server.stop(5) == 0


def test_memory_of_a_warm_instance(tmp_path):
	serving.wide(str(tmp_path / "in"), rounds=100, depth=6)
	with serving.Serving(tmp_path) as server:
		connection = server.connection()
		body = json.dumps({"instances": [[0.25] * 28]})
		sizes = []
		for number in range(3001):
			connection.request("POST", "/predict", body)
			assert connection.getresponse().read().startswith(b'{"predictions":[')
			if number in (1000, 3000):
				with open("/proc/%d/statm" % server.pid, encoding="ascii") as f:
					sizes.append(int(f.read().split()[1]) * 4096)
		connection.close()
		assert sizes[1] - sizes[0] <= 65536, "memory grows: %s" % sizes
		if "asan" not in proc.BIN and "tsan" not in proc.BIN:
			assert sizes[1] <= 6 << 20, "%.1f MiB resident" % (sizes[1] / 2**20)
