"""Pipelines: JSON and YAML, versions, and everything that makes one wrong."""
# databases: sqlite postgres
import copy

import yaml
from lib import api

SPEC = {"name": "iris", "description": "Train and register.",
	"parameters": [{"name": "data", "type": "artifact"}, {"name": "rounds", "type": "int", "default": 20}],
	"steps": [{"name": "train", "kind": "train", "max_runtime": "10m", "retries": 1,
		"with": {"dataset": "${params.data}", "label": "species", "rounds": "${params.rounds}"}},
		{"name": "register", "kind": "register", "needs": ["train"], "with": {"from": "train", "model": "iris"}}]}


def test_versions():
	with api.running() as server:
		_, project, admin = server.tenant()
		pipeline = admin.post("/v1/pipelines", {"project_id": "main", **SPEC}).json()
		assert pipeline["latest_version"] == 1 and pipeline["project_id"] == project["id"]
		admin.problem("POST", "/v1/pipelines", {"project_id": "main", **SPEC}, status=409)
		path = "/v1/pipelines/" + pipeline["id"]
		second = admin.post(path + "/versions", SPEC).json()
		assert second["version"] == 2 and second["created_by"] == "adm"
		assert admin.get(path).json()["latest_version"] == 2
		assert admin.get(path + "/versions/2").json() == second
		assert [v["version"] for v in admin.items(path + "/versions", limit=1)] == [2, 1]
		admin.get(path + "/versions/3", status=404)
		admin.get(path + "/versions/x", status=404)
		admin.problem("POST", path + "/versions", dict(SPEC, name="other"), field="name")
		admin.delete(path)
		admin.get(path, status=404)


def test_yaml_says_the_same():
	with api.running() as server:
		_, _, admin = server.tenant()
		one = admin.post("/v1/pipelines", {"project_id": "main", **SPEC}).json()
		text = yaml.safe_dump(dict(SPEC, name="second"))
		two = admin.post("/v1/pipelines", data=text, params={"project_id": "main"},
			headers={"Content-Type": "application/yaml"}).json()
		specs = [admin.get("/v1/pipelines/%s/versions/1" % p["id"]).json()["spec"] for p in (one, two)]
		assert dict(specs[1], name="iris") == specs[0]
		for wrong in ("a: [", "- &a 1\n- *a", "!!python/object:os.system x", "a: 1\na: 2", "\t"):
			admin.post("/v1/pipelines", data=wrong, params={"project_id": "main"}, status=(400, 422),
				headers={"Content-Type": "application/yaml"})


def changed(path, value):
	spec = copy.deepcopy(SPEC)
	at = spec
	for key in path[:-1]:
		at = at[key]
	at[path[-1]] = value
	return spec


def test_what_is_wrong_is_named():
	with api.running() as server:
		_, _, admin = server.tenant()
		cases = [(changed(["steps", 0, "kind"], "dance"), "steps[0].kind"),
			(changed(["steps", 1, "needs"], ["nobody"]), "steps[1].needs[0]"),
			(changed(["steps", 0, "with", "label"], 7), "steps[0].with.label"),
			(changed(["steps", 0, "with", "labl"], "x"), "steps[0].with.labl"),
			(changed(["steps", 0, "with", "rounds"], "${params.none}"), "steps[0].with.rounds"),
			(changed(["steps", 1, "name"], "train"), "steps[1].name"),
			(changed(["parameters", 0, "type"], "blob"), "parameters[0].type"),
			(changed(["steps"], []), "steps"), (changed(["colour"], "red"), "colour")]
		for spec, field in cases:
			answer = admin.problem("POST", "/v1/pipelines", {"project_id": "main", **spec})
			assert answer.get("field", "").startswith(field), answer
		circle = changed(["steps", 0, "needs"], ["register"])
		assert "train" in admin.problem("POST", "/v1/pipelines", {"project_id": "main", **circle})["detail"]
		assert admin.items("/v1/pipelines") == []
