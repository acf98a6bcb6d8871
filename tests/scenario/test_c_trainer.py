"""modelops-trainer by itself: real tables against xgboost's own library, wrong input named, the workload door, kills."""
import csv
import ctypes
import hashlib
import http.server
import json
import math
import os
import random
import re
import signal
import subprocess
import sys
import threading
import time

import numpy
import pytest
import xgboost

from lib import proc

ROOT = proc.ROOT
DEFAULTS = {"max_depth": 6, "learning_rate": 0.3, "seed": 7, "nthread": 1, "tree_method": "hist", "booster": "gbtree",
	"subsample": 1, "colsample_bytree": 1, "min_child_weight": 1, "reg_lambda": 1, "reg_alpha": 0}
IRIS = os.path.join(ROOT, "examples", "data", "iris.csv")


@pytest.fixture(scope="session")
def tables(tmp_path_factory):
	"""Folder with breast_cancer.csv and diabetes.csv as scikit-learn ships them."""
	folder = tmp_path_factory.mktemp("data")
	subprocess.run([sys.executable, os.path.join(ROOT, "tools", "make-datasets"), str(folder)], check=True,
		capture_output=True)
	return folder


def prepare(folder, data, kind="train", place=None, **options):
	"""in/ as modelops-fetch leaves it. PLACE: what stands in the step beside `with`."""
	(folder / "in").mkdir(parents=True, exist_ok=True)
	if not isinstance(data, bytes):
		with open(data, "rb") as f:
			data = f.read()
	(folder / "in" / "dataset.csv").write_bytes(data)
	spec = {"attempt_id": "att_1", "kind": kind, "inputs": [],
		"step": dict({"name": "s", "device": "cpu", "shares": 1}, **(place or {}), **{"with": options})}
	(folder / "in" / "spec.json").write_text(json.dumps(spec))


def train(folder, data, env=None, **options):
	prepare(folder, data, **options)
	done = proc.run("modelops-trainer", env=dict({"TRAINER_WRITE_SPLIT": "1"}, **(env or {})), cwd=folder)
	assert done.returncode == 0, done.stdout[-2000:] + done.stderr
	return done


def output(folder, name):
	return json.loads((folder / "out" / name).read_text())


def read_table(path, label):
	"""Names, float32 matrix, label texts: read by Python's own csv module."""
	with open(path, newline="", encoding="utf-8-sig") as f:
		rows = list(csv.reader(f))
	at = rows[0].index(label)
	names = [name for i, name in enumerate(rows[0]) if i != at]
	matrix = [[math.nan if v in ("", "NA", "?") else float(v) for i, v in enumerate(row) if i != at] for row in rows[1:]]
	return names, numpy.array(matrix, dtype=numpy.float64).astype(numpy.float32), [row[at] for row in rows[1:]]


def split_of(folder):
	with open(folder / "out" / "split.csv", encoding="ascii") as f:
		return numpy.array([int(line.split(",")[1]) for line in f.read().split()[1:]], dtype=bool)


