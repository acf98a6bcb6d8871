"""The OpenAPI document: valid by an independent judge, the same everywhere, nothing free-form; and /docs."""
# databases: sqlite postgres
import contextlib
import json
import os
import re
import shutil

import openapi_spec_validator
from lib import api, proc

# Documents of others that pass through: each also says in its description that it is opaque.
OPAQUE = {"GpuPool.node_selector", "GpuPool.tolerations", "PipelineParameter.default", "PipelineStep.with", "Run.params",
	"RunStep.inputs", "RunStep.outputs", "TrainingJob.with", "LedgerEntry.evidence", "Dashboard.definition", "WorkloadSpec.step",
	"GET /openapi.json"}


def roots(doc):
	"""Every schema that stands by itself, named: components, parameters, bodies and replies."""
	for name, schema in doc["components"]["schemas"].items():
		yield re.sub("(Create|Patch)$", "", name), schema
	for path, item in doc["paths"].items():
		for method, operation in item.items():
			for parameter in operation.get("parameters", []):
				yield "%s %s?%s" % (method.upper(), path, parameter["name"]), parameter["schema"]
			for body in [operation.get("requestBody", {})] + list(operation["responses"].values()):
				for media in body.get("content", {}).values():
					yield "%s %s" % (method.upper(), path), media["schema"]


def parts(name, schema):
	"""SCHEMA and every schema inside it."""
	yield name, schema
	for key, inner in schema.get("properties", {}).items():
		yield from parts(name + "." + key, inner)
	for key in ("items", "additionalProperties"):
		if isinstance(schema.get(key), dict) and name not in OPAQUE:
			yield from parts(name, schema[key])
	for key in ("anyOf", "oneOf", "allOf"):
		for inner in schema.get(key, []):
			yield from parts(name, inner)


def open_ended(schema):
	"""It lets any value through, or any members."""
	if {"$ref", "enum", "const", "anyOf", "oneOf", "allOf"} & set(schema):
		return False
	kinds = schema.get("type") or "anything"
	kinds = kinds if isinstance(kinds, list) else [kinds]
	return "anything" in kinds or ("array" in kinds and not schema.get("items")) or (
		"object" in kinds and schema.get("additionalProperties") in (None, True))


def document():
	done = proc.run("modelops-api", "--openapi")
	assert done.returncode == 0, done.stderr
	return json.loads(done.stdout)


def test_valid_and_served():
	doc = document()
	openapi_spec_validator.validate(doc)
	assert doc["openapi"].startswith("3.1")
	with api.running() as server:
		assert server.nobody().get("/openapi.json").json() == doc


def test_every_route_is_in_it():
	doc = document()
	routes = json.loads(proc.run("modelops-api", "--routes").stdout)
	said = {(method.upper(), path) for path, item in doc["paths"].items() for method in item}
	assert said == {(r["method"], r["path"].replace("...", "")) for r in routes}
	ids = [item[m]["operationId"] for item in doc["paths"].values() for m in item]
	assert len(ids) == len(set(ids))


def test_nothing_is_free_form():
	"""But for the documents in OPAQUE, which say so themselves; and none of those is in the list for nothing."""
	found = {}
	for name, schema in roots(document()):
		found.update({part: inner for part, inner in parts(name, schema) if open_ended(inner)})
	assert set(found) == OPAQUE
	assert all("opaque" in inner.get("description", "").lower() for inner in found.values())


def test_the_judge_of_free_forms_sees_them():
	for schema in ({}, {"type": "object"}, {"type": ["object", "null"]}, {"type": "object", "additionalProperties": True},
			{"type": "array"}, {"type": "array", "items": {}}, {"description": "any"}):
		assert open_ended(schema), schema
		inside = {"type": "object", "additionalProperties": False, "properties": {"x": {"type": "array", "items": schema}}}
		assert any(open_ended(inner) for _, inner in parts("X", inside))
	for schema in ({"type": "string"}, {"type": "object", "additionalProperties": {"type": "number"}}, {"$ref": "#/x"}):
		assert not any(open_ended(inner) for _, inner in parts("X", schema))


def test_docs_work_offline():
	with api.running() as server:
		nobody = server.nobody()
		page = nobody.get("/docs")
		assert "swagger-ui" in page.text and "//" not in page.text.replace("/docs/", "")
		for name in ("swagger-ui.css", "swagger-ui-bundle.js", "start.js"):
			assert name in page.text and len(nobody.get("/docs/" + name).content) > 50
		for name in ("../api.h", "%2e%2e/x", "index.html", "swagger-ui.css/", "x"):
			nobody.request("GET", "/docs/" + name, status=(400, 404))


def test_docs_need_no_python_and_no_repository(tmp_path):
	"""What is installed is bin and share side by side, anywhere."""
	share = os.path.join(os.path.dirname(proc.BIN), "share", "swagger-ui")
	(tmp_path / "bin").mkdir()
	shutil.copy(proc.program("modelops-api"), tmp_path / "bin" / "modelops-api")
	shutil.copytree(share, tmp_path / "share" / "swagger-ui")
	data = str(tmp_path / "data")
	api.make_data(data)
	with contextlib.ExitStack() as stack:
		url = stack.enter_context(api.database(data))
		api.migrate(data, url)
		env = {name: value for name, value in api.settings(data, url).items() if name != "MODELOPS_REPO_ROOT"}
		program = stack.enter_context(proc.Program(str(tmp_path / "bin" / "modelops-api"), env=env, cwd=tmp_path))
		nobody = api.Server(data, program, url).nobody()
		with open(os.path.join(share, "swagger-ui-bundle.js"), "rb") as f:
			assert nobody.get("/docs/swagger-ui-bundle.js").content == f.read()
		shutil.rmtree(tmp_path / "share")
		problem = nobody.problem("GET", "/docs/swagger-ui.css", status=404)
		assert "install-deps" in problem["detail"]


def test_pages_are_current():
	with open(os.path.join(proc.ROOT, "docs", "openapi.json"), encoding="utf-8") as f:
		assert json.load(f) == document(), "run tools/gen-openapi"
