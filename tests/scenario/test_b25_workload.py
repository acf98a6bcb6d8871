"""The workload door: a token opens its own live attempt and nothing else; logs and metrics come back on the run."""
# databases: sqlite postgres
import hashlib
import hmac
import json
import os

import test_b16_runs as runs
from lib import api


def token(server, attempt, tenant):
	with open(server.data + "/secrets/workload.key", encoding="ascii") as f:
		secret = bytes.fromhex(f.read().strip())
	mac = hmac.new(secret, ("attempt|%s|%s" % (attempt, tenant)).encode(), hashlib.sha256).hexdigest()
	return "mow_%s_%s" % (attempt, mac)


def attempt(server, admin, state="RUNNING", **job):
	"""A training job whose step is in STATE with an attempt, as the controller leaves it: (run, attempt id, client)."""
	run = admin.post("/v1/training-jobs", runs.job(**job)).json()
	ident = api.new_id("att")
	server.sql("UPDATE run_steps SET state = ?, attempt_id = ?, attempt = 1 WHERE run_id = ?", state, ident, run["id"])
	return run, ident, server.key_client(token(server, ident, run["tenant_id"]))


def test_spec_and_input_link():
	with api.running() as server:
		_, admin, data = runs.setup(server)
		_, ident, door = attempt(server, admin)
		spec = door.get("/v1/workload/spec").json()
		assert (spec["attempt_id"], spec["kind"]) == (ident, "train")
		assert spec["step"]["with"]["label"] == "species" and spec["step"]["with"]["dataset"] == data["id"]
		(one,) = spec["inputs"]
		assert (one["path"], one["size"], one["sha256"]) == ("dataset.csv", data["size"], data["sha256"])
		nobody = server.nobody()
		assert nobody.get(one["url"]).content == b"a,species\n1,x\n"
		nobody.put(one["url"], data=b"evil", status=(403, 422))
		nobody.get(one["url"].replace("sig=", "sig=0"), status=403)
		nobody.get(one["url"].replace(data["id"], api.new_id("art")), status=403)
		nobody.get(one["url"].replace("expires=", "expires=9"), status=403)


def test_the_input_is_the_one_of_the_start():
	"""What is uploaded after the run was made, under whatever name, is not what it reads."""
	with api.running() as server:
		_, admin, data = runs.setup(server)
		_, _, door = attempt(server, admin)
		for name in ("iris.csv", data["id"]):
			admin.post("/v1/artifacts", data=b"shadow\n", params={"project_id": "main", "name": name, "kind": "dataset"})
		(one,) = door.get("/v1/workload/spec").json()["inputs"]
		assert one["sha256"] == data["sha256"] and server.nobody().get(one["url"]).content == b"a,species\n1,x\n"


def test_progress_metrics_logs_outputs():
	with api.running() as server:
		_, admin, _ = runs.setup(server)
		run, ident, door = attempt(server, admin)
		path = "/v1/runs/" + run["id"]
		for progress in (0.1, 0.5, 0.9):
			door.post("/v1/workload/progress", {"progress": progress, "eta_s": 3.2, "message": "round"})
			(step,) = admin.items(path + "/steps")
			assert (step["progress"], step["eta_s"]) == (progress, 3)
		door.post("/v1/workload/metrics", {"metrics": [{"key": "train-rmse", "iteration": n, "value": 1 / (n + 1)}
			for n in range(5)] + [{"key": "a/b", "iteration": 0, "value": -1e-9}]})
		door.post("/v1/workload/metrics", {"metrics": [{"key": "train-rmse", "iteration": 4, "value": 7}]})
		metrics = admin.items(path + "/metrics", limit=2)
		assert [(m["key"], m["iteration"], m["value"]) for m in metrics][-1] == ("train-rmse", 4, 7)
		assert len(metrics) == 6 and len(admin.items(path + "/metrics", key="a/b")) == 1
		for chunk, text in enumerate((b"one\n", b"two\n", "dré\n".encode())):
			door.post("/v1/workload/logs", data=text, params={"chunk": chunk}, headers={"Content-Type": "text/plain"})
		door.post("/v1/workload/logs", data=b"two\n", params={"chunk": 1}, headers={"Content-Type": "text/plain"})
		whole = "one\ntwo\ndré\n".encode()
		assert admin.get(path + "/logs").content == whole
		for offset in range(len(whole) + 2):
			assert admin.get(path + "/logs", params={"offset": offset}).content == whole[offset:]
			assert admin.get(path + "/logs", params={"tail": offset}).content == (whole[-offset:] if offset else b"")
		link = door.post("/v1/workload/outputs", {"path": "model.json", "size": 3,
			"sha256": hashlib.sha256(b"abc").hexdigest()}).json()
		assert link["method"] == "PUT"
		server.nobody().put(link["url"], data=b"abc")
		with open("%s/artifacts/tenants/%s/projects/%s/attempts/%s/model.json" % (server.data, run["tenant_id"],
			run["project_id"], ident), "rb") as f:
			assert f.read() == b"abc"


