"""A model package made by xgboost and a modelops-serving on it, called without the platform."""
import contextlib
import http.client
import json
import os
import socket

import numpy
import sklearn.datasets
import xgboost

from lib import proc


def package(folder, booster, task, names, classes=None, label="y"):
	"""Writes model.json and features.json into FOLDER."""
	os.makedirs(folder, exist_ok=True)
	booster.save_model(os.path.join(folder, "model.json"))
	doc = {"format": 1, "task": task, "features": [{"name": n, "type": "float"} for n in names], "classes": classes, "label": label}
	with open(os.path.join(folder, "features.json"), "w", encoding="utf-8") as f:
		json.dump(doc, f)


def iris(folder):
	"""Iris in FOLDER; returns (booster, rows, names, labels)."""
	data = sklearn.datasets.load_iris()
	names = ["sepal_length", "sepal_width", "petal_length", "petal_width"]
	labels = [str(name) for name in data.target_names]
	rows = data.data.astype(numpy.float32)
	booster = xgboost.train({"objective": "multi:softprob", "num_class": 3, "nthread": 1, "max_depth": 4},
		xgboost.DMatrix(rows, data.target, feature_names=names), 20)
	package(folder, booster, "multiclass", names, labels, "species")
	return booster, rows, names, labels


def wide(folder, rounds=100, depth=6, rows=2000, width=28):
	"""A regression that takes some time to explain; returns (booster, rows)."""
	rng = numpy.random.default_rng(4)
	x = rng.normal(size=(rows, width)).astype(numpy.float32)
	y = x[:, 0] * x[:, 1] + numpy.sin(3 * x[:, 2]) + rng.normal(size=rows) * 0.1
	booster = xgboost.train({"max_depth": depth, "nthread": 1}, xgboost.DMatrix(x, y), rounds)
	package(folder, booster, "regression", ["f%d" % i for i in range(width)])
	return booster, x


class Reply:
	def __init__(self, status, headers, body):
		self.status, self.headers, self.body = status, headers, body

	def json(self):
		return json.loads(self.body)


class UnixConnection(http.client.HTTPConnection):
	def __init__(self, path, timeout):
		super().__init__("localhost", timeout=timeout)
		self.path = path

	def connect(self):
		self.sock = socket.socket(socket.AF_UNIX)
		self.sock.settimeout(self.timeout)
		self.sock.connect(self.path)


class Serving(proc.Program):
	"""modelops-serving started in FOLDER, by the words UNDER when given (strace ...); leaving the block stops it."""

	def __init__(self, folder, under=(), **env):
		self.folder = str(folder)
		with contextlib.suppress(FileNotFoundError):
			os.unlink(os.path.join(self.folder, "address")) # of an earlier instance
		words = [*under, proc.program("modelops-serving")]
		super().__init__(*words, env={"SERVING_LISTEN": "tcp:127.0.0.1:0", **env}, cwd=self.folder)
		path = os.path.join(self.folder, "address")
		proc.wait_until(lambda: os.path.exists(path) or self.process.poll() is not None, self.tail)
		if not os.path.exists(path):
			raise proc.Failed("serving ended with status %s\n%s" % (self.process.poll(), self.tail()))
		with open(path, encoding="utf-8") as f:
			self.address = f.read().strip()

	def connection(self, timeout=30):
		if self.address.startswith("unix:"):
			return UnixConnection(self.address[5:], timeout)
		host, port = self.address[4:].rsplit(":", 1)
		return http.client.HTTPConnection(host, int(port), timeout=timeout)

	def call(self, method, path, body=None, headers=None, timeout=30):
		connection = self.connection(timeout)
		try:
			data = json.dumps(body).encode() if isinstance(body, (dict, list)) else body
			connection.request(method, path, data, headers or {})
			reply = connection.getresponse()
			return Reply(reply.status, reply.headers, reply.read())
		finally:
			connection.close()

	def post(self, path, body, headers=None, timeout=30):
		return self.call("POST", path, body, headers, timeout)

	def metric(self, name):
		"""Value of one series, written as it stands in /metrics."""
		for line in self.call("GET", "/metrics").body.decode().splitlines():
			if line.startswith(name + " "):
				return float(line.rsplit(" ", 1)[1])
		raise AssertionError("no metric " + name)
