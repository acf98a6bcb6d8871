"""modelops-serving without the platform: answers equal xgboost's, bad input is refused by name, secrets, start, files."""
# timeout: 300
import json
import os
import subprocess
import time

import numpy
import pytest
import xgboost

from lib import proc, serving


@pytest.fixture(scope="module")
def iris(tmp_path_factory):
	folder = tmp_path_factory.mktemp("iris")
	booster, rows, names, labels = serving.iris(str(folder / "in"))
	with serving.Serving(folder, MODEL_VERSION="mv_7") as server:
		yield server, booster, rows, names, labels


def as_lists(rows):
	return [[float(v) for v in row] for row in rows]


def matrix(rows, names):
	return xgboost.DMatrix(numpy.asarray(rows, numpy.float32), feature_names=names)


def test_labels_of_all_rows(iris):
	server, booster, rows, names, labels = iris
	reply = server.post("/predict", {"instances": as_lists(rows)})
	assert reply.status == 200, reply.body
	doc = reply.json()
	expected = [labels[i] for i in booster.predict(matrix(rows, names)).argmax(axis=1)]
	assert doc["predictions"] == expected
	assert doc["model_version"] == "mv_7" and list(doc) == ["predictions", "model_version", "request_id"]
	assert reply.headers["X-Rows"] == "150" and reply.headers["X-Request-Id"] == doc["request_id"]
	assert reply.headers["Content-Type"] == "application/json"


def test_probabilities_have_xgboosts_bits(iris):
	server, booster, rows, names, labels = iris
	doc = server.post("/predict?proba=1", {"instances": as_lists(rows)}).json()
	mine = numpy.array([[row[label] for label in labels] for row in doc["predictions"]], numpy.float32)
	assert numpy.array_equal(mine.view(numpy.uint32), booster.predict(matrix(rows, names)).view(numpy.uint32))


def test_objects_and_missing_values(iris):
	server, booster, rows, names, _ = iris
	some = rows[::10].copy()
	some[:, 2] = numpy.nan
	bodies = [{n: (None if numpy.isnan(v) else float(v)) for n, v in reversed(list(zip(names, row)))} for row in some]
	doc = server.post("/v1/deployments/any/predict?proba=1", {"instances": bodies}).json()
	mine = numpy.array([list(row.values()) for row in doc["predictions"]], numpy.float32)
	assert numpy.array_equal(mine, booster.predict(matrix(some, names)))


def test_explanations_are_xgboosts_and_sum_up(iris):
	server, booster, rows, names, labels = iris
	reply = server.post("/explain", {"instances": as_lists(rows)})
	theirs = booster.predict(matrix(rows, names), pred_contribs=True)
	margins = booster.predict(matrix(rows, names), output_margin=True)
	assert reply.status == 200 and reply.headers["X-Rows"] == "150"
	for row, item in enumerate(reply.json()["explanations"]):
		assert set(item) == {"base_value", "values", "output", "class"} and list(item["values"]) == names
		group = labels.index(item["class"])
		assert group == margins[row].argmax()
		mine = numpy.array(list(item["values"].values()) + [item["base_value"]])
		assert numpy.allclose(mine, theirs[row, group], rtol=0, atol=1e-5 * max(1, abs(theirs[row, group]).max()))
		assert abs(mine.sum() - item["output"]) < 1e-5 and abs(item["output"] - margins[row, group]) < 1e-5


def test_explain_one_class(iris):
	server, booster, rows, names, labels = iris
	theirs = booster.predict(matrix(rows[:1], names), pred_contribs=True)
	for group, label in enumerate(labels):
		item = server.post("/explain?class=" + label, {"instances": as_lists(rows[:1])}).json()["explanations"][0]
		assert item["class"] == label
		assert numpy.allclose(list(item["values"].values()), theirs[0, group, :-1], atol=1e-5)


