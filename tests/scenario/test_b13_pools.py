"""Pools, their capacity, and tenants' share limits."""
# databases: sqlite postgres
from lib import api

A30 = {"name": "a30", "card_model": "A30", "mode": "MIG", "profile": "1g.6gb", "mig_strategy": "mixed",
	"gpu_resource_name": "nvidia.com/mig-1g.6gb", "capacity_shares": 8, "price_class": "a30-1g",
	"node_selector": {"gpu": "a30"}, "tolerations": [{"key": "gpu", "operator": "Exists"}]}
T4 = {"name": "t4", "card_model": "T4", "mode": "TIME_SLICE", "timeslice_replicas": 4, "capacity_shares": 8,
	"gpu_resource_name": "nvidia.com/gpu", "price_class": "t4"}
CPU = {"name": "cpu", "card_model": "cpu", "mode": "CPU", "capacity_shares": 2, "price_class": "cpu"}


def test_define_and_show():
	with api.running() as server:
		admin = server.client()
		for body in (A30, T4, CPU):
			pool = admin.post("/v1/gpu-pools", body).json()
			for name, value in body.items():
				assert pool[name] == value, name
			assert pool["max_shares_per_pod"] >= 1
			assert admin.get("/v1/gpu-pools/" + pool["id"]).json() == pool
			assert admin.get("/v1/gpu-pools/" + body["name"]).json() == pool
			capacity = admin.get("/v1/gpu-pools/%s/capacity" % body["name"]).json()
			assert (capacity["capacity_shares"], capacity["used_shares"], capacity["queued_shares"]) == (
				body["capacity_shares"], 0, 0)
		assert admin.get("/v1/gpu-pools/a30").json()["max_shares_per_pod"] == 1
		server.tenant("acme")
		assert {p["name"] for p in server.client("v", "acme", "viewer").items("/v1/gpu-pools")} == {"a30", "t4", "cpu"}
		admin.problem("POST", "/v1/gpu-pools", CPU, status=409)


def test_what_is_refused():
	with api.running() as server:
		admin = server.client()
		wrong = [(dict(A30, mode="BIG"), "mode"), (dict(A30, capacity_shares=0), "capacity_shares"),
			(dict(A30, capacity_shares=-1), "capacity_shares"), (dict(A30, capacity_shares="8"), "capacity_shares"),
			(dict(A30, profile=None), "profile"), (dict(CPU, profile="1g.6gb"), "profile"),
			(dict(CPU, name="Bad Name"), "name"), (dict(CPU, colour="red"), "colour")]
		for body, field in wrong:
			body = {k: v for k, v in body.items() if v is not None}
			admin.problem("POST", "/v1/gpu-pools", body, field=field)
		assert admin.items("/v1/gpu-pools") == []


def test_patch_with_if_match():
	with api.running() as server:
		admin = server.client()
		admin.post("/v1/gpu-pools", CPU)
		reply = admin.get("/v1/gpu-pools/cpu")
		etag = reply.headers["ETag"]
		changed = admin.patch("/v1/gpu-pools/cpu", {"capacity_shares": 4}, headers={"If-Match": etag})
		assert changed.json()["capacity_shares"] == 4 and changed.headers["ETag"] != etag
		admin.patch("/v1/gpu-pools/cpu", {"capacity_shares": 5}, headers={"If-Match": etag}, status=412)
		assert admin.get("/v1/gpu-pools/cpu").json()["capacity_shares"] == 4
		admin.problem("PATCH", "/v1/gpu-pools/cpu", {"capacity_shares": 0}, field="capacity_shares")
		admin.problem("PATCH", "/v1/gpu-pools/cpu", {"name": "x"}, field="name")
		admin.delete("/v1/gpu-pools/cpu")
		admin.get("/v1/gpu-pools/cpu", status=404)