class Library:
	"""libxgboost as Debian ships it, called without any code of ours."""

	def __init__(self):
		self.lib = ctypes.CDLL("libxgboost.so.0")
		self.lib.XGBGetLastError.restype = ctypes.c_char_p

	def check(self, rc):
		assert rc == 0, self.lib.XGBGetLastError()

	def matrix(self, rows, labels):
		rows = numpy.ascontiguousarray(rows, dtype=numpy.float32)
		labels = numpy.ascontiguousarray(labels, dtype=numpy.float32)
		handle = ctypes.c_void_p()
		self.check(self.lib.XGDMatrixCreateFromMat(rows.ctypes.data_as(ctypes.c_void_p), ctypes.c_uint64(rows.shape[0]),
			ctypes.c_uint64(rows.shape[1]), ctypes.c_float(math.nan), ctypes.byref(handle)))
		self.check(self.lib.XGDMatrixSetFloatInfo(handle, b"label", labels.ctypes.data_as(ctypes.c_void_p),
			ctypes.c_uint64(len(labels))))
		return handle

	def train(self, params, rounds, rows, labels, path):
		data = self.matrix(rows, labels)
		booster = ctypes.c_void_p()
		self.check(self.lib.XGBoosterCreate(ctypes.byref(data), ctypes.c_uint64(1), ctypes.byref(booster)))
		for name, value in params.items():
			self.check(self.lib.XGBoosterSetParam(booster, name.encode(), str(value).encode()))
		for i in range(rounds):
			self.check(self.lib.XGBoosterUpdateOneIter(booster, i, data))
		self.check(self.lib.XGBoosterSaveModel(booster, str(path).encode()))
		with open(path, encoding="utf-8") as f:
			return json.load(f)

	def predict(self, model, rows):
		booster = ctypes.c_void_p()
		self.check(self.lib.XGBoosterCreate(None, ctypes.c_uint64(0), ctypes.byref(booster)))
		self.check(self.lib.XGBoosterLoadModel(booster, str(model).encode()))
		count, out = ctypes.c_uint64(), ctypes.POINTER(ctypes.c_float)()
		self.check(self.lib.XGBoosterPredict(booster, self.matrix(rows, numpy.zeros(len(rows))), 0, 0, 0,
			ctypes.byref(count), ctypes.byref(out)))
		return numpy.ctypeslib.as_array(out, (count.value,)).copy()


def compare_with_library(folder, source, label, task, options):
	"""The trees are those that libxgboost grows from the same rows, and newest xgboost reads the file the same way."""
	names, rows, labels = read_table(source, label)
	valid, metrics = split_of(folder), output(folder, "metrics.json")
	classes = sorted(set(labels))
	y = numpy.array([classes.index(v) for v in labels] if task != "regression" else [float(v) for v in labels],
		dtype=numpy.float32)
	params = dict(DEFAULTS, **options)
	params["objective"] = {"regression": "reg:squarederror", "binary": "binary:logistic",
		"multiclass": "multi:softprob"}[task]
	if task == "multiclass":
		params["num_class"] = len(classes)
	library, best = Library(), metrics["best_iteration"]
	want = library.train(params, best + 1, rows[~valid], y[~valid], folder / "oracle.json")
	got = output(folder, "model.json")
	assert got["learner"]["gradient_booster"]["model"]["trees"] == want["learner"]["gradient_booster"]["model"]["trees"]
	assert got["learner"]["feature_names"] == names
	features = output(folder, "features.json")
	assert [f["name"] for f in features["features"]] == names
	assert features["classes"] == (None if task == "regression" else classes)
	assert features["task"] == metrics["task"] == task
	mine = library.predict(folder / "out" / "model.json", rows)
	booster = xgboost.Booster(model_file=str(folder / "out" / "model.json"))
	theirs = booster.predict(xgboost.DMatrix(rows, feature_names=names)).reshape(-1)
	assert numpy.allclose(mine, theirs, rtol=1e-5, atol=1e-6)
	check_metrics(metrics["metrics"], task, mine, y, valid)
	return metrics


def check_metrics(metrics, task, predicted, y, valid):
	for name, rows in (("train", ~valid), ("valid", valid)):
		if not rows.any():
			continue
		p = predicted.astype(numpy.float64).reshape(len(y), -1)[rows]
		if task == "regression":
			want = {"rmse": math.sqrt(numpy.mean((p[:, 0] - y[rows]) ** 2))}
		elif task == "binary":
			q = numpy.where(y[rows] == 1, p[:, 0], 1 - p[:, 0])
			want = {"logloss": -numpy.mean(numpy.log(q)), "error": numpy.mean((p[:, 0] > 0.5) != (y[rows] == 1))}
		else:
			q = p[numpy.arange(len(p)), y[rows].astype(int)]
			want = {"mlogloss": -numpy.mean(numpy.log(q)), "merror": numpy.mean(p.argmax(axis=1) != y[rows])}
		for key, value in want.items():
			assert metrics["%s-%s" % (name, key)] == pytest.approx(value, rel=1e-4, abs=1e-6)


