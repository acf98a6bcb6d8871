"""Models, aliases and deployments: what a person may ask for; nothing is started here."""
# databases: sqlite postgres
import time

import test_b13_pools as pools
from lib import api


def test_models_and_aliases():
	with api.running() as server:
		_, project, admin = server.tenant()
		model, _ = server.model(project)
		path = "/v1/models/" + model
		assert admin.get(path).json()["name"] == "iris"
		assert [m["id"] for m in admin.items("/v1/models", project_id="main", name="iris")] == [model]
		version = admin.get(path + "/versions/1").json()
		assert version["metrics"] == {"valid-rmse": 0.5} and admin.items(path + "/versions") == [version]
		alias = admin.put(path + "/aliases/best", {"version": 1}).json()
		assert admin.items(path + "/aliases") == [alias] and alias["version"] == 1
		admin.put(path + "/aliases/best", {"version": 2}, status=404)
		admin.put(path + "/aliases/Bad", {"version": 1}, status=422)
		admin.problem("PUT", path + "/aliases/best", {"version": 0}, field="version")
		admin.delete(path + "/aliases/best")
		assert admin.items(path + "/aliases") == []
		_, _, other = server.tenant()
		for end in ("", "/versions", "/versions/1", "/aliases"):
			other.get(path + end, status=404)


def test_deployment_life():
	with api.running() as server:
		_, project, admin = server.tenant()
		server.client().post("/v1/gpu-pools", pools.CPU)
		server.model(project)
		body = {"project_id": "main", "name": "iris", "model": "iris", "version": 1, "pool": "cpu"}
		reply = admin.post("/v1/deployments", body)
		made = reply.json()
		assert (made["state"], made["generation"]) == ("PENDING", 1)
		assert made["spec"]["replicas"] == {"min": 1, "max": 1} and made["spec"]["project_id"] == project["id"]
		path = "/v1/deployments/" + made["id"]
		assert admin.get(path).json() == made and admin.items("/v1/deployments", name="iris") == [made]
		admin.problem("POST", "/v1/deployments", body, status=409)
		etag = reply.headers["ETag"]
		more = admin.patch(path, {"replicas": {"min": 2, "max": 2}, "concurrency": 8}, headers={"If-Match": etag}).json()
		assert more["generation"] == 2 and more["spec"]["concurrency"] == 8 and more["spec"]["version"] == 1
		admin.patch(path, {"concurrency": 9}, headers={"If-Match": etag}, status=412)
		for end in ("/revisions", "/instances"):
			assert admin.items(path + end) == []
		assert admin.items(path + "/events")[-1]["type"] == "Created"
		assert admin.delete(path).json()["state"] == "DELETING"
		admin.patch(path, {"concurrency": 9}, status=409)
		admin.delete(path)


def test_what_is_refused():
	with api.running() as server:
		_, project, admin = server.tenant()
		server.client().post("/v1/gpu-pools", pools.CPU)
		server.model(project)
		server.model(project, "broken", state="FAILED")
		base = {"project_id": "main", "name": "d", "model": "iris", "version": 1}
		cases = [(dict(base, model="none"), "model"), (dict(base, version=2), "version"), (dict(base, alias="x"), None),
			(dict(base, model="broken"), "version"), (dict(base, pool="none"), "pool"),
			(dict(base, pool="cpu", shares=3), "shares"), (dict(base, replicas={"min": 2, "max": 1}), None),
			(dict(base, name="Bad"), "name"), (dict(base, state="READY"), "state"), (dict(base, replicas={"mim": 1}), None)]
		for body, field in cases:
			admin.problem("POST", "/v1/deployments", body, field=field)
		without = {k: v for k, v in base.items() if k != "version"}
		admin.problem("POST", "/v1/deployments", dict(without, alias="none"), field="alias")
		assert admin.items("/v1/deployments") == []


