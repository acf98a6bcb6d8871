"""What a warm predict costs modelops-serving as it is shipped: no allocation at all, and few system calls."""
# build: release
# alone
import contextlib
import json
import os
import re
import shutil
import signal
import socket

import pytest

from lib import proc, serving

CONNECTIONS = 16
MALLOC_COUNT = os.path.join(proc.ROOT, "build", "release", "bench", "libmalloc_count.so")


@pytest.fixture(name="folder", scope="module")
def fixture_folder(tmp_path_factory):
	folder = tmp_path_factory.mktemp("iris")
	serving.iris(str(folder / "in"))
	return folder


def request():
	body = json.dumps({"instances": [[5.1, 3.5, 1.4, 0.2]]}).encode()
	return (b"POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
		% len(body)) + body


class Load:
	"""CONNECTIONS kept-alive connections, each with one predict on its way at a time."""

	def __init__(self, server, stack):
		host, port = server.address[len("tcp:"):].split(":")
		self.sockets = [stack.enter_context(socket.create_connection((host, int(port)), 10)) for _ in range(CONNECTIONS)]
		self.request = request()
		self.sockets[0].sendall(self.request)
		first = self.sockets[0].recv(65536)
		assert first.startswith(b"HTTP/1.1 200 ") and b"setosa" in first, first
		self.length = len(first)

	def predicts(self, n):
		for _ in range(n // CONNECTIONS):
			for s in self.sockets:
				s.sendall(self.request)
			for s in self.sockets:
				reply = s.recv(65536)
				assert reply.startswith(b"HTTP/1.1 200 ") and len(reply) == self.length, reply


def test_a_warm_predict_allocates_nothing(folder):
	counter = folder / "malloc-count"

	def allocations():
		return int.from_bytes(counter.read_bytes(), "little")
	with contextlib.ExitStack() as stack:
		server = stack.enter_context(serving.Serving(folder, LD_PRELOAD=MALLOC_COUNT))
		at_start = allocations()
		load = Load(server, stack)
		load.predicts(1000)
		warm = allocations()
		assert at_start > 100 and warm > at_start # the counter counts: reading the model, and 16 connections
		load.predicts(10000)
		assert allocations() == warm
		assert server.metric('modelops_serving_requests_total{kind="predict",code="200"}') >= 10000 + 960


def system_calls(folder, predicts):
	"""Of a whole life of the server with that many predicts. strace starts it: a tracer of a sibling may be forbidden."""
	report = folder / "strace"
	with contextlib.ExitStack() as stack:
		server = stack.enter_context(serving.Serving(folder, [shutil.which("strace"), "-f", "-c", "-U", "calls,name", "-o", str(report)]))
		Load(server, stack).predicts(predicts)
		[pid] = proc.descendants(server.pid)
		os.kill(pid, signal.SIGTERM) # strace does not hand its own on
		assert server.wait() == 0
	return sum(int(n) for n in re.findall(r"^ *(\d+) +(?!total)\w", report.read_text(), re.M))


def test_a_predict_takes_two_and_a_half_system_calls(folder):
	few, many = 10 * CONNECTIONS, 310 * CONNECTIONS
	each = (system_calls(folder, many) - system_calls(folder, few)) / (many - few)
	print("system calls per predict: %.3f" % each)
	assert 1.5 < each <= 2.5 # less than one to receive and one to send: then the count is wrong