def check_manifest(folder, kind="model"):
	manifest = output(folder, "manifest.json")
	assert manifest["format"] == 1 and manifest["kind"] == kind and manifest["attempt_id"] == "att_1"
	assert manifest["device"] == "cpu"
	for entry in manifest["files"]:
		data = (folder / "out" / entry["path"]).read_bytes()
		assert len(data) == entry["size"] and hashlib.sha256(data).hexdigest() == entry["sha256"]
	return manifest


def test_iris(tmp_path):
	done = train(tmp_path, IRIS, label="species")
	metrics = compare_with_library(tmp_path, IRIS, "species", "multiclass", {})
	manifest = check_manifest(tmp_path)
	assert [f["path"] for f in manifest["files"]] == ["metrics.json", "model.json", "features.json", "background.csv"]
	assert manifest["metrics"] == metrics["metrics"] and manifest["best_iteration"] == metrics["best_iteration"]
	assert metrics["train_rows"] == 120 and metrics["valid_rows"] == 30
	assert metrics["classes"] == [{"name": n, "rows": 50} for n in ("setosa", "versicolor", "virginica")]
	assert metrics["columns"][0] == {"name": "sepal_length", "type": "float", "missing": 0, "min": 4.3, "max": 7.9,
		"mean": pytest.approx(5.8433333)}
	assert metrics["metrics"]["valid-merror"] < 0.15
	assert "round 1 of 100" in done.stdout


def test_breast_cancer(tmp_path, tables):
	train(tmp_path, tables / "breast_cancer.csv", label="diagnosis", rounds=40, max_depth=4, learning_rate=0.2)
	metrics = compare_with_library(tmp_path, tables / "breast_cancer.csv", "diagnosis", "binary",
		{"max_depth": 4, "learning_rate": 0.2})
	assert metrics["metrics"]["valid-error"] < 0.1


def test_diabetes(tmp_path, tables):
	train(tmp_path, tables / "diabetes.csv", label="progression", rounds=60, subsample=0.8, colsample_bytree=0.7, seed=3)
	names = {"subsample": 0.8, "colsample_bytree": 0.7, "seed": 3}
	metrics = compare_with_library(tmp_path, tables / "diabetes.csv", "progression", "regression", names)
	assert metrics["metrics"]["valid-rmse"] < 80


@pytest.mark.parametrize("seed", range(4))
def test_generated_table(tmp_path, seed):
	"""Random width, names that need quotes, missing values, CRLF, a byte order mark, numbers in several spellings."""
	rng = random.Random(seed)
	width, height = rng.randrange(1, 12), rng.randrange(60, 300)
	names = ["col %d, \"é\"" % i if i % 2 else "x%d" % i for i in range(width)]
	rows = []
	for _ in range(height):
		cells = [rng.gauss(0, 10) for _ in range(width)]
		label = "high" if sum(cells) > 0 else "low"
		text = ["" if rng.random() < 0.1 else rng.choice(["%r", "%.3f", "%e", "%+.1f"]) % c for c in cells]
		rows.append(text + [label])
	source = tmp_path / "source.csv"
	with open(source, "w", newline="", encoding="utf-8-sig" if seed % 2 else "utf-8") as f:
		csv.writer(f, lineterminator="\r\n" if seed % 3 else "\n").writerows([names + ["the label"]] + rows)
	train(tmp_path, source, label="the label", rounds=10, early_stopping_rounds=0)
	metrics = compare_with_library(tmp_path, source, "the label", "binary", {})
	assert metrics["best_iteration"] == 9 and sum(c["missing"] for c in metrics["columns"]) > 0
	with open(tmp_path / "out" / "background.csv", newline="", encoding="utf-8") as f:
		background = list(csv.reader(f))
	assert background[0] == names and 1 < len(background) <= 201
	assert {len(row) for row in background} == {width}


