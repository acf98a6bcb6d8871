"""What a key may not reach or do itself it does not reach or do through another noun either."""
# databases: sqlite postgres
import datetime

import test_b13_pools as pools
from lib import api

DEPLOYS = {"name": "d", "steps": [{"name": "up", "kind": "deploy", "with": {"deployment": "d", "model": "iris", "version": 1}}]}
REGISTERS = {"name": "r", "steps": [{"name": "t", "kind": "train", "with": {"dataset": "d.csv", "label": "y"}},
	{"name": "reg", "kind": "register", "needs": ["t"], "with": {"from": "t", "model": "m"}}]}


def world(server):
	tenant, project, admin = server.tenant("acme")
	server.client().post("/v1/gpu-pools", pools.CPU)
	robot = admin.post("/v1/principals", {"name": "robot"}).json()
	admin.post("/v1/artifacts", data=b"a,y\n1,2\n", params={"project_id": "main", "name": "d.csv", "kind": "dataset"})
	return project, admin, robot


def key(server, admin, robot, **more):
	made = admin.post("/v1/api-keys", {"principal_id": robot["id"], "name": "k", "role": "user", **more}).json()
	return server.key_client(made["key"])


def test_a_key_of_one_project_deploys_no_model_of_another():
	with api.running() as server:
		project, admin, robot = world(server)
		model, _ = server.model(project)
		other = admin.post("/v1/projects", {"name": "other"}).json()
		client = key(server, admin, robot, project_id=other["id"])
		client.get("/v1/models/" + model, status=404)
		for ref in (model, "iris"):
			client.problem("POST", "/v1/deployments", {"project_id": "other", "name": "d", "model": ref, "version": 1},
				field="model")
		made = admin.post("/v1/deployments", {"project_id": "main", "name": "d", "model": model, "version": 1}).json()
		assert made["spec"]["model"] == model


def test_a_pipeline_gives_no_permission():
	"""run.write alone neither deploys nor registers by way of a step."""
	with api.running() as server:
		project, admin, robot = world(server)
		server.model(project)
		for spec in (DEPLOYS, REGISTERS):
			admin.post("/v1/pipelines", {"project_id": "main", **spec})
		runner = key(server, admin, robot, scopes=["run.write", "pipeline.read"])
		for name, perm in (("d", "deployment.write"), ("r", "model.write")):
			body = {"project_id": "main", "pipeline": name}
			problem = runner.problem("POST", "/v1/runs", body, status=403, code="permission_denied")
			assert perm in problem["detail"]
			key(server, admin, robot, scopes=["run.write", perm]).post("/v1/runs", body)
		job = {"project_id": "main", "name": "j", "with": {"dataset": "d.csv", "label": "y"}}
		runner.post("/v1/training-jobs", job)
		runner.problem("POST", "/v1/training-jobs", dict(job, register={"model": "m"}), status=403)


def test_no_key_outlives_the_one_that_made_it():
	with api.running() as server:
		_, admin, robot = world(server)
		now = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)
		soon, later = ((now + datetime.timedelta(hours=h)).isoformat().replace("+00:00", "Z") for h in (1, 2))
		short = server.key_client(admin.post("/v1/api-keys", {"principal_id": robot["id"], "name": "k", "role": "tenant_admin",
			"expires_at": soon}).json()["key"])
		body = {"principal_id": robot["id"], "name": "child", "role": "user"}
		assert short.post("/v1/api-keys", body).json()["expires_at"] == soon
		problem = short.problem("POST", "/v1/api-keys", dict(body, expires_at=later), field="expires_at")
		assert soon in problem["detail"]
