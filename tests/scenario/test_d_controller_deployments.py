# databases: sqlite postgres
# timeout: 600
"""The controller and its serving instances: crashes, rollouts that fail, new versions under traffic, deletion, restarts."""
import os
import signal
import threading
import time

import pytest

from lib import flow, platform, proc

IRIS = os.path.join(proc.ROOT, "examples", "data", "iris.csv")
ROW = {"instances": [[5.1, 3.5, 1.4, 0.2]]}

# Serving as it is, unless the test wants its start to fail.
SERVING = """#!/bin/sh
if [ -e %(folder)s/refuse ]; then echo "error: the package is refused"; exit 3; fi
if [ -e %(folder)s/hang ]; then trap '' TERM; while :; do sleep 1; done; fi
exec %(real)s
"""


@pytest.fixture(scope="module", name="p")
def _p(tmp_path_factory):
	folder = tmp_path_factory.mktemp("bin")
	for name in ("modelops-shim", "modelops-fetch", "modelops-trainer"):
		os.symlink(os.path.realpath(proc.program(name)), folder / name)
	wrapper = folder / "modelops-serving"
	wrapper.write_text(SERVING % {"folder": folder, "real": os.path.realpath(proc.program("modelops-serving"))})
	wrapper.chmod(0o755)
	with platform.running(WORKLOAD_BIN_DIR=str(folder), CONTROLLER_STOP_GRACE="2s", CONTROLLER_DRAIN="500ms",
			CONTROLLER_START_LIMIT="8s") as p:
		p.bin = folder
		flow.cpu_pool(p.server, shares=3)
		p.tenant, p.project, p.client = p.server.tenant()
		dataset = flow.upload(p.client, p.project, "iris.csv", open(IRIS, "rb").read())
		for rounds in (5, 8):
			run = flow.train(p.client, p.project, dataset, "species", register="iris", rounds=rounds)
			flow.wait_run(p.client, run)
		yield p


@pytest.fixture(name="dep")
def _dep(p):
	made = post(p, "dep-%d" % time.time_ns())
	yield flow.wait_ready(p.client, made)
	delete(p, made)


def post(p, name, version=1, **more):
	return p.client.post("/v1/deployments", {"project_id": p.project["id"], "name": name, "model": "iris",
		"version": version, **more}).json()


def delete(p, dep):
	(p.bin / "refuse").unlink(missing_ok=True)
	p.client.delete("/v1/deployments/" + dep["id"])
	proc.wait_until(lambda: p.client.get("/v1/deployments/" + dep["id"], status=(200, 404)).status_code == 404,
		lambda: "deleted: %s" % instances(p, dep), 20)
	held = [a for a in p.client.items("/v1/pool-allocations") if a["resource_id"] == dep["id"] and a["state"] != "RELEASED"]
	assert not held


def get(p, dep):
	return p.client.get("/v1/deployments/" + dep["id"]).json()


def instances(p, dep):
	return p.client.items("/v1/deployments/%s/instances" % dep["id"])


def live(p, dep):
	return [i for i in instances(p, dep) if i["state"] != "GONE"]


def predicts(p, dep):
	reply = p.client.post("/v1/deployments/%s/predict" % dep["id"], ROW, status=(200, 503, 502, 504))
	return reply.json()["model_version"] if reply.status_code == 200 else None


def wait_predicts(p, dep, seconds=10):
	return proc.wait_until(lambda: predicts(p, dep), "predictions", seconds, 0.1)


def change(p, dep, **fields):
	return p.client.patch("/v1/deployments/" + dep["id"], fields).json()


def test_ready_means_it_answers(p, dep):
	one = live(p, dep)
	assert [i["state"] for i in one] == ["READY"] and one[0]["started_at"] and one[0]["ready_at"]
	assert wait_predicts(p, dep)
	held = [a for a in p.client.items("/v1/pool-allocations") if a["resource_id"] == dep["id"]]
	assert [(a["state"], a["shares"], a["owner_kind"]) for a in held] == [("BOUND", 1, "instance")]
	assert dep["id"] in p.server.client().delete("/v1/gpu-pools/cpu", status=409).json()["detail"]