def test_whole_numbers_as_labels(tmp_path):
	rows = "\n".join("%d,%d,%d" % (i, i % 7, i % 3) for i in range(90))
	train(tmp_path, ("a,b,y\n" + rows + "\n").encode(), label="y", rounds=5)
	assert output(tmp_path, "features.json")["classes"] == ["0", "1", "2"]
	assert [f["type"] for f in output(tmp_path, "features.json")["features"]] == ["int", "int"]
	train(tmp_path, ("a,b,y\n" + rows + "\n").encode(), label="y", rounds=5, task="regression")
	assert output(tmp_path, "features.json")["classes"] is None


def test_early_stopping_cuts_the_model(tmp_path, tables):
	done = train(tmp_path, tables / "diabetes.csv", label="progression", rounds=500, early_stopping_rounds=5,
		learning_rate=0.5)
	metrics = output(tmp_path, "metrics.json")
	assert metrics["rounds"] == metrics["best_iteration"] + 6 < 500
	assert "stopped" in done.stdout
	model = output(tmp_path, "model.json")["learner"]
	assert len(model["gradient_booster"]["model"]["trees"]) == metrics["best_iteration"] + 1
	assert model["attributes"]["best_iteration"] == str(metrics["best_iteration"])


def test_no_validation(tmp_path):
	train(tmp_path, IRIS, label="species", valid_fraction=0, rounds=5)
	metrics = output(tmp_path, "metrics.json")
	assert metrics["valid_rows"] == 0 and sorted(metrics["metrics"]) == ["train-merror", "train-mlogloss"]
	assert metrics["best_iteration"] == 4


def test_same_input_same_model(tmp_path):
	for name in ("one", "two"):
		train(tmp_path / name, IRIS, label="species", rounds=20)
	assert (tmp_path / "one/out/model.json").read_bytes() == (tmp_path / "two/out/model.json").read_bytes()
	train(tmp_path / "three", IRIS, label="species", rounds=20, seed=8)
	assert split_of(tmp_path / "one").tolist() != split_of(tmp_path / "three").tolist()


def test_the_step_says_where_it_runs(tmp_path):
	"""CUDA is the step's; a libxgboost without it says so. Threads are the shares unless `with` says fewer."""
	done = train(tmp_path / "cuda", IRIS, label="species", rounds=3, place={"device": "cuda"})
	assert "without CUDA" in done.stdout or output(tmp_path / "cuda", "manifest.json")["device"] == "cuda"
	for name, shares, options in (("one", 1, {}), ("three", 3, {}), ("two", 3, {"nthread": 2})):
		train(tmp_path / name, IRIS, label="species", rounds=3, place={"shares": shares}, **options)
		text = (tmp_path / name / "out" / "metrics.json").read_text()
		assert json.loads(text)["threads"] == {"one": 1, "three": 3, "two": 2}[name]


def test_evaluate(tmp_path, tables):
	source = tables / "breast_cancer.csv"
	train(tmp_path / "model", source, label="diagnosis", rounds=30)
	names, rows, labels = read_table(source, "diagnosis")
	folder = tmp_path / "evaluation"
	shuffled = [names[::-1] + ["diagnosis", "remark"]] + [[repr(float(v)) for v in row[::-1]] + [label, "text"]
		for row, label in zip(rows, labels)]
	with open(tmp_path / "other.csv", "w", newline="", encoding="utf-8") as f:
		csv.writer(f).writerows(shuffled)
	prepare(folder, tmp_path / "other.csv", kind="evaluate", label="diagnosis", model="train")
	for name in ("model.json", "features.json"):
		(folder / "in" / name).write_bytes((tmp_path / "model" / "out" / name).read_bytes())
	done = proc.run("modelops-trainer", cwd=folder)
	assert done.returncode == 0, done.stderr
	metrics = output(folder, "metrics.json")["metrics"]
	predicted = Library().predict(folder / "in" / "model.json", rows)
	y = numpy.array([v == "malignant" for v in labels])
	assert metrics["eval-error"] == pytest.approx(numpy.mean((predicted > 0.5) != y), abs=1e-6)
	assert metrics["eval-auc"] > 0.99
	assert check_manifest(folder, "evaluation")["files"][0]["path"] == "metrics.json"
	text = (tmp_path / "other.csv").read_text()
	text = re.sub(r"(?m)^0\.\d+,", "none,", text).replace(",", ";")
	prepare(folder, text.encode(), kind="evaluate", delimiter=";", missing=["none"])
	assert proc.run("modelops-trainer", cwd=folder).returncode == 0, "the label is the package's"
	prepare(folder, b"a,diagnosis\n1,benign\n", kind="evaluate", label="diagnosis")
	wrong(folder, "no column 'mean_radius'")
	text = (tmp_path / "other.csv").read_text().replace("malignant", "worse")
	prepare(folder, text.encode(), kind="evaluate", label="diagnosis")
	wrong(folder, "'worse', a class that the model does not know")


