"""The OpenAPI document: valid by an independent judge, the same everywhere, nothing free-form; and /docs."""
# databases: sqlite postgres
import contextlib
import json
import os
import shutil

import openapi_spec_validator
from lib import api, proc

# Schemas that may be any JSON, each said to be opaque in its own words.
OPAQUE = "Opaque"


def schemas(node, path="#"):
	"""Every schema below NODE with its path."""
	if isinstance(node, dict):
		if "type" in node or "$ref" in node or "properties" in node:
			yield path, node
		for key, value in node.items():
			yield from schemas(value, path + "/" + key)
	elif isinstance(node, list):
		for index, value in enumerate(node):
			yield from schemas(value, "%s/%d" % (path, index))


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
	doc = document()
	for path, schema in schemas(doc["components"]["schemas"]):
		kind = schema.get("type")
		if kind == "object" or (isinstance(kind, list) and "object" in kind):
			closed = schema.get("additionalProperties") is not None
			assert closed or OPAQUE in schema.get("description", ""), path


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