def test_what_a_pod_may_get_goes_with_the_capacity():
	with api.running() as server:
		admin = server.client()
		admin.post("/v1/gpu-pools", CPU)
		for capacity in (8, 1, 4):
			changed = admin.patch("/v1/gpu-pools/cpu", {"capacity_shares": capacity}).json()
			assert changed["max_shares_per_pod"] == capacity
		assert admin.patch("/v1/gpu-pools/cpu", {"max_shares_per_pod": 2}).json()["max_shares_per_pod"] == 2
		assert admin.patch("/v1/gpu-pools/cpu", {"capacity_shares": 8}).json()["max_shares_per_pod"] == 2
		admin.problem("PATCH", "/v1/gpu-pools/cpu", {"capacity_shares": 1}, field="max_shares_per_pod")
		admin.post("/v1/gpu-pools", A30)
		assert admin.patch("/v1/gpu-pools/a30", {"capacity_shares": 4}).json()["max_shares_per_pod"] == 1


def test_a_deleted_pool_is_retired():
	with api.running() as server:
		admin = server.client()
		pool = admin.post("/v1/gpu-pools", CPU).json()
		server.tenant("acme")
		admin.put("/v1/quotas/acme/cpu", {"max_shares": 1})
		assert pool["retired_at"] is None
		admin.delete("/v1/gpu-pools/cpu")
		assert admin.items("/v1/gpu-pools") == [] and admin.items("/v1/quotas") == []
		left = admin.get("/v1/gpu-pools/" + pool["id"]).json()
		assert left["retired_at"] and left["name"] == "cpu-" + pool["id"][-10:].lower()
		for path in ("cpu", pool["id"]):
			admin.delete("/v1/gpu-pools/" + path, status=404)
			admin.patch("/v1/gpu-pools/" + path, {"capacity_shares": 3}, status=404)
		assert admin.post("/v1/gpu-pools", CPU).json()["id"] != pool["id"], "the name is free again"


def test_a_pool_with_work_is_not_deleted():
	with api.running() as server:
		root = server.client()
		for name in ("cpu", "spare"):
			root.post("/v1/gpu-pools", dict(CPU, name=name))
		_, _, admin = server.tenant("acme")
		admin.post("/v1/artifacts", data=b"a,y\n1,x\n", params={"project_id": "main", "name": "d.csv", "kind": "dataset"})
		step = {"name": "t", "kind": "train", "any_of": ["spare", "cpu"], "with": {"dataset": "d.csv", "label": "y"}}
		admin.post("/v1/pipelines", {"project_id": "main", "name": "p", "steps": [step]})
		run = admin.post("/v1/runs", {"project_id": "main", "pipeline": "p"}).json()
		for name in ("cpu", "spare"):
			answer = root.delete("/v1/gpu-pools/" + name, status=409).json()
			assert answer["code"] == "in_use" and run["id"] in answer["detail"]
		server.sql("UPDATE run_steps SET state = 'CANCELLED'")
		root.delete("/v1/gpu-pools/cpu")


def test_quotas():
	with api.running() as server:
		admin = server.client()
		pool = admin.post("/v1/gpu-pools", CPU).json()
		tenant, _, ann = server.tenant("acme")
		path = "/v1/quotas/acme/cpu"
		quota = admin.put(path, {"max_shares": 1}).json()
		assert (quota["tenant_id"], quota["pool_id"], quota["max_shares"]) == (tenant["id"], pool["id"], 1)
		assert ann.items("/v1/quotas") == [quota]
		assert admin.put(path, {"max_shares": 2}).json()["max_shares"] == 2
		ann.put(path, {"max_shares": 9}, status=403)
		admin.problem("PUT", path, {"max_shares": -1}, field="max_shares")
		admin.put("/v1/quotas/none/cpu", {"max_shares": 1}, status=404)
		admin.delete(path)
		assert ann.items("/v1/quotas") == []


def test_gauges():
	with api.running() as server:
		server.client().post("/v1/gpu-pools", CPU)
		text = server.nobody().get("/metrics").text
		assert 'modelops_pool_capacity_shares{pool="cpu"} 2' in text
		assert 'modelops_pool_used_shares{pool="cpu"} 0' in text
		assert 'modelops_pool_pending_shares{pool="cpu"} 0' in text