def wrong(folder, words):
	"""The program ends with 2 and one readable last line; nothing half-made is left."""
	done = proc.run("modelops-trainer", cwd=folder)
	last = done.stderr.strip().splitlines()[-1]
	assert done.returncode == 2, done.stderr
	assert last.startswith("error: ") and words in last, last
	assert len(last) < 700


ROWS = b"1,2,a\n2,3,b\n3,4,a\n4,5,b\n"
BAD_TABLES = [
	("empty", b"", "the table is empty"),
	("only a header", b"a,b,y\n", "no rows"),
	("one row", b"a,y\n1,2\n", "needs at least 2"),
	("no header", b"1,2,0\n3,4,1\n", "'1' is a number"),
	("no label column", b"a,b,z\n" + ROWS, "no label column 'y'"),
	("label in another case", b"a,b,Y\n" + ROWS, "no label column 'y'"),
	("semicolons", b"a;b;y\n1;2;x\n", "delimiter"),
	("tabs", b"a\tb\ty\n1\t2\tx\n", "delimiter"),
	("label only", b"y\n1\n2\n", "no column besides the label"),
	("empty name", b"a,,y\n" + ROWS, "column 2 has no name"),
	("repeated name", b"a,a,y\n" + ROWS, "columns 1 and 2 have the same name 'a'"),
	("repeated label", b"a,y,y\n" + ROWS, "the same name 'y'"),
	("name with brackets", b"a[0],b,y\n" + ROWS, "names may not hold [ ] or <"),
	("name with less-than", b"a<1,b,y\n" + ROWS, "names may not hold [ ] or <"),
	("name with a line end", b"\"a\nb\",b,y\n" + ROWS, "control character"),
	("name too long", b"n" * 300 + b",b,y\n" + ROWS, "longer than 255"),
	("short row", b"a,b,y\n1,2,a\n1,2\n", "line 3 has 2 values; the header has 3"),
	("long row", b"a,b,y\n1,2,a\n1,2,b,4\n", "line 3 has 4 values"),
	("empty line", b"a,b,y\n1,2,a\n\n1,2,b\n", "line 3 is empty"),
	("text column", b"a,b,y\nred,2,a\nblue,3,b\n", "column 'a' holds text: 'red' in line 2; encode the categories"),
	("typing error", b"a,b,y\n1,2,a\n1.2.3,3,b\n", "column 'a': '1.2.3' in line 3 is not a number"),
	("decimal comma", b"a,b,y\n\"1,5\",2,a\n", "'1,5' in line 2"),
	("thousands", b"a,b,y\n1,2,a\n\"1,000\",2,a\n", "'1,000' in line 3"),
	("date", b"a,b,y\n2026-11-23,2,a\n", "'2026-11-23' in line 2"),
	("money", b"a,b,y\n$5,2,a\n", "'$5' in line 2"),
	("percent", b"a,b,y\n5%,2,a\n", "'5%' in line 2"),
	("boolean", b"a,b,y\ntrue,2,a\n", "'true' in line 2"),
	("hexadecimal", b"a,b,y\n0x1F,2,a\n", "'0x1F' in line 2"),
	("unknown missing marker", b"a,b,y\n1,2,a\n-,2,a\n", "`missing`"),
	("infinity", b"a,b,y\ninf,2,a\n", "'inf' in line 2 is infinite"),
	("overflow", b"a,b,y\n1e400,2,a\n", "'1e400' in line 2 is infinite"),
	("past float32", b"a,b,y\n1e39,2,a\n", "'1e39' in line 2"),
	("missing label", b"a,b,y\n1,2,\n", "the label is missing in line 2"),
	("label NA", b"a,b,y\n1,2,a\n1,2,NA\n", "the label is missing in line 3"),
	("infinite label", b"a,b,y\n1,2,inf\n", "the label 'inf' in line 2"),
	("long label", b"a,b,y\n1,2,a\n1,2," + b"x" * 300 + b"\n", "in line 3 is longer than 255 bytes"),
	("one class", b"a,b,y\n1,2,a\n3,4,a\n", "there is nothing to learn"),
	("open quote", b"a,b,y\n1,2,\"a\n3,4,b\n", "a quote is opened and never closed"),
	("quote inside", b"a,b,y\n1,2,a\"b\n", "a quote inside field 3"),
	("text after quote", b"a,b,y\n1,2,\"a\"b\n", "after the closing quote"),
	("NUL", b"a,b,y\n1,2\x00,a\n", "line 2: a NUL byte"),
	("UTF-16", "a,b,y\n1,2,x\n".encode("utf-16"), "line 1"),
	("latin-1", "a,b,y\n1,2,é\n".encode("latin-1"), "line 2: field 3 is not UTF-8"),
	("old Mac line ends", b"a,b,y\r1,2,a\r", "carriage return"),
	("field too long", b"a,b,y\n1,2," + b"x" * 5000 + b"\n", "longer than 4096 bytes"),
	("too many columns", b",".join(b"c%d" % i for i in range(5000)) + b",y\n", "more than 4096 columns"),
	("JSON", b"{\"a\": [1, 2]}\n", "line 1"),
	("gzip", b"\x1f\x8b\x08\x00\x00\x00\x00\x00", "line 1"),
	("too many labels", b"a,y\n" + b"".join(b"1,t%d\n" % i for i in range(1100)), "more than 1000"),
]


