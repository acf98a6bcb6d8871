"""The gateway before stand-ins: endpoints that go while a request is on its way, full queues, instances that hang."""
import collections
import threading
import time

import requests
from lib import api, flow, proc, standin

ROW = {"instances": [[1.0]]}


class Place:
	"""An API whose deployments have stand-ins for instances."""

	def __init__(self, server):
		self.server = server
		_, project, self.admin = server.tenant("acme")
		server.model(project)
		flow.cpu_pool(server)

	def deploy(self, name, *ports):
		made = self.admin.post("/v1/deployments", {"project_id": "main", "name": name, "model": "iris", "version": 1}).json()
		standin.ready(self.server, made, *ports)
		return made

	def ask(self, deployment, **headers):
		"""One predict on a connection of its own."""
		return requests.post("%s/v1/deployments/%s/predict" % (self.server.url, deployment["id"]), json=ROW,
			headers=dict(self.admin.headers, **headers), timeout=30)

	def ask_at_once(self, deployment, count):
		"""COUNT predicts at the same time: how many of each status; to be called when they are wanted."""
		found = collections.Counter()
		threads = [threading.Thread(target=lambda: found.update([self.ask(deployment).status_code])) for _ in range(count)]
		for thread in threads:
			thread.start()

		def wait():
			for thread in threads:
				thread.join()
			return dict(found)
		return wait

	def metric(self, name, **labels):
		"""Sum of the series of one name that have these labels."""
		lines = [line for line in self.server.nobody().get("/metrics").text.splitlines() if line.startswith(name + "{") or
			line.startswith(name + " ")]
		return sum(float(line.rsplit(" ", 1)[1]) for line in lines if all('%s="%s"' % pair in line for pair in labels.items()))


def test_endpoints_go_while_a_request_is_on_its_way():
	"""What counts an answer outlives its deployment; a sanitizer says when it does not."""
	with standin.instance() as quick, standin.instance(delay=3) as slow, api.running(API_LOOPS="2") as server:
		place = Place(server)
		first = place.deploy("slow", slow)
		others = [place.deploy("d%d" % n, quick) for n in range(14)]
		waiting = place.ask_at_once(first, 2)
		for one in others:
			assert place.ask(one).status_code == 200
		for one in [first] + others:
			place.admin.delete("/v1/deployments/" + one["id"])
		for one in others:
			proc.wait_until(lambda: place.ask(one).status_code == 404, "%s forgotten" % one["name"], 5, 0.05)
		assert place.metric("modelops_gateway_requests_total", deployment=others[0]["id"]) == 0
		for n in range(3):
			assert place.ask(place.deploy("new%d" % n, quick)).status_code == 200
		assert waiting() == {200: 2}
		proc.wait_until(lambda: place.metric("modelops_gateway_inflight") == 0, "nothing in flight", 5)


def test_a_full_queue_is_no_lost_instance():
	"""What is shed is not sent again, and the store is not asked for a better instance."""
	with standin.instance(delay=1) as port, api.running(HTTP_UPSTREAM_CONNS="1", HTTP_UPSTREAM_WAITING="1") as server:
		place = Place(server)
		one = place.deploy("one", port)
		assert place.ask_at_once(one, 20)() == {200: 2, 503: 18}
		assert place.metric("modelops_gateway_retries_total") == 0


def test_a_full_queue_gives_to_another_instance():
	with standin.instance(delay=1) as slow, standin.instance(delay=1) as other, api.running(
			HTTP_UPSTREAM_CONNS="1", HTTP_UPSTREAM_WAITING="0") as server:
		place = Place(server)
		two = place.deploy("two", slow, other)
		assert place.ask_at_once(two, 8)() == {200: 2, 503: 6}


def test_an_instance_that_hangs_is_left_out_and_tried_again():
	hang, asked = threading.Event(), []

	def delay():
		asked.append(time.monotonic())
		return 3 if hang.is_set() else 0
	with standin.instance() as well, standin.instance(delay) as ill, api.running(GATEWAY_DEADLINE="1s") as server:
		place = Place(server)
		two = place.deploy("two", ill, well)
		assert [place.ask(two).status_code for _ in range(10)] == [200] * 10 and len(asked) == 5
		hang.set()
		statuses = [place.ask(two).status_code for _ in range(20)]
		assert statuses.count(504) == 3 and statuses.count(200) == 17
		assert place.metric("modelops_gateway_ejections_total") == 1
		hang.clear()
		asked.clear()
		proc.wait_until(lambda: place.ask(two).status_code == 200 and asked, "another try", 10, 0.05)
		asked.clear()
		assert [place.ask(two).status_code for _ in range(10)] == [200] * 10 and len(asked) == 5


def test_impatient_callers_say_nothing_of_an_instance():
	with standin.instance(delay=0.2) as first, standin.instance(delay=0.2) as second, api.running() as server:
		place = Place(server)
		two = place.deploy("two", first, second)
		for _ in range(8):
			assert place.ask(two, **{"X-Deadline-Ms": "50"}).status_code == 504
		assert place.metric("modelops_gateway_ejections_total") == 0
