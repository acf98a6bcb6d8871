"""Runs and training jobs: what is checked before they are taken, what is written, cancel."""
# databases: sqlite postgres
import test_b13_pools as pools
import test_b15_pipelines as pipelines
from lib import api


def setup(server):
	_, project, admin = server.tenant("acme")
	server.client().post("/v1/gpu-pools", pools.CPU)
	data = admin.post("/v1/artifacts", data=b"a,species\n1,x\n", params={"project_id": "main", "name": "iris.csv",
		"kind": "dataset"}).json()
	admin.post("/v1/pipelines", {"project_id": "main", **pipelines.SPEC})
	return project, admin, data


def test_a_run_is_written_with_its_steps():
	with api.running() as server:
		project, admin, data = setup(server)
		run = admin.post("/v1/runs", {"project_id": "main", "pipeline": "iris", "params": {"data": "iris.csv"}}).json()
		assert (run["state"], run["kind"], run["pipeline_version"]) == ("PENDING", "pipeline", 1)
		assert run["params"] == {"data": "iris.csv"} and run["project_id"] == project["id"]
		assert run["spec"]["steps"][0]["with"]["rounds"] == 20
		path = "/v1/runs/" + run["id"]
		assert admin.get(path).json() == run
		train, register = admin.items(path + "/steps")
		assert (train["state"], register["state"]) == ("QUEUED", "BLOCKED")
		assert train["inputs"]["dataset"] == data["id"] and train["shares"] == 1 and train["max_attempts"] == 2
		assert train["max_runtime"] == "10m" and register["needs"] == ["train"] and register["pool_id"] is None
		assert run["max_runtime"] == "7h10m", "(2 + 5) attempts of 10 minutes, 1 + 5 of an hour: the default"
		assert train["pool_id"] == admin.get("/v1/gpu-pools/cpu").json()["id"]
		assert [e["type"] for e in admin.items(path + "/events")] == ["Created"]
		assert admin.items(path + "/metrics") == []
		assert admin.get(path + "/logs", params={"step": "train"}).text == ""
		admin.problem("GET", path + "/logs", field="step")
		assert admin.items("/v1/runs", state="PENDING") == [run] and admin.items("/v1/runs", state="FAILED") == []
		assert admin.get("/v1/gpu-pools/cpu/capacity").json()["queued_shares"] == 1


def test_cancel():
	with api.running() as server:
		_, admin, _ = setup(server)
		run = admin.post("/v1/runs", {"project_id": "main", "pipeline": "iris", "params": {"data": "iris.csv"}}).json()
		for _ in range(2):
			assert admin.post("/v1/runs/%s/cancel" % run["id"]).json()["cancel_requested"] is True
		server.sql("UPDATE runs SET state = 'CANCELLED' WHERE id = ?", run["id"])
		admin.post("/v1/runs/%s/cancel" % run["id"], status=409)


def test_what_is_refused():
	with api.running() as server:
		_, admin, _ = setup(server)
		base = {"project_id": "main", "pipeline": "iris", "params": {"data": "iris.csv"}}
		cases = [(dict(base, pipeline="none"), "pipeline"), (dict(base, version=9), "version"),
			(dict(base, pool="none"), "steps[0].pool"), (dict(base, params={}), "params.data"),
			(dict(base, params={"data": "none.csv"}), "steps[0].with.dataset"),
			(dict(base, params={"data": "iris.csv", "rounds": "many"}), "params.rounds"),
			(dict(base, params={"data": "iris.csv", "more": 1}), "params.more"), (dict(base, colour=1), "colour"),
			({"project_id": "main"}, "pipeline_id")]
		for body, field in cases:
			admin.problem("POST", "/v1/runs", body, field=field)
		admin.problem("POST", "/v1/runs", dict(base, project_id="none"), status=404)
		assert admin.items("/v1/runs") == []


def job(**more):
	return {"project_id": "main", "name": "job", "with": {"dataset": "iris.csv", "label": "species"}, **more}


def test_a_step_takes_the_least_default_of_its_pools():
	with api.running() as server:
		project, admin, data = setup(server)
		root = server.client()
		for name, limit in (("slow", "3h"), ("quick", "20m")):
			root.post("/v1/gpu-pools", dict(pools.CPU, name=name, default_max_runtime=limit))
		step = {"name": "t", "kind": "train", "with": {"dataset": "iris.csv", "label": "species"}}
		for name, where, want in (("any", {"any_of": ["slow", "cpu", "quick"]}, "20m"), ("one", {"pool": "slow"}, "3h"), ("none", {"pool": "cpu"}, "1h")):
			admin.post("/v1/pipelines", {"project_id": "main", "name": name, "steps": [dict(step, **where)]})
			run = admin.post("/v1/runs", {"project_id": "main", "pipeline": name}).json()
			assert [s["max_runtime"] for s in admin.items("/v1/runs/%s/steps" % run["id"])] == [want]