@pytest.mark.parametrize("name,data,words", BAD_TABLES, ids=[case[0] for case in BAD_TABLES])
def test_bad_table(tmp_path, name, data, words):
	prepare(tmp_path, data, label="y")
	wrong(tmp_path, words)
	assert not (tmp_path / "out" / "manifest.json").exists()


BAD_OPTIONS = [
	({}, "with.label: is missing"),
	({"label": ""}, "with.label"),
	({"label": 7}, "with.label"),
	({"label": "species", "rounds": 0}, "with.rounds: 0 is not in 1 to 100000"),
	({"label": "species", "rounds": 1.5}, "with.rounds: must be a whole number"),
	({"label": "species", "rounds": "10"}, "with.rounds: must be a whole number, not text"),
	({"label": "species", "learning_rate": 0}, "with.learning_rate"),
	({"label": "species", "valid_fraction": 1}, "with.valid_fraction"),
	({"label": "species", "task": "ranking"}, "with.task: 'ranking' is not one of"),
	({"label": "species", "device": "cpu"}, "with.device: is not known to a train step"),
	({"label": "species", "model": "m"}, "with.model: is not known to a train step"),
	({"label": "species", "kind": "evaluate", "rounds": 5}, "with.rounds: is not known to an evaluate step"),
	({"label": "species", "place": {"device": "tpu"}}, "step.device: 'tpu' is not one of"),
	({"label": "species", "delimiter": "tab"}, "with.delimiter"),
	({"label": "species", "delimiter": ",,"}, "with.delimiter"),
	({"label": "species", "delimiter": "\""}, "with.delimiter"),
	({"label": "species", "missing": "NA"}, "with.missing"),
	({"label": "species", "missing": [1]}, "with.missing"),
	({"label": "species", "eta": 0.1}, "with.eta: is not known"),
	({"label": "species", "valid_fraction": 0, "early_stopping_rounds": 5}, "with.early_stopping_rounds"),
	({"label": "species", "task": "regression"}, "regression needs numbers"),
	({"label": "species", "task": "binary"}, "binary needs 2 classes"),
	({"label": "sepal_length", "task": "multiclass"}, "column 'species' holds text"),
]