def test_a_deployment_always_has_a_pool():
	"""Without a name it goes to the only pool or to `default`, and says so; where that is open, or the pool is not for it, it is refused."""
	with api.running() as server:
		_, project, admin = server.tenant("acme")
		root = server.client()
		server.model(project)
		base = {"project_id": "main", "model": "iris", "version": 1}
		admin.problem("POST", "/v1/deployments", dict(base, name="a"), field="pool")
		root.post("/v1/gpu-pools", pools.CPU)
		made = admin.post("/v1/deployments", dict(base, name="a")).json()
		assert made["spec"]["pool"] == "cpu"
		root.post("/v1/gpu-pools", dict(pools.CPU, name="more"))
		problem = admin.problem("POST", "/v1/deployments", dict(base, name="b"), field="pool")
		assert "several pools" in problem["detail"]
		assert admin.patch("/v1/deployments/" + made["id"], {"concurrency": 2}).json()["spec"]["pool"] == "cpu"
		root.post("/v1/gpu-pools", dict(pools.CPU, name="default"))
		assert admin.post("/v1/deployments", dict(base, name="b")).json()["spec"]["pool"] == "default"
		root.post("/v1/gpu-pools", pools.T4)
		admin.problem("POST", "/v1/deployments", dict(base, name="c", pool="t4"), field="device")
		root.put("/v1/quotas/acme/cpu", {"max_shares": 0})
		problem = admin.problem("POST", "/v1/deployments", dict(base, name="c", pool="cpu"), field="shares")
		assert "quota" in problem["detail"]


def test_a_tenant_has_so_many_deployments():
	with api.running(API_MAX_DEPLOYMENTS="2") as server:
		_, project, admin = server.tenant()
		_, other_project, other = server.tenant("other")
		server.client().post("/v1/gpu-pools", pools.CPU)
		server.model(project)
		server.model(other_project)
		body = {"project_id": "main", "model": "iris", "version": 1}
		first = admin.post("/v1/deployments", dict(body, name="a")).json()
		admin.post("/v1/deployments", dict(body, name="b"))
		problem = admin.problem("POST", "/v1/deployments", dict(body, name="c"), status=403, code="quota_exceeded")
		assert "API_MAX_DEPLOYMENTS" in problem["detail"]
		for name, status in (("c", 403), ("a", 201)): # nor by a deploy step; one that is there is changed
			step = {"name": "up", "kind": "deploy", "with": {"deployment": name, "model": "iris", "version": 1}}
			admin.post("/v1/pipelines", {"project_id": "main", "name": "to-" + name, "steps": [step]})
			admin.post("/v1/runs", {"project_id": "main", "pipeline": "to-" + name}, status=status)
		other.post("/v1/deployments", dict(body, name="c"))
		server.sql("DELETE FROM deployments WHERE id = ?", first["id"]) # as the controller ends a deletion
		admin.post("/v1/deployments", dict(body, name="c"))


def test_readyz_waits_for_instances():
	with api.running() as server:
		_, project, admin = server.tenant()
		server.client().post("/v1/gpu-pools", pools.CPU)
		server.model(project)
		made = admin.post("/v1/deployments", {"project_id": "main", "name": "d", "model": "iris", "version": 1}).json()
		nobody = server.nobody()
		nobody.get("/readyz")
		# What has served (a current revision) and has no READY instance holds readiness back, whatever state it is in.
		for state in ("READY", "DEGRADED", "ROLLING"):
			server.sql("UPDATE deployments SET current_revision_id = 'rev_x', state = '%s' WHERE id = ?" % state, made["id"])
			time.sleep(1.1) # the answer is good for a second
			problem = nobody.get("/readyz", status=503).json()
			assert "a deployment has no ready instance" in problem["detail"]
		server.sql("UPDATE deployments SET state = 'FAILED' WHERE id = ?", made["id"])
		assert "a deployment" in nobody.get("/readyz", status=503).json()["detail"] # not looked again for each who asks
		time.sleep(1.1)
		nobody.get("/readyz")