def test_training_jobs():
	with api.running() as server:
		_, admin, data = setup(server)
		made = admin.post("/v1/training-jobs", job(register={"model": "iris", "alias": "best"}, retries=2)).json()
		assert made["kind"] == "training_job" and made["pipeline_id"] is None
		(step,) = admin.items("/v1/runs/%s/steps" % made["id"])
		assert step["inputs"]["register"] == {"model": "iris", "alias": "best"} and step["max_attempts"] == 3
		assert step["inputs"]["dataset"] == data["id"]
		assert admin.get("/v1/training-jobs/" + made["id"]).json() == made
		assert admin.items("/v1/training-jobs") == [made]
		long = admin.post("/v1/training-jobs", job(max_runtime="2d")).json()
		assert long["max_runtime"] == "12d", "a step's own limit is what ends it"
		assert admin.items("/v1/training-jobs") == [long, made]
		run = admin.post("/v1/runs", {"project_id": "main", "pipeline": "iris", "params": {"data": "iris.csv"}}).json()
		admin.get("/v1/training-jobs/" + run["id"], status=404)
		assert len(admin.items("/v1/runs")) == 3
		admin.problem("POST", "/v1/training-jobs", job(**{"with": {"dataset": "iris.csv"}}))
		admin.problem("POST", "/v1/training-jobs", job(shares=0), field="shares")


def test_pools_and_quotas_are_looked_at():
	with api.running() as server:
		_, admin, _ = setup(server)
		root = server.client()
		root.post("/v1/gpu-pools", pools.A30)
		answer = admin.problem("POST", "/v1/training-jobs", job(pool="a30"), field="steps[0].device")
		assert "a30" in answer["detail"]
		admin.post("/v1/training-jobs", job(pool="a30", device="cuda"))
		admin.problem("POST", "/v1/training-jobs", job(pool="cpu", device="cuda"), field="steps[0].device")
		admin.problem("POST", "/v1/training-jobs", job(pool="a30", device="cuda", shares=2), field="steps[0].shares")
		admin.problem("POST", "/v1/training-jobs", job(pool="cpu", shares=3), field="steps[0].shares")
		with_two = {"dataset": "iris.csv", "label": "species", "nthread": 2}
		admin.problem("POST", "/v1/training-jobs", job(pool="cpu", **{"with": with_two}), field="steps[0].with.nthread")
		admin.post("/v1/training-jobs", job(pool="cpu", shares=2, **{"with": with_two}))
		root.put("/v1/quotas/acme/cpu", {"max_shares": 1})
		admin.problem("POST", "/v1/training-jobs", job(pool="cpu", shares=2), field="steps[0].shares")
		root.patch("/v1/gpu-pools/a30", {"allow_cpu_on_gpu": True})
		admin.post("/v1/training-jobs", job(pool="a30"))
		admin.problem("POST", "/v1/training-jobs", job(), field="steps[0].pool") # two pools and no default


def test_other_tenants():
	with api.running() as server:
		_, admin, data = setup(server)
		made = admin.post("/v1/training-jobs", job()).json()
		_, _, other = server.tenant("beta")
		for path in ("", "/steps", "/events", "/metrics", "/logs"):
			other.get("/v1/runs/" + made["id"] + path, status=404)
		other.post("/v1/runs/%s/cancel" % made["id"], status=404)
		other.problem("POST", "/v1/training-jobs", job(**{"with": {"dataset": data["id"], "label": "species"}}),
			field="steps[0].with.dataset")


def test_a_name_means_a_data_set_and_an_id_an_id():
	"""Neither a run's output nor an upload that is called like an id takes a data set's place."""
	with api.running() as server:
		_, admin, data = setup(server)
		where = {"project_id": "main"}
		for kind, name in (("output", "iris.csv"), ("report", "iris.csv"), ("dataset", data["id"])):
			admin.post("/v1/artifacts", data=b"other\n", params={"kind": kind, "name": name, **where})
		for ref in ("iris.csv", data["id"]):
			made = admin.post("/v1/training-jobs", job(**{"with": {"dataset": ref, "label": "species"}})).json()
			(step,) = admin.items("/v1/runs/%s/steps" % made["id"])
			assert step["inputs"]["dataset"] == data["id"]
		newer = admin.post("/v1/artifacts", data=b"a,species\n2,y\n", params={"kind": "dataset", "name": "iris.csv", **where}).json()
		made = admin.post("/v1/training-jobs", job()).json()
		(step,) = admin.items("/v1/runs/%s/steps" % made["id"])
		assert step["inputs"]["dataset"] == newer["id"]
		output = admin.post("/v1/artifacts", data=b"x\n", params={"kind": "output", "name": "made.csv", **where}).json()
		admin.problem("POST", "/v1/training-jobs", job(**{"with": {"dataset": "made.csv", "label": "x"}}), field="steps[0].with.dataset")
		admin.post("/v1/training-jobs", job(**{"with": {"dataset": output["id"], "label": "x"}}))