@pytest.mark.parametrize("options,words", BAD_OPTIONS)
def test_bad_options(tmp_path, options, words):
	prepare(tmp_path, IRIS, **options)
	wrong(tmp_path, words)


def test_no_input(tmp_path):
	done = proc.run("modelops-trainer", cwd=tmp_path)
	assert done.returncode == 1 and "in/spec.json" in done.stderr
	(tmp_path / "in").mkdir()
	for text in ("", "[]", "{}", "{\"kind\":\"serve\",\"attempt_id\":\"a\"}", "{\"kind\":\"train\"}", "[" * 100000):
		(tmp_path / "in" / "spec.json").write_text(text)
		assert proc.run("modelops-trainer", cwd=tmp_path).returncode == 2


class Door(http.server.ThreadingHTTPServer):
	"""A workload door that keeps what it was told; FAIL_PUTS uploads are refused first."""

	def __init__(self, fail_puts=0):
		self.calls, self.files, self.fail_puts = [], {}, fail_puts
		super().__init__(("127.0.0.1", 0), DoorHandler)
		self.url = "http://127.0.0.1:%d/v1/workload" % self.server_address[1]
		threading.Thread(target=self.serve_forever, daemon=True).start()

	def bodies(self, path):
		return [body for what, body in self.calls if what == path]

	def __enter__(self):
		return self

	def __exit__(self, *args):
		self.shutdown()
		self.server_close()


class DoorHandler(http.server.BaseHTTPRequestHandler):
	protocol_version = "HTTP/1.1"

	def log_message(self, *args):
		pass

	def reply(self, status, doc):
		data = json.dumps(doc).encode()
		self.send_response(status)
		self.send_header("Content-Type", "application/json")
		self.send_header("Content-Length", str(len(data)))
		self.end_headers()
		self.wfile.write(data)

	def body(self):
		return self.rfile.read(int(self.headers["Content-Length"]))

	def do_POST(self):
		doc = json.loads(self.body())
		path = self.path.removeprefix("/v1/workload/")
		if self.headers["Authorization"] != "Bearer mow_secret":
			return self.reply(401, {"code": "unauthorized"})
		self.server.calls.append((path, doc))
		if path == "outputs":
			return self.reply(200, {"url": "/v1/blobs/%s?sig=1" % doc["path"], "method": "PUT",
				"headers": {"X-Sha256": doc["sha256"]}})
		self.reply(200, {})

	def do_PUT(self):
		data, name = self.body(), self.path.removeprefix("/v1/blobs/").split("?")[0]
		if self.server.fail_puts > 0:
			self.server.fail_puts -= 1
			return self.reply(503, {"code": "unavailable"})
		assert "Authorization" not in self.headers
		assert hashlib.sha256(data).hexdigest() == self.headers["X-Sha256"]
		self.server.calls.append(("PUT", name))
		self.server.files[name] = data
		self.reply(200, {})


def door_env(door):
	return {"MODELOPS_RUN_URL": door.url, "MODELOPS_RUN_TOKEN": "mow_secret"}


def big_table(rows=4000, columns=20):
	rng = numpy.random.default_rng(1)
	x = rng.normal(size=(rows, columns))
	y = x[:, 0] * x[:, 1] + rng.normal(size=rows)
	lines = [",".join("%.4f" % v for v in row) + ",%.4f" % v for row, v in zip(x, y)]
	return (",".join("c%d" % i for i in range(columns)) + ",y\n" + "\n".join(lines) + "\n").encode()