def test_an_upload_link_is_for_its_bytes_only():
	"""The link lives longer than the attempt: what it can store is what was announced, whole and in one piece."""
	with api.running() as server:
		_, admin, _ = runs.setup(server)
		run, ident, door = attempt(server, admin)
		path = "%s/artifacts/tenants/%s/projects/%s/attempts/%s/model.json" % (server.data, run["tenant_id"],
			run["project_id"], ident)
		digest = hashlib.sha256(b"abc").hexdigest()
		url = door.post("/v1/workload/outputs", {"path": "model.json", "size": 3, "sha256": digest}).json()["url"]
		nobody = server.nobody()
		for body, field in ((b"abcd", "Content-Length"), (b"ab", "Content-Length"), (b"", "Content-Length"),
			(iter([b"abc"]), "Content-Length"), (b"abd", "sha256"), (b"x" * (200 << 20), "Content-Length")):
			nobody.problem("PUT", url, data=body, field=field)
			assert not os.path.exists(path) and os.listdir(server.data + "/artifacts/.tmp") == []
		nobody.put(url, data=b"abc")
		server.sql("UPDATE run_steps SET state = 'SUCCEEDED' WHERE run_id = ?", run["id"])
		nobody.problem("PUT", url, data=b"abd", field="sha256")
		nobody.put(url, data=b"abc") # the same again harms nobody
		for change in (("size=3", "size=4"), (digest, hashlib.sha256(b"abd").hexdigest())):
			nobody.put(url.replace(*change), data=b"abd", status=403)
		nobody.put(url.replace("&size=3", ""), data=b"abc", status=422)
		with open(path, "rb") as f:
			assert f.read() == b"abc"


def test_bad_posts():
	with api.running() as server:
		_, admin, _ = runs.setup(server)
		_, _, door = attempt(server, admin)
		for body, field in (({"progress": 1.5}, "progress"), ({"progress": "x"}, "progress"), ({}, "progress"),
			({"progress": 0.5, "colour": 1}, "colour")):
			door.problem("POST", "/v1/workload/progress", body, field=field)
		door.problem("POST", "/v1/workload/metrics", {"metrics": [{"key": "a", "value": "x"}]}, field="metrics[0].value")
		for name in ("../x", "a/b", ".x", "", "x" * 200):
			door.problem("POST", "/v1/workload/outputs", {"path": name, "size": 1, "sha256": "0" * 64}, field="path")
		door.problem("POST", "/v1/workload/outputs", {"path": "x", "size": 1, "sha256": "X" * 64}, field="sha256")
		door.post("/v1/workload/logs", data=b"x", params={"chunk": -1}, status=422)