def test_an_instance_has_a_thread_for_each_share(p):
	made = post(p, "wide", shares=2)
	flow.wait_ready(p.client, made)
	with open("/proc/%d/environ" % p.serving()[0], encoding="utf-8") as f:
		assert "SERVING_THREADS=2" in f.read().split("\0")
	delete(p, made)


def test_crashed_instance_is_replaced(p, dep):
	old = live(p, dep)[0]
	os.kill(p.serving()[0], signal.SIGKILL)
	def replaced():
		now = live(p, dep)
		return now[0] if len(now) == 1 and now[0]["id"] != old["id"] and now[0]["state"] == "READY" else None
	new = proc.wait_until(replaced, lambda: "a new instance: %s" % live(p, dep), 15)
	assert new["restarts"] == 1
	assert "signal 9" in [i for i in instances(p, dep) if i["id"] == old["id"]][0]["reason"]
	flow.wait_ready(p.client, dep)
	assert wait_predicts(p, dep)
	reasons = sorted(a["release_reason"] or "" for a in p.client.items("/v1/pool-allocations")
		if a["resource_id"] == dep["id"])
	assert reasons == ["", "failed"]


def test_crash_loop_backs_off(p, dep):
	(p.bin / "refuse").touch()
	for pid in p.serving():
		os.kill(pid, signal.SIGKILL)
	proc.wait_until(lambda: get(p, dep)["state"] == "DEGRADED", lambda: "DEGRADED: %s" % get(p, dep), 10)
	time.sleep(5)
	count = len(instances(p, dep))
	assert 2 <= count <= 5, "1, 2, 4 s between restarts, not %d instances in 5 s" % count
	proc.wait_until(lambda: "refused" in (get(p, dep)["reason"] or ""), lambda: "the reason: %s" % get(p, dep), 5)
	(p.bin / "refuse").unlink()
	flow.wait_ready(p.client, dep, 20)
	assert wait_predicts(p, dep)


def test_suspended_tenant_serves_and_pays_nothing(p, dep):
	root, tenant = p.server.client(), "/v1/tenants/" + p.tenant["id"]
	def held():
		return [a for a in root.items("/v1/pool-allocations") if a["resource_id"] == dep["id"] and a["state"] != "RELEASED"]
	root.patch(tenant, {"state": "SUSPENDED"})
	try:
		proc.wait_until(lambda: not p.serving() and not held(), lambda: "drained: %s" % held(), 15)
		proc.wait_until(lambda: root.get("/v1/deployments/" + dep["id"]).json()["reason"] == "the tenant is suspended",
			"the reason", 10)
		proc.wait_until(lambda: root.get("/readyz", status=(200, 503)).status_code == 200, "ready without it", 5)
		before = root.items("/v1/deployments/%s/instances" % dep["id"])
		time.sleep(2)
		assert root.items("/v1/deployments/%s/instances" % dep["id"]) == before and not held()
	finally:
		root.patch(tenant, {"state": "ACTIVE"})
	proc.wait_until(lambda: root.get("/v1/deployments/" + dep["id"]).json()["state"] == "READY", "READY again", 20)
	proc.wait_until(lambda: p.client.get("/v1/whoami", status=(200, 401, 403)).status_code == 200, "it may ask again", 6)
	assert wait_predicts(p, dep)


def test_new_version_without_a_failed_predict(p, dep):
	first = wait_predicts(p, dep)
	failures, seen, stop = [], [], threading.Event()
	def load():
		while not stop.is_set():
			reply = p.server.client().post("/v1/deployments/%s/predict" % dep["id"], ROW, status=(200, 502, 503, 504))
			(seen if reply.status_code == 200 else failures).append(reply.json().get("model_version", reply.text))
	thread = threading.Thread(target=load)
	thread.start()
	change(p, dep, version=2)
	proc.wait_until(lambda: seen and seen[-1] != first, lambda: "the new version serves: %s" % get(p, dep), 20)
	proc.wait_until(lambda: len(live(p, dep)) == 1, "the old one drained", 15)
	stop.set()
	thread.join()
	assert not failures and len(set(seen)) == 2
	def revisions():
		rows = p.client.items("/v1/deployments/%s/revisions" % dep["id"])
		return [(r["number"], r["state"], r["weight"]) for r in rows]
	proc.wait_until(lambda: revisions() == [(2, "READY", 100), (1, "GONE", 0)], lambda: str(revisions()), 5)


