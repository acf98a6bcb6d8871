"""The gateway before a real instance: the caller gets what the instance says, whatever the size of the body."""
# timeout: 300
import contextlib
import json

import pytest
from test_c_serving_answers import BAD

from lib import api, flow, serving, standin

ROW = {"instances": [[5.1, 3.5, 1.4, 0.2]]}
OPTIONS = [("predict", "proba=2"), ("predict", "x=1"), ("predict", "proba=1&proba=1"), ("explain", "class=rose"),
	("explain", "proba=1"), ("explain", "class=")]


class Place:
	"""An API, a deployment and its instance."""

	def __init__(self, server, instance):
		self.instance = instance
		_, project, self.admin = server.tenant("acme")
		server.model(project)
		flow.cpu_pool(server)
		deployment = self.admin.post("/v1/deployments", {"project_id": "main", "name": "d", "model": "iris", "version": 1}).json()
		standin.ready(server, deployment, int(instance.address.rsplit(":", 1)[1]))
		self.path = "/v1/deployments/%s/" % deployment["id"]

	def post(self, kind, body, headers=None, status=(200, 400, 413, 422)):
		return self.admin.post(self.path + kind, data=body, headers=headers, status=status)


@pytest.fixture(scope="module", name="place")
def _place(tmp_path_factory):
	folder = tmp_path_factory.mktemp("iris")
	serving.iris(str(folder / "in"))
	with serving.Serving(folder, MODEL_VERSION="mv_7") as instance, api.running() as server:
		yield Place(server, instance)


def same(direct, through):
	"""Status, code, detail, field: only the request id differs."""
	mine, theirs = through.json(), direct.json()
	assert mine.pop("request_id") and theirs.pop("request_id")
	assert (through.status_code, mine) == (direct.status, theirs)
	assert through.headers["Content-Type"] == direct.headers["Content-Type"]


@pytest.mark.parametrize("kind", ["predict", "explain"])
@pytest.mark.parametrize("case", BAD, ids=lambda case: case[0])
def test_a_bad_body_is_named_by_the_instance(place, kind, case):
	body = case[1].encode() if isinstance(case[1], str) else case[1]
	direct = place.instance.post("/" + kind, body)
	assert direct.status == case[2]
	same(direct, place.post(kind, body))


@pytest.mark.parametrize("kind, query", OPTIONS)
def test_a_bad_option_is_named_by_the_instance(place, kind, query):
	body = json.dumps(ROW)
	direct = place.instance.post("/%s?%s" % (kind, query), body)
	assert direct.status in (400, 422)
	same(direct, place.post("%s?%s" % (kind, query), body))


def test_a_deadline_that_is_no_number(place):
	direct = place.instance.post("/predict", ROW, {"X-Deadline-Ms": "soon"})
	same(direct, place.post("predict", json.dumps(ROW), {"X-Deadline-Ms": "soon"}, status=400))


def test_ten_thousand_rows(place):
	body = json.dumps({"instances": ROW["instances"] * 10000})
	doc = place.post("predict", body, status=200).json()
	assert doc["predictions"] == ["setosa"] * 10000 and doc["model_version"] == "mv_7"
	same(place.instance.post("/predict", json.dumps({"instances": ROW["instances"] * 10001})),
		place.post("predict", json.dumps({"instances": ROW["instances"] * 10001}), status=413))


def test_the_largest_body(place):
	"""8 MiB pass; one byte more is refused here as it would be there."""
	text = json.dumps(ROW)
	assert place.post("predict", text + " " * ((8 << 20) - len(text)), status=200).json()["predictions"] == ["setosa"]
	assert place.post("predict", text + " " * ((8 << 20) + 1 - len(text)), status=413).json()["code"] == "body_too_big"
	with contextlib.suppress(ConnectionError): # the instance answers before it has read all of it
		assert place.instance.post("/predict", text + " " * ((8 << 20) + 1 - len(text))).status == 413


def test_explain_a_class(place):
	for label in ("setosa", "versicolor", "virginica"):
		theirs = place.instance.post("/explain?class=" + label, ROW).json()["explanations"]
		mine = place.post("explain?class=" + label, json.dumps(ROW), status=200).json()["explanations"]
		assert mine == theirs and mine[0]["class"] == label
	assert place.post("explain", json.dumps(ROW), status=200).json()["explanations"][0]["class"] == "setosa"


def test_openapi_says_what_explain_takes(place):
	paths = place.admin.get("/openapi.json").json()["paths"]
	def names(kind):
		return [p["name"] for p in paths["/v1/deployments/{id}/" + kind]["post"]["parameters"] if p["in"] == "query"]
	assert (names("predict"), names("explain")) == (["proba"], ["class"])