INSTANCES = '{"instances":%s}'
BAD = [
	("truncated", '{"instances":[[1,2,3', 400, "expected"),
	("empty body", "", 400, "an object expected"),
	("not json", "hello", 400, "an object expected"),
	("an array", "[[1,2,3,4]]", 400, "an object expected"),
	("bytes behind", INSTANCES % "[[1,2,3,4]]" + "x", 400, "the end expected"),
	("deep", '{"instances":' + "[" * 100000, 400, None),
	("deep object", '{"a":' * 100000, 422, None),
	("NaN", INSTANCES % "[[NaN,2,3,4]]", 400, "number or null"),
	("Infinity", INSTANCES % "[[1,2,3,-Infinity]]", 400, "number"),
	("1e999", INSTANCES % "[[1,2,3,1e999]]", 422, "1e999"),
	("1e39", INSTANCES % "[[1,2,3,1e39]]", 422, "instances[0][3]"),
	("text", INSTANCES % '[[1,2,3,4],[1,"x",3,4]]', 422, "instances[1][1]"),
	("boolean", INSTANCES % "[[1,2,true,4]]", 422, "instances[0][2]"),
	("nested", INSTANCES % "[[1,2,[3],4]]", 422, "instances[0][2]"),
	("ragged", INSTANCES % "[[1,2,3,4],[1,2,3]]", 422, "instances[1]"),
	("too wide", INSTANCES % "[[1,2,3,4,5]]", 422, "5 values"),
	("no rows", INSTANCES % "[]", 422, "instances"),
	("empty row", INSTANCES % "[[]]", 422, "0 values"),
	("instances is null", INSTANCES % "null", 422, "null"),
	("instances is text", INSTANCES % '"x"', 422, "instances"),
	("a flat row", INSTANCES % "[1,2,3,4]", 422, "instances[0]"),
	("unknown field", '{"instances":[[1,2,3,4]],"foo":1}', 422, "foo"),
	("instances twice", '{"instances":[[1,2,3,4]],"instances":[[1,2,3,4]]}', 422, "twice"),
	("no instances", "{}", 422, "instances"),
	("unknown feature", INSTANCES % '[{"sepal_length":1,"sepal_width":2,"petal_length":3,"petal_wide":4}]', 422, "petal_wide"),
	("missing feature", INSTANCES % '[{"sepal_length":1,"sepal_width":2,"petal_length":3}]', 422, "petal_width"),
	("feature twice", INSTANCES % '[{"sepal_length":1,"sepal_length":2,"petal_length":3,"petal_width":4}]', 422, "sepal_length"),
	("mixed rows", INSTANCES % '[[1,2,3,4],{"sepal_length":1}]', 422, "instances[1]"),
	("leading zero", INSTANCES % "[[01,2,3,4]]", 400, None),
	("hex", INSTANCES % "[[0x10,2,3,4]]", 400, None),
	("not utf-8", b'{"instances":[{"\xff":1}]}', 400, "UTF-8"),
]


@pytest.mark.parametrize("path", ["/predict", "/explain"])
@pytest.mark.parametrize("case", BAD, ids=lambda case: case[0])
def test_bad_bodies_are_named(iris, path, case):
	server = iris[0]
	_, body, status, text = case
	reply = server.post(path, body.encode() if isinstance(body, str) else body)
	assert reply.status == status, reply.body
	assert reply.headers["Content-Type"] == "application/problem+json"
	doc = reply.json()
	assert doc["status"] == status and doc["code"] and doc["request_id"]
	if text:
		assert text in doc["detail"], doc
	if status == 422:
		assert doc.get("field"), doc


def test_bad_options(iris):
	server, _, rows, _, _ = iris
	body = {"instances": as_lists(rows[:1])}
	for path, field in (("/predict?proba=2", "proba"), ("/predict?x=1", "x"), ("/explain?class=rose", "class"), ("/explain?proba=1", "proba")):
		reply = server.post(path, body)
		assert reply.status in (400, 422) and field in reply.json()["detail"], reply.body
	assert server.post("/predict", body, {"X-Deadline-Ms": "soon"}).status == 400


def test_routes(iris):
	server = iris[0]
	assert server.call("GET", "/healthz").status == 200
	assert server.call("GET", "/readyz").status == 200
	assert server.call("GET", "/predict").status == 405
	assert server.call("POST", "/nothing", b"{}").status == 404
	assert server.call("GET", "/v1/deployments/x").status == 404