def test_failed_rollout_keeps_the_old_one_serving(p, dep):
	first = wait_predicts(p, dep)
	(p.bin / "refuse").touch()
	change(p, dep, version=2)
	def abandoned():
		now = get(p, dep)
		return now if now["state"] == "READY" and now["reason"] else None
	now = proc.wait_until(abandoned, lambda: "the rollout is given up: %s" % get(p, dep), 30)
	assert "refused" in now["reason"] and "generation 2" in now["reason"]
	assert predicts(p, dep) == first
	proc.wait_until(lambda: len(live(p, dep)) == 1, lambda: "only the old one: %s" % live(p, dep), 10)
	(p.bin / "refuse").unlink()
	change(p, dep, version=2)
	proc.wait_until(lambda: predicts(p, dep) not in (None, first), lambda: "the next one serves: %s" % get(p, dep), 20)
	proc.wait_until(lambda: get(p, dep)["reason"] is None, "no reason left", 5)


def test_first_rollout_fails_then_is_mended(p):
	(p.bin / "refuse").touch()
	made = post(p, "broken")
	now = proc.wait_until(lambda: get(p, made) if get(p, made)["state"] == "FAILED" else None,
		lambda: "FAILED: %s" % get(p, made), 30)
	assert "refused" in now["reason"]
	proc.wait_until(lambda: not live(p, made), "no instance left", 10)
	(p.bin / "refuse").unlink()
	change(p, made, concurrency=2)
	flow.wait_ready(p.client, made)
	assert wait_predicts(p, made)
	delete(p, made)


def test_replicas_and_waiting_for_shares(p, dep):
	change(p, dep, replicas={"min": 2, "max": 2})
	proc.wait_until(lambda: sorted(i["state"] for i in live(p, dep)) == ["READY", "READY"],
		lambda: "2 instances: %s" % live(p, dep), 20)
	large = post(p, "large", shares=2) # 2 of 3 shares are held
	reason = proc.wait_until(lambda: [i["reason"] for i in live(p, large) if i["reason"]], lambda: "a reason: %s" % live(
		p, large), 10)[0]
	assert "waiting for 2 shares" in reason and "2 of 3 shares used" in reason
	proc.wait_until(lambda: get(p, large)["reason"] == reason, lambda: "the deployment to say it too: %s" % get(p, large))
	change(p, dep, replicas={"min": 1, "max": 1})
	assert flow.wait_ready(p.client, large, 20)["reason"] is None
	delete(p, large)


def test_later_jobs_do_not_pass_a_waiting_deployment(p, dep):
	dataset = flow.upload(p.client, p.project, "order.csv", open(IRIS, "rb").read())
	def job(**more):
		return flow.train(p.client, p.project, dataset, "species", **more)
	long = job(rounds=100000, early_stopping_rounds=0)
	proc.wait_until(lambda: flow.steps(p.client, long)[0]["state"] == "RUNNING", "it runs")
	large = post(p, "large", shares=2) # one share is free
	proc.wait_until(lambda: [i for i in live(p, large) if i["reason"]], "it waits")
	late = [job(rounds=5) for _ in range(3)]
	detail = proc.wait_until(lambda: flow.steps(p.client, late[0])[0]["detail"], "the job waits too")
	assert large["id"] + " came first" in detail
	p.client.post("/v1/runs/%s/cancel" % long["id"])
	assert flow.wait_ready(p.client, large, 20)["reason"] is None
	assert [flow.steps(p.client, one)[0]["state"] for one in late] == ["QUEUED"] * 3
	delete(p, large)
	for one in late:
		flow.wait_run(p.client, one)