def test_only_its_own_live_attempt():
	with api.running() as server:
		_, admin, _ = runs.setup(server)
		run, ident, door = attempt(server, admin)
		for state in ("QUEUED", "SUCCEEDED", "FAILED", "CANCELLED", "REGISTERING"):
			server.sql("UPDATE run_steps SET state = ? WHERE run_id = ?", state, run["id"])
			for method, path, body in (("GET", "spec", None), ("POST", "progress", {"progress": 0.1}),
				("POST", "outputs", {"path": "x", "size": 1, "sha256": "0" * 64}), ("POST", "metrics", {"metrics": []})):
				door.request(method, "/v1/workload/" + path, body, status=(401, 403))
		server.sql("UPDATE run_steps SET state = 'RUNNING', attempt_id = ? WHERE run_id = ?", api.new_id("att"), run["id"])
		door.get("/v1/workload/spec", status=401) # a newer attempt has taken over
		good = token(server, ident, run["tenant_id"])
		for wrong in (good[:-1] + ("0" if good[-1] != "0" else "1"), token(server, ident, api.new_id("ten")), "mow_x", ""):
			server.key_client(wrong).get("/v1/workload/spec", status=401)
		_, _, other = attempt(server, admin)
		other.get("/v1/whoami", status=401)
		other.get("/v1/runs/" + run["id"], status=401)
		admin.get("/v1/workload/spec", status=401)


FILES = {"model.json": b"{}", "features.json": b"[]", "metrics.json": b"{}"}


def files_manifest():
	return {"format": 1, "attempt_id": api.new_id("att"), "kind": "model", "metrics": {}, "device": "cpu", "best_iteration": 1,
		"created_at": "2026-11-23T21:05:17Z", "files": [{"path": name, "size": len(data),
		"sha256": hashlib.sha256(data).hexdigest()} for name, data in FILES.items()]}


def test_an_instance_gets_its_model():
	with api.running() as server:
		project, admin, _ = runs.setup(server)
		_, version = server.model(project)
		made = admin.post("/v1/deployments", {"project_id": "main", "name": "d", "model": "iris", "version": 1}).json()
		revision, instance, now = api.new_id("rev"), api.new_id("ins"), 1
		server.row("revisions", id=revision, tenant_id=made["tenant_id"], deployment_id=made["id"], number=1,
			model_version_id=version, spec="{}", replicas=1, concurrency=1, shares=1, state="STARTING", weight=0, created_at=now)
		server.row("instances", id=instance, tenant_id=made["tenant_id"], deployment_id=made["id"], revision_id=revision, idx=0,
			state="STARTING", restarts=0, created_at=now)
		prefix = "tenants/%s/projects/%s/attempts/att_x" % (made["tenant_id"], project["id"])
		whole = json.dumps(files_manifest()).encode()
		server.sql("UPDATE model_versions SET object_prefix = ?, manifest_sha256 = ? WHERE id = ?", prefix,
			hashlib.sha256(whole).hexdigest(), version)
		folder = server.data + "/artifacts/" + prefix
		os.makedirs(folder)
		for name, data in dict(FILES, **{"manifest.json": whole}).items():
			with open(folder + "/" + name, "wb") as f:
				f.write(data)
		door = server.key_client(token(server, instance, made["tenant_id"]))
		spec = door.get("/v1/workload/spec").json()
		assert spec["kind"] == "serve" and {i["path"] for i in spec["inputs"]} == set(FILES) | {"manifest.json"}
		for one in spec["inputs"]:
			data = server.nobody().get(one["url"]).content
			assert (len(data), hashlib.sha256(data).hexdigest()) == (one["size"], one["sha256"])
		with open(folder + "/manifest.json", "wb") as f: # by an upload link that outlived its attempt
			f.write(whole + b" ")
		door.get("/v1/workload/spec", status=409)
		door.post("/v1/workload/progress", {"progress": 0.5}, status=403)
		server.sql("UPDATE instances SET state = 'GONE' WHERE id = ?", instance)
		door.get("/v1/workload/spec", status=403)