def test_a_refused_body_leaves_the_connection_or_closes_it_cleanly(iris):
	"""The next request on the same connection gets its own answer."""
	server, _, rows, _, _ = iris
	connection = server.connection()
	for body in (b'{"instances":[[1,"x"]]}', json.dumps({"instances": as_lists(rows[:2])}).encode()) * 3:
		connection.request("POST", "/predict", body)
		reply = connection.getresponse()
		reply.read()
	assert reply.status == 200
	connection.close()


def test_metrics_count(iris):
	server, _, rows, _, _ = iris
	ok, rows_total = 'modelops_serving_requests_total{kind="predict",code="200"}', 'modelops_serving_rows_total{kind="predict"}'
	before = server.metric(ok), server.metric(rows_total)
	server.post("/predict", {"instances": as_lists(rows[:7])})
	server.post("/predict", b"{}")
	assert (server.metric(ok), server.metric(rows_total)) == (before[0] + 1, before[1] + 7)
	assert server.metric('modelops_serving_requests_total{kind="predict",code="422"}') >= 1
	assert server.metric("modelops_serving_inflight") == 0 and server.metric("modelops_serving_queue_depth") == 0
	assert server.metric('modelops_serving_request_seconds_count{kind="predict"}') >= before[0] + 1
	assert server.metric("process_cpu_seconds_total") >= 0 and server.metric("process_resident_memory_bytes") > 1e6
	assert abs(server.metric("process_start_time_seconds") - time.time()) < 600


def test_metrics_say_whose_they_are(tmp_path):
	serving.iris(tmp_path / "in")
	with serving.Serving(tmp_path, TENANT_ID="ten_1", DEPLOYMENT_ID="dep_1") as server:
		text = server.call("GET", "/metrics").body.decode()
	values = [line for line in text.splitlines() if not line.startswith("#")]
	assert len(values) > 20 and all('{tenant="ten_1",deployment="dep_1"' in line for line in values)


def test_only_its_own_libraries(iris):
	server = iris[0]
	with open("/proc/%d/maps" % server.pid, encoding="utf-8") as f:
		text = f.read()
	assert "libxgboost" not in text and "libcurl" not in text and "libpq" not in text and "sqlite" not in text


def test_limits_of_size(tmp_path):
	_, rows, _, _ = serving.iris(str(tmp_path / "in"))
	with serving.Serving(tmp_path, SERVING_MAX_ROWS="10", SERVING_MAX_BODY="2000", SERVING_MAX_REPLY="1024") as server:
		assert server.post("/predict", {"instances": as_lists(rows[:10])}).status == 200
		for path, count, what in (("/predict", 11, "more than 10 instances"), ("/explain", 10, "larger than 1024 bytes")):
			reply = server.post(path, {"instances": as_lists(rows[:count])})
			assert reply.status == 413 and what in reply.json()["detail"], reply.body
		assert server.post("/predict", {"instances": as_lists(rows[:140])}).status == 413


def test_strangers_are_told_so(tmp_path):
	_, rows, _, _ = serving.iris(str(tmp_path / "in"))
	body = {"instances": as_lists(rows[:1])}
	good = {"X-Instance-Id": "ins_1", "X-Instance-Secret": "s3cret"}
	with serving.Serving(tmp_path, INSTANCE_ID="ins_1", INSTANCE_SECRET="s3cret", SERVING_LISTEN="unix:s") as server:
		assert server.address == "unix:" + os.path.realpath(str(tmp_path / "s"))
		assert server.post("/predict", body, good).status == 200
		for bad in ({}, {"X-Instance-Id": "ins_1"}, {"X-Instance-Secret": "s3cret"}, dict(good, **{"X-Instance-Secret": "s3creT"}),
				dict(good, **{"X-Instance-Secret": "s3cret2"}), dict(good, **{"X-Instance-Id": "ins_2"})):
			for path in ("/predict", "/explain", "/v1/deployments/d/predict"):
				reply = server.post(path, body, bad)
				assert reply.status == 421 and b"s3cret" not in reply.body, reply.body
		assert server.call("GET", "/readyz").status == 200
		with open(server.log_path, encoding="utf-8") as f:
			assert "s3cret" not in f.read()