def test_who_waits_for_a_deployment_does_not_close_the_pool(p, dep):
	dataset = flow.upload(p.client, p.project, "whole.csv", open(IRIS, "rb").read())
	whole = p.client.post("/v1/training-jobs", {"project_id": p.project["id"], "name": "whole", "pool": "cpu", "shares": 3,
		"with": {"dataset": dataset["id"], "label": "species"}}).json()
	detail = proc.wait_until(lambda: flow.steps(p.client, whole)[0]["detail"], "it waits")
	assert "no earliest start" in detail
	_, project, other = p.server.tenant()
	theirs = flow.upload(other, project, "iris.csv", open(IRIS, "rb").read())
	flow.wait_run(other, flow.train(other, project, theirs, "species"))
	assert flow.steps(p.client, whole)[0]["state"] == "QUEUED"
	p.client.post("/v1/runs/%s/cancel" % whole["id"])
	flow.wait_run(p.client, whole, want="CANCELLED")


def test_waiting_for_shares_is_no_slow_start(p, dep):
	large = post(p, "patient", shares=3)
	time.sleep(9) # longer than CONTROLLER_START_LIMIT
	change(p, dep, replicas={"min": 0, "max": 0})
	assert flow.wait_ready(p.client, large, 20)["reason"] is None
	assert [i["restarts"] for i in instances(p, large)] == [0]
	delete(p, large)


def test_one_that_hangs_keeps_its_shares_until_it_is_gone(p):
	(p.bin / "hang").touch()
	made = post(p, "hangs")
	def failed():
		return [i for i in instances(p, made) if i["state"] == "FAILED"]
	(one,) = proc.wait_until(failed, lambda: "FAILED: %s" % instances(p, made), 30)
	(p.bin / "hang").unlink()
	with open("%s/work/%s/child.pid" % (p.folder, one["id"]), encoding="ascii") as f:
		pid = int(f.read().split()[0])
	assert "not ready in time" in one["reason"] and proc.alive(pid)
	def released():
		return [a["state"] for a in p.client.items("/v1/pool-allocations") if a["owner_id"] == one["id"]] == ["RELEASED"]
	proc.wait_until(released, "its shares are free", 15)
	assert not proc.alive(pid), "released while it ran"
	delete(p, made)


def test_adopted_after_kill_of_the_controller(p, dep):
	pids, one = p.serving(), live(p, dep)[0]["id"]
	p.kill("controller")
	assert wait_predicts(p, dep), "the gateway needs no controller"
	p.start("controller")
	time.sleep(1.5)
	assert p.serving() == pids and live(p, dep)[0]["id"] == one and get(p, dep)["state"] == "READY"


def test_sigterm_stops_and_the_next_start_serves_again(p, dep):
	assert p.programs.pop("controller").stop(20) == 0
	assert not p.workloads()
	assert [i["reason"] for i in instances(p, dep)] == ["shutdown"] and not live(p, dep)
	p.start("controller")
	assert wait_predicts(p, dep, 15)
	flow.wait_ready(p.client, dep)


def test_deletion_leaves_nothing(p):
	made = flow.wait_ready(p.client, post(p, "short"))
	delete(p, made)
	assert not p.workloads() and not os.listdir(p.folder + "/work")


def deploy_step(p, name, max_runtime=None, **more):
	"""A run of one deploy step."""
	step = {"name": "d", "kind": "deploy", "with": {"deployment": name, "model": "iris", "version": 2, "pool": "cpu", **more}}
	if max_runtime:
		step["max_runtime"] = max_runtime
	made = p.client.post("/v1/pipelines", {"name": "p%d" % time.time_ns(), "steps": [step]},
		params={"project_id": p.project["id"]}).json()
	return p.client.post("/v1/runs", {"project_id": p.project["id"], "pipeline_id": made["id"]}).json()