def rounds_of_seconds(folder, seconds):
	"""Rounds on the big table that take about SECONDS on this machine as it is now."""
	started = time.monotonic()
	train(folder, big_table(), label="y", rounds=100, early_stopping_rounds=0)
	return int(max(100, 100 * seconds / (time.monotonic() - started)))


def test_door(tmp_path):
	rounds = rounds_of_seconds(tmp_path, 2)
	with Door(fail_puts=2) as door:
		done = train(tmp_path, big_table(), env=door_env(door), label="y", rounds=rounds, early_stopping_rounds=0)
		progress = [p["progress"] for p in door.bodies("progress")]
		assert len([p for p in progress if 0 < p < 0.99]) >= 3 and progress == sorted(progress) and progress[-1] == 1
		etas = [p["eta_s"] for p in door.bodies("progress") if "eta_s" in p]
		assert all(e >= 0 for e in etas) and etas[-1] == 0
		assert "of %d" % rounds in door.bodies("progress")[1]["message"]
		posts = door.bodies("metrics")
		seen = [(m["key"], m["iteration"]) for post in posts for m in post["metrics"]]
		assert sorted(seen) == sorted((key, i) for key in ("train-rmse", "valid-rmse") for i in range(rounds))
		assert len(posts) < 60
		puts = [name for what, name in door.calls if what == "PUT"]
		assert puts == ["metrics.json", "model.json", "features.json", "background.csv", "manifest.json"]
		for name, data in door.files.items():
			assert data == (tmp_path / "out" / name).read_bytes()
		assert "trying again" in done.stderr and "mow_secret" not in done.stdout + done.stderr


def test_door_is_away(tmp_path):
	prepare(tmp_path, IRIS, label="species", rounds=5)
	env = {"MODELOPS_RUN_URL": "http://127.0.0.1:%d/v1/workload" % proc.free_port(), "MODELOPS_RUN_TOKEN": "t",
		"TRAINER_UPLOAD_RETRY": "1s"}
	started = time.monotonic()
	done = proc.run("modelops-trainer", env=env, cwd=tmp_path)
	assert done.returncode == 75 and done.stderr.strip().splitlines()[-1].startswith("error: metrics.json")
	assert time.monotonic() - started < 15
	assert (tmp_path / "out" / "manifest.json").exists()


def test_refused_token_is_no_user_error(tmp_path):
	prepare(tmp_path, IRIS, label="species", rounds=5)
	with Door() as door:
		done = proc.run("modelops-trainer", env=dict(door_env(door), MODELOPS_RUN_TOKEN="other"), cwd=tmp_path)
		assert done.returncode == 1 and not door.files


def started(tmp_path, door):
	prepare(tmp_path, big_table(), label="y", rounds=100000, early_stopping_rounds=0)
	program = proc.Program("modelops-trainer", env=door_env(door), cwd=tmp_path, check=False)
	program.wait_until(lambda: len(door.bodies("progress")) >= 2, "progress")
	return program


def test_term_cancels(tmp_path):
	with Door() as door, started(tmp_path, door) as program:
		program.signal(signal.SIGTERM)
		assert program.wait(5) == 143
		assert "error: cancelled after" in program.log().splitlines()[-1]
		assert not door.files and not (tmp_path / "out" / "manifest.json").exists()


def test_kill_leaves_no_package(tmp_path):
	with Door() as door:
		with started(tmp_path, door) as program:
			program.kill()
		assert not door.files and not (tmp_path / "out" / "manifest.json").exists()
		train(tmp_path, IRIS, env=door_env(door), label="species", rounds=5)
		assert "manifest.json" in door.files
		check_manifest(tmp_path)


def test_settings_are_checked(tmp_path):
	done = proc.run("modelops-trainer", env={"TRAINER_UPLOAD_RETRY": "soon"}, cwd=tmp_path)
	assert done.returncode == 1 and "TRAINER_UPLOAD_RETRY" in done.stderr
	assert "MODELOPS_RUN_URL" in proc.run("modelops-trainer", "--help").stdout