@pytest.mark.parametrize("damage", ["no model", "truncated", "features differ", "not a file"])
def test_a_refused_package_ends_with_3_and_one_line(tmp_path, damage):
	serving.iris(str(tmp_path / "in"))
	model, features = tmp_path / "in" / "model.json", tmp_path / "in" / "features.json"
	if damage == "no model":
		model.unlink()
	elif damage == "truncated":
		model.write_bytes(model.read_bytes()[:5000])
	elif damage == "features differ":
		features.write_text(features.read_text().replace("sepal_width", "sepal_height"))
	else:
		model.unlink()
		model.mkdir()
	done = subprocess.run([proc.program("modelops-serving")], cwd=tmp_path, env=proc.clean_environment(), capture_output=True,
		text=True, timeout=20, check=False)
	assert done.returncode == 3
	assert done.stderr.startswith("error: ") and done.stderr.count("\n") == 1 and "model" in done.stderr, done.stderr
	assert not (tmp_path / "address").exists()


@pytest.mark.parametrize("setting", ["SERVING_MAX_CONCURRENCY=0", "SERVING_DEADLINE=soon", "SERVING_NONSENSE=1", "SERVING_QUEUE_MAX=-1"])
def test_bad_settings_stop_the_start(tmp_path, setting):
	serving.iris(str(tmp_path / "in"))
	done = subprocess.run([proc.program("modelops-serving"), setting], cwd=tmp_path, env=proc.clean_environment(),
		capture_output=True, text=True, timeout=20, check=False)
	assert done.returncode == 2 and setting.split("=", maxsplit=1)[0] in done.stderr


def test_a_regression_and_a_binary_model(tmp_path):
	rng = numpy.random.default_rng(8)
	x = rng.normal(size=(200, 3)).astype(numpy.float32)
	names = ["a \"quoted\"", "bé", "c"]
	for task, params, y, classes in (("regression", {}, x[:, 0] * 3, None),
			("binary", {"objective": "binary:logistic"}, x[:, 0] > 0, ["no", "yes"]),
			("binary", {"objective": "binary:logistic"}, x[:, 0] > 0, None)):
		booster = xgboost.train(dict({"nthread": 1}, **params), xgboost.DMatrix(x, y, feature_names=names), 10)
		folder = tmp_path / (task + str(classes))
		serving.package(str(folder / "in"), booster, task, names, classes)
		data = xgboost.DMatrix(x, feature_names=names)
		with serving.Serving(folder) as server:
			body = {"instances": as_lists(x)}
			mine, theirs = server.post("/predict", body).json()["predictions"], booster.predict(data)
			if task == "regression":
				assert numpy.array_equal(numpy.array(mine, numpy.float32), theirs)
			else:
				labels = classes or [0, 1]
				assert mine == [labels[int(p > 0.5)] for p in theirs]
				proba = server.post("/predict?proba=1", body).json()["predictions"]
				assert numpy.array_equal(numpy.array([p[str(labels[1])] for p in proba], numpy.float32), theirs)
			items = server.post("/explain", body).json()["explanations"]
			contributions = booster.predict(data, pred_contribs=True)
			assert all(list(i["values"]) == names for i in items)
			got = numpy.array([list(i["values"].values()) + [i["base_value"]] for i in items])
			assert numpy.allclose(got, contributions, atol=1e-5)
			if task == "binary": # the second class is what the margin is for; the first one's is its opposite
				second = server.post("/explain?class=%s" % labels[1], body).json()["explanations"]
				first = server.post("/explain?class=%s" % labels[0], body).json()["explanations"]
				assert second == items and {i["class"] for i in first} == {str(labels[0])}
				assert all(one["output"] == -two["output"] and one["base_value"] == -two["base_value"] for one, two in zip(first, second))
				assert all(one["values"][n] == -two["values"][n] for one, two in zip(first, second) for n in names)