def wait_detail(p, run):
	return proc.wait_until(lambda: flow.steps(p.client, run)[0]["detail"], lambda: "a detail: %s" % flow.steps(p.client, run))


def test_deploy_step_onto_an_idle_deployment_serves(p, dep):
	change(p, dep, replicas={"min": 0, "max": 0})
	proc.wait_until(lambda: get(p, dep)["state"] == "IDLE", "IDLE")
	flow.wait_run(p.client, deploy_step(p, dep["name"]))
	assert get(p, dep)["state"] == "READY" and "READY" in [i["state"] for i in live(p, dep)]


def test_deploy_step_of_no_replica_is_done(p, dep):
	flow.wait_run(p.client, deploy_step(p, dep["name"], replicas=0))
	assert get(p, dep)["state"] == "IDLE"


def test_deploy_step_says_why_it_waits_and_keeps_its_limit(p, dep):
	run = deploy_step(p, dep["name"], max_runtime="3s", shares=3)
	assert "waiting for 3 shares" in wait_detail(p, run)
	assert "max_runtime of 3 s" in flow.wait_run(p.client, run, 15, want="FAILED")["reason"]
	assert flow.steps(p.client, run)[0]["detail"] is None


def test_deploy_step_ends_when_its_generation_is_replaced(p, dep):
	run = deploy_step(p, dep["name"], shares=3)
	wait_detail(p, run)
	change(p, dep, version=1, shares=1)
	assert "replaced" in flow.wait_run(p.client, run, 15, want="FAILED")["reason"]
	flow.wait_ready(p.client, dep)


def test_deploy_step_ends_with_its_failed_rollout(p, dep):
	(p.bin / "refuse").touch()
	assert "refused" in flow.wait_run(p.client, deploy_step(p, dep["name"]), 60, want="FAILED")["reason"]


def test_refused_revision_has_no_version(p):
	model = "/v1/models/%s/aliases/short" % p.client.items("/v1/models")[0]["id"]
	p.client.put(model, {"version": 1})
	p.kill("controller")
	made = p.client.post("/v1/deployments", {"project_id": p.project["id"], "name": "refused", "model": "iris",
		"alias": "short", "pool": "cpu"}).json()
	p.client.delete(model)
	p.start("controller")
	proc.wait_until(lambda: get(p, made)["state"] == "FAILED", lambda: "FAILED: %s" % get(p, made))
	(revision,) = p.client.items("/v1/deployments/%s/revisions" % made["id"])
	assert revision["state"] == "FAILED" and revision["model_version_id"] is None
	delete(p, made)


def test_killed_at_every_point(p):
	"""kill -9 of the controller at its Nth act while a deployment comes and goes, for every N there is."""
	points = 0
	for n in range(1, 100):
		p.kill("controller")
		p.env["MODELOPS_FAULT"] = "controller:%d:kill" % n
		p.start("controller")
		del p.env["MODELOPS_FAULT"]
		made = post(p, "k%d" % n)
		died = until(p, lambda: get(p, made)["state"] == "READY", "READY")
		assert len(live(p, made)) == 1 and len(p.serving()) == 1
		path = "/v1/deployments/" + made["id"]
		p.client.delete(path)
		died = until(p, lambda: p.client.get(path, status=(200, 404)).status_code == 404, "deleted") or died
		assert not p.serving()
		if not died:
			break
		points += 1
	p.kill("controller") # it is still armed
	p.start("controller")
	time.sleep(1) # a SIGTERM before it listens for one would just end it
	assert points >= 12, "only %d points" % points
	proc.wait_until(lambda: not p.workloads(), "nothing runs", 10)


def until(p, condition, what):
	"""Waits for CONDITION; a controller that dies meanwhile is started again. True when it did."""
	died = False
	deadline = time.monotonic() + 30
	while not condition():
		assert time.monotonic() < deadline, "%s\n%s" % (what, p.tail("controller"))
		if not p.programs["controller"].running():
			died = True
			p.programs.pop("controller")
			p.start("controller")
		time.sleep(0.05)
	return died
