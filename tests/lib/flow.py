"""Steps of the platform's main flow through its public API, shared by the scenario and fault tests."""
import json

from lib import proc

PRICES = {"name": "standard", "currency": "EUR", "is_default": True, "rules": [
	{"metric": "gpu_share_us", "price_class": "cpu", "price_micro": 40000, "per_quantity": 3600 * 1000000,
		"unit_label": "share-hour", "description": "CPU share"},
	{"metric": "predict_requests", "price_class": "*", "price_micro": 100000, "per_quantity": 1000000,
		"unit_label": "million predictions", "description": "Predictions"},
	{"metric": "explain_requests", "price_class": "*", "price_micro": 500000, "per_quantity": 1000000,
		"unit_label": "million explanations", "description": "Explanations"},
]}


def cpu_pool(server, name="cpu", shares=4):
	return server.client().post("/v1/gpu-pools", {"name": name, "card_model": "cpu", "mode": "CPU",
		"capacity_shares": shares, "price_class": "cpu", "max_shares_per_pod": shares}).json()


def price_plan(server):
	return server.client().post("/v1/price-plans", PRICES).json()


def upload(client, project, name, data, kind="dataset"):
	return client.post("/v1/artifacts", data=data, params={"project_id": project["id"], "name": name, "kind": kind},
		headers={"Content-Type": "application/octet-stream"}).json()


def train(client, project, dataset, label, pool="cpu", name="job", register=None, **settings):
	body = {"project_id": project["id"], "name": name, "pool": pool,
		"with": {"dataset": dataset["id"], "label": label, **settings}}
	if register:
		body["register"] = {"model": register, "alias": "champion"}
	return client.post("/v1/training-jobs", body).json()


def steps(client, run):
	return client.get("/v1/runs/%s/steps" % run["id"]).json()["items"]


def wait_run(client, run, seconds=120, want="SUCCEEDED"):
	"""The finished run; fails with the steps' reasons when it ends otherwise than wanted."""
	def ended():
		now = client.get("/v1/runs/" + run["id"]).json()
		return now if now["state"] in ("SUCCEEDED", "FAILED", "CANCELLED") else None
	done = proc.wait_until(ended, lambda: "run %s ended; now %s" % (run["id"], json.dumps(steps(client, run))[:2000]),
		seconds, 0.1)
	assert done["state"] == want, "run %s: %s\n%s" % (run["id"], done["reason"], json.dumps(steps(client, run), indent=1))
	return done


def deploy(client, project, model, name="dep", seconds=60, pool="cpu", **more):
	made = client.post("/v1/deployments", {"project_id": project["id"], "name": name, "model": model, "alias": "champion",
		"pool": pool, **more}).json()
	return wait_ready(client, made, seconds)


def wait_ready(client, deployment, seconds=60):
	path = "/v1/deployments/" + deployment["id"]
	def ready():
		now = client.get(path).json()
		return now if now["state"] == "READY" else None
	return proc.wait_until(ready, lambda: "deployment READY; now %s\n%s" % (client.get(path).text,
		client.get(path + "/instances").text), seconds, 0.1)


def package_file(client, run, name):
	"""Bytes of one file of the model package that RUN made."""
	found = [a for a in client.items("/v1/artifacts", run_id=run["id"]) if a["name"].split("/")[-1] == name]
	assert found, "run %s has no artifact %s" % (run["id"], name)
	return client.get("/v1/artifacts/%s/content" % found[0]["id"], stream=True).content
