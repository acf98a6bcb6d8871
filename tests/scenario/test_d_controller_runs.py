# databases: sqlite postgres
# timeout: 600
"""The controller and its jobs: every way a job can end, waiting for shares, restarts; shares are always given back."""
import contextlib
import os
import signal
import time

import pytest
import requests

from lib import fake_workloads, flow, platform, proc

DATA = b"a,label\n1,x\n2,y\n"


@pytest.fixture(scope="module", name="p")
def _p(tmp_path_factory):
	folder = tmp_path_factory.mktemp("bin") / "bin"
	with platform.running(WORKLOAD_BIN_DIR=str(folder), CONTROLLER_STOP_GRACE="1s") as p:
		fake_workloads.make(str(folder), p.folder)
		p.kill("controller") # it was started before its programs were there
		p.start("controller")
		flow.cpu_pool(p.server, shares=2)
		yield p


@pytest.fixture(name="t")
def _t(p):
	"""A tenant of one's own: (project, client, dataset). Afterwards the pool is empty."""
	_, project, client = p.server.tenant()
	dataset = flow.upload(client, project, "d.csv", DATA)
	yield project, client, dataset
	proc.wait_until(lambda: used(p) == 0, lambda: "shares given back: %s" % p.server.client().get(
		"/v1/pool-allocations").text[:2000], 10)


def used(p):
	return p.server.client().get("/v1/gpu-pools/cpu/capacity").json()["used_shares"]


def job(t, mode, **more):
	project, client, dataset = t
	return client.post("/v1/training-jobs", {"project_id": project["id"], "name": "job", "pool": "cpu",
		"with": {"dataset": dataset["id"], "label": mode}, **more}).json()


def step(t, run):
	return flow.steps(t[1], run)[0]


def wait_state(t, run, state, seconds=20):
	return proc.wait_until(lambda: step(t, run) if step(t, run)["state"] == state else None,
		lambda: "%s; now %s" % (state, step(t, run)), seconds, 0.05)


def allocations(t, run):
	rows = [a for a in t[1].items("/v1/pool-allocations") if a["resource_id"] == run["id"]]
	return sorted(rows, key=lambda a: a["id"])


def test_success(p, t):
	run = job(t, "ok", register={"model": "m", "alias": "best"})
	flow.wait_run(t[1], run)
	one = step(t, run)
	assert one["attempt"] == 1 and one["outputs"]["metrics"] == {"loss": 0.25} and one["device_used"] == "cpu"
	assert [a["release_reason"] for a in allocations(t, run)] == ["completed"]
	assert one["outputs"]["model"] == "m" and one["outputs"]["version"] == 1
	names = sorted(a["name"] for a in t[1].items("/v1/artifacts", run_id=run["id"]))
	assert names == ["features.json", "metrics.json", "model.json"]
	log = t[1].get("/v1/runs/%s/logs" % run["id"], params={"step": "train"}).text
	assert "mode ok" in log
	assert not os.listdir(p.folder + "/work"), "the folder of a recorded attempt is removed"


def test_logs_come_while_it_runs(p, t):
	run = job(t, "chatty")
	wait_state(t, run, "RUNNING")
	path = "/v1/runs/%s/logs" % run["id"]
	proc.wait_until(lambda: "line 3\n" in t[1].get(path, params={"step": "train"}).text, "lines while RUNNING", 3)
	assert step(t, run)["state"] == "RUNNING"
	flow.wait_run(t[1], run)
	text = t[1].get(path, params={"step": "train"}).text
	assert [l for l in text.splitlines() if l.startswith("line")] == ["line %d" % i for i in range(30)]


def test_user_error_is_not_retried(p, t):
	run = job(t, "user_error", retries=3)
	done = flow.wait_run(t[1], run, want="FAILED")
	assert step(t, run)["attempt"] == 1
	assert step(t, run)["reason"] == "column 'colour' of line 7 is no number" and "colour" in done["reason"]
	assert [a["release_reason"] for a in allocations(t, run)] == ["failed"]


def test_crash_without_retries(p, t):
	run = job(t, "crash")
	flow.wait_run(t[1], run, want="FAILED")
	assert step(t, run)["reason"] == "the fake trainer crashes"
	assert [m["iteration"] for m in t[1].items("/v1/runs/%s/metrics" % run["id"])] == [9]


def test_retry_succeeds(p, t):
	run = job(t, "crash_once", retries=1)
	flow.wait_run(t[1], run)
	assert step(t, run)["attempt"] == 2
	assert [a["release_reason"] for a in allocations(t, run)] == ["failed", "completed"]
	first, second = [a["attempt"] for a in fake_workloads.starts(p.folder, run)]
	assert first != second
	assert not t[1].items("/v1/runs/%s/metrics" % run["id"]), "what the failed attempt reported"
	(told,) = [e for e in t[1].items("/v1/runs/%s/events" % run["id"]) if e["type"] == "StepRetried"]
	assert first in told["message"]
	log = "/v1/runs/%s/logs" % run["id"]
	assert "crashes" in t[1].get(log, params={"attempt": first}).text
	assert "crashes" not in t[1].get(log).text


def test_retry_chooses_among_any_of_anew(p, t):
	other = p.server.client().get("/v1/gpu-pools/other", status=(200, 404)).json().get("id") or flow.cpu_pool(
		p.server, "other")["id"]
	run = pipeline(t, only=["a"], a={"pool": None, "any_of": ["cpu", "other"], "retries": 1, "shares": 2,
		"with": {"dataset": "", "label": "crash_once"}})
	proc.wait_until(lambda: step(t, run)["attempt"] == 1 and step(t, run)["state"] == "QUEUED", "the first attempt failed")
	blocker = job(t, "sleep:3")
	assert step(t, run)["pool_id"] is None
	wait_state(t, blocker, "RUNNING")
	flow.wait_run(t[1], run)
	assert [a["pool_id"] == other for a in allocations(t, run)] == [False, True]
	flow.wait_run(t[1], blocker)


def test_shutdown_unpins_any_of(p, t):
	run = pipeline(t, only=["a"], a={"pool": None, "any_of": ["cpu"], "with": {"dataset": "", "label": "sleep:3"}})
	assert wait_state(t, run, "RUNNING")["pool_id"]
	assert p.programs.pop("controller").stop(20) == 0
	assert step(t, run)["pool_id"] is None
	p.start("controller")
	flow.wait_run(t[1], run)


def test_retries_are_used_up(p, t):
	run = job(t, "crash", retries=1)
	flow.wait_run(t[1], run, want="FAILED")
	assert step(t, run)["attempt"] == 2 and len(fake_workloads.starts(p.folder, run)) == 2


def test_no_output(p, t):
	run = job(t, "no_output")
	done = flow.wait_run(t[1], run, want="FAILED")
	assert "manifest.json" in done["reason"]


def test_outputs_that_are_not_what_the_manifest_says(p, t):
	run = job(t, "bad_output", register={"model": "bad"})
	done = flow.wait_run(t[1], run, want="FAILED")
	assert "model.json" in done["reason"] and "sha256" in done["reason"]
	assert not t[1].items("/v1/models") and not t[1].items("/v1/artifacts", run_id=run["id"])


def test_timeout(p, t):
	run = job(t, "sleep:60", max_runtime="1s")
	done = flow.wait_run(t[1], run, want="FAILED")
	assert "max_runtime" in done["reason"]
	assert [a["release_reason"] for a in allocations(t, run)] == ["timeout"]


def test_cancel_while_running(p, t):
	run = job(t, "sleep:60")
	wait_state(t, run, "RUNNING")
	t[1].post("/v1/runs/%s/cancel" % run["id"])
	flow.wait_run(t[1], run, 15, want="CANCELLED")
	assert [a["release_reason"] for a in allocations(t, run)] == ["cancelled"]
	assert not p.workloads()


def test_cancel_what_ignores_sigterm(p, t):
	run = job(t, "ignore_term")
	wait_state(t, run, "RUNNING")
	t[1].post("/v1/runs/%s/cancel" % run["id"])
	flow.wait_run(t[1], run, 15, want="CANCELLED")
	assert not p.workloads()


def test_three_jobs_on_two_shares(p, t):
	runs = [job(t, "sleep:2") for _ in range(3)]
	wait_state(t, runs[0], "RUNNING")
	wait_state(t, runs[1], "RUNNING")
	waiting = proc.wait_until(lambda: step(t, runs[2])["detail"], "a reason to wait", 5)
	assert "waiting for 1 share" in waiting and "pool 'cpu'" in waiting and "2 of 2 shares used" in waiting
	assert step(t, runs[2])["state"] == "QUEUED" and used(p) == 2
	for run in runs:
		flow.wait_run(t[1], run)
	assert step(t, runs[2])["detail"] is None


def test_cancel_while_waiting(p, t):
	first = [job(t, "sleep:3") for _ in range(2)]
	late = job(t, "ok")
	proc.wait_until(lambda: step(t, late)["detail"], "it waits", 5)
	t[1].post("/v1/runs/%s/cancel" % late["id"])
	flow.wait_run(t[1], late, 5, want="CANCELLED")
	assert not allocations(t, late) and not fake_workloads.starts(p.folder, late)
	for run in first:
		flow.wait_run(t[1], run)


def test_waiting_is_not_the_run_s_time(p, t):
	first = job(t, "sleep:6", shares=2)
	wait_state(t, first, "RUNNING")
	run = pipeline(t, only=["a"], max_runtime="4s")
	flow.wait_run(t[1], run)
	flow.wait_run(t[1], first)


def test_a_run_s_own_limit_ends_it(p, t):
	run = pipeline(t, only=["a"], max_runtime="2s", a={"with": {"dataset": "", "label": "sleep:60"}})
	assert "max_runtime of 2 s" in flow.wait_run(t[1], run, want="FAILED")["reason"]


def test_a_used_pool_can_be_deleted_when_it_is_free(p, t):
	root = p.server.client()
	flow.cpu_pool(p.server, "brief", 1)
	run = job(t, "sleep:2", pool="brief")
	wait_state(t, run, "RUNNING")
	assert run["id"] in root.delete("/v1/gpu-pools/brief", status=409).json()["detail"]
	flow.wait_run(t[1], run)
	root.delete("/v1/gpu-pools/brief")


def test_a_step_whose_pool_is_gone_fails(p, t):
	pool = flow.cpu_pool(p.server, "gone", 1)
	first, second = job(t, "sleep:3", pool="gone"), job(t, "ok", pool="gone")
	proc.wait_until(lambda: step(t, second)["detail"], "it waits")
	p.server.sql("UPDATE gpu_pools SET retired_at = 1 WHERE id = ?", pool["id"])
	assert "the pool it was to run in is gone" in flow.wait_run(t[1], second, want="FAILED")["reason"]
	flow.wait_run(t[1], first)


def test_quota_is_the_reason(p, t):
	pool = p.server.client().get("/v1/gpu-pools/cpu").json()
	tenant = t[1].get("/v1/whoami").json()["tenant_id"]
	p.server.client().put("/v1/quotas/%s/%s" % (tenant, pool["id"]), {"max_shares": 1})
	runs = [job(t, "sleep:1"), job(t, "sleep:1")]
	wait_state(t, runs[0], "RUNNING")
	assert "quota" in proc.wait_until(lambda: step(t, runs[1])["detail"], "a reason to wait", 5)
	for run in runs:
		flow.wait_run(t[1], run)


def test_a_suspended_tenant_s_jobs_end_and_none_starts(p, t):
	root, tenant = p.server.client(), "/v1/tenants/" + t[0]["tenant_id"]
	runs = [job(t, "sleep:3", shares=2), job(t, "ok", shares=2)]
	wait_state(t, runs[0], "RUNNING")
	proc.wait_until(lambda: step(t, runs[1])["detail"], "it waits", 5)
	root.patch(tenant, {"state": "SUSPENDED"})
	flow.wait_run(root, runs[0])
	time.sleep(1)
	(waits,) = flow.steps(root, runs[1])
	assert waits["state"] == "QUEUED" and waits["detail"] == "the tenant is suspended" and used(p) == 0
	root.patch(tenant, {"state": "ACTIVE"})
	flow.wait_run(root, runs[1])


def test_large_job_is_not_starved(p, t):
	first = [job(t, "sleep:1"), job(t, "sleep:2")]
	wait_state(t, first[1], "RUNNING")
	large = job(t, "sleep:1", shares=2)
	late = job(t, "ok")
	for run in (*first, large, late):
		flow.wait_run(t[1], run)
	assert step(t, large)["started_at"] < step(t, late)["started_at"]


def test_what_ends_in_time_goes_ahead_of_a_large_job(p, t):
	first = job(t, "sleep:4", max_runtime="30s")
	wait_state(t, first, "RUNNING")
	large = job(t, "sleep:1", shares=2)
	proc.wait_until(lambda: step(t, large)["detail"], "it waits", 5)
	long, short = job(t, "ok"), job(t, "ok", max_runtime="10s")
	flow.wait_run(t[1], short)
	assert step(t, large)["state"] == step(t, long)["state"] == "QUEUED"
	assert large["id"] + " came first" in step(t, long)["detail"]
	for run in (first, large, long):
		flow.wait_run(t[1], run)
	assert step(t, large)["started_at"] < step(t, long)["started_at"]


def test_lost_job_is_tried_again_and_unbilled(p, t):
	run = job(t, "sleep:2")
	wait_state(t, run, "RUNNING")
	attempt = proc.wait_until(lambda: fake_workloads.starts(p.folder, run), "it has begun")[0]["attempt"]
	with open("%s/work/%s/shim.pid" % (p.folder, attempt), encoding="ascii") as f:
		os.kill(int(f.read().split()[0]), signal.SIGKILL)
	flow.wait_run(t[1], run)
	assert [a["release_reason"] for a in allocations(t, run)] == ["platform", "completed"]
	assert (step(t, run)["attempt"], step(t, run)["lost_attempts"]) == (1, 1)


def test_log_that_cannot_be_stored_holds_nothing(p, t):
	"""The object store takes no log: the job runs, ends and gives its shares back all the same, and an event says what is missing."""
	blocker = "%s/artifacts/tenants/%s/logs" % (p.folder, t[1].get("/v1/whoami").json()["tenant_id"])
	with open(blocker, "w", encoding="ascii"):
		pass # where the folder of the logs belongs
	try:
		runs = [job(t, "sleep:60"), job(t, "ok")]
		wait_state(t, runs[0], "RUNNING")
		t[1].post("/v1/runs/%s/cancel" % runs[0]["id"])
		flow.wait_run(t[1], runs[0], 30, want="CANCELLED")
		flow.wait_run(t[1], runs[1], 30)
		for run in runs:
			told = [e["message"] for e in t[1].items("/v1/runs/%s/events" % run["id"]) if e["type"] == "LogIncomplete"]
			assert len(told) == 1 and "incomplete" in told[0] and "attempt 1 of step 'train'" in told[0], told
	finally:
		os.unlink(blocker)
	run = job(t, "ok")
	flow.wait_run(t[1], run)
	assert not [e for e in t[1].items("/v1/runs/%s/events" % run["id"]) if e["type"] == "LogIncomplete"]


def test_door_that_does_not_answer_is_ours(p, t):
	"""The program gave up on the door or the store: no attempt of the user's, tried again without a retry of his."""
	run = job(t, "unreachable_once")
	flow.wait_run(t[1], run)
	assert [a["release_reason"] for a in allocations(t, run)] == ["platform", "completed"]
	assert (step(t, run)["attempt"], step(t, run)["lost_attempts"]) == (1, 1)
	told = [e["message"] for e in t[1].items("/v1/runs/%s/events" % run["id"]) if e["type"] == "StepRetried"]
	assert len(told) == 1 and "model.json: no answer" in told[0]


def test_program_that_is_not_there(p, t):
	"""Nothing can be started: ours, with a reason that people can read, and not for ever."""
	shim = p.env["WORKLOAD_BIN_DIR"] + "/modelops-shim"
	os.rename(shim, shim + ".gone")
	try:
		run, hopeless = job(t, "ok"), job(t, "ok")
		for one in (run, hopeless):
			proc.wait_until(lambda one=one: step(t, one)["lost_attempts"] == 1, lambda one=one: "one try: %s" % step(t, one), 15)
		assert "modelops-shim" in step(t, run)["reason"] and step(t, run)["state"] == "QUEUED" and used(p) == 0
		p.server.sql("UPDATE run_steps SET lost_attempts = 5 WHERE run_id = '%s'" % hopeless["id"])
		done = flow.wait_run(t[1], hopeless, want="FAILED")
		assert "modelops-shim" in done["reason"]
	finally:
		os.rename(shim + ".gone", shim)
	flow.wait_run(t[1], run)
	assert step(t, run)["attempt"] == 1
	reasons = [a["release_reason"] for a in allocations(t, run)]
	assert reasons[-1] == "completed" and set(reasons[:-1]) == {"platform"}
	assert not any(a["bound_at"] for a in allocations(t, hopeless))


def stopped(p, t, run):
	return os.path.exists("%s/work/%s/stop" % (p.folder, step(t, run)["attempt_id"]))


def test_kill_while_it_shuts_down(p, t):
	"""The controller had told the job to stop and died before it could say so in the row: still our stop, not the job's failure."""
	run = job(t, "ignore_term")
	wait_state(t, run, "RUNNING")
	p.programs["controller"].signal(signal.SIGTERM)
	proc.wait_until(lambda: stopped(p, t, run), "the job told to stop")
	p.kill("controller")
	proc.wait_until(lambda: not p.workloads(), "the job ended")
	p.start("controller")
	proc.wait_until(lambda: step(t, run)["lost_attempts"] == 1, lambda: "tried again: %s" % step(t, run))
	wait_state(t, run, "RUNNING")
	assert step(t, run)["attempt"] == 1 and "stopped" in step(t, run)["reason"]
	t[1].post("/v1/runs/%s/cancel" % run["id"])
	flow.wait_run(t[1], run, want="CANCELLED")
	assert [a["release_reason"] for a in allocations(t, run)] == ["platform", "cancelled"]


def test_cancel_of_what_nobody_saw_run_is_billed(p, t):
	"""The job ran to its end while no controller lived; cancelling it then does not make it free."""
	p.kill("controller")
	p.env["MODELOPS_FAULT"] = "controller:6:kill" # right after the start
	p.start("controller")
	del p.env["MODELOPS_FAULT"]
	run = job(t, "sleep:1")
	proc.wait_until(lambda: not p.programs["controller"].running(), "the controller dead after a start")
	assert step(t, run)["state"] == "ALLOCATED"
	proc.wait_until(lambda: not p.workloads(), "the job ended")
	t[1].post("/v1/runs/%s/cancel" % run["id"])
	p.programs.pop("controller")
	p.start("controller")
	flow.wait_run(t[1], run, want="CANCELLED")
	one = allocations(t, run)[0]
	assert one["release_reason"] == "cancelled" and seconds(one["ended_at"]) - seconds(one["bound_at"]) > 0.9


def test_kill_of_the_controller_is_not_noticed(p, t):
	run = job(t, "sleep:2")
	wait_state(t, run, "RUNNING")
	p.kill("controller")
	time.sleep(2.5) # it ends meanwhile
	p.start("controller")
	flow.wait_run(t[1], run)
	assert len(fake_workloads.starts(p.folder, run)) == 1 and step(t, run)["attempt"] == 1
	window = allocations(t, run)[0]
	assert seconds(window["ended_at"]) - seconds(window["bound_at"]) < 2.6, "the controller's absence is not billed"
	assert seconds(window["released_at"]) - seconds(window["bound_at"]) > 2.5, "the shares were held until it noticed"


def seconds(text):
	import datetime
	return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


def test_sigterm_queues_again_and_leaves_no_process(p, t):
	run = job(t, "sleep:3")
	wait_state(t, run, "RUNNING")
	assert p.programs.pop("controller").stop(20) == 0
	assert not p.workloads()
	one = step(t, run)
	assert one["state"] == "QUEUED" and one["reason"] == "shutdown" and one["attempt"] == 0
	assert [a["release_reason"] for a in allocations(t, run)] == ["platform"] and used(p) == 0
	p.start("controller")
	flow.wait_run(t[1], run)
	assert step(t, run)["attempt"] == 1


def test_second_controller_takes_over(p, t):
	run = job(t, "sleep:3")
	wait_state(t, run, "RUNNING")
	first = p.programs.pop("controller")
	p.start("controller")
	proc.wait_until(lambda: "started" in p.tail("controller"), "the second one is up")
	time.sleep(0.5)
	first.kill()
	flow.wait_run(t[1], run, 15)
	assert len(fake_workloads.starts(p.folder, run)) == 1


def test_idle_writes_nothing(p, t):
	flow.wait_run(t[1], job(t, "ok"))
	time.sleep(1)
	before = p.server.sql("SELECT max(seq) FROM changes")
	events = p.server.sql("SELECT count(*) FROM events")
	time.sleep(4)
	assert p.server.sql("SELECT max(seq) FROM changes") == before
	assert p.server.sql("SELECT count(*) FROM events") == events


def passes(p):
	with open(p.folder + "/run/controller.ops", encoding="ascii") as f:
		text = requests.get(f.read().strip() + "/metrics", timeout=10).text
	return sum(float(line.split()[-1]) for line in text.splitlines() if line.startswith("controller_passes_total"))


def test_writes_that_change_nothing_start_no_pass(p, t):
	flow.wait_run(t[1], job(t, "ok"))
	time.sleep(1)
	before = passes(p)
	for _ in range(30): # as the leases of every program do
		p.server.sql("UPDATE leaders SET role = role")
		time.sleep(0.2)
	assert passes(p) - before <= 4, "in 6 s, one each CONTROLLER_FULL_PASS (3 s)"


PIPELINE = {"name": "two", "steps": [
	{"name": "a", "kind": "train", "pool": "cpu", "with": {"dataset": "", "label": "ok"}},
	{"name": "b", "kind": "evaluate", "pool": "cpu", "needs": ["a"], "with": {"model": "a", "dataset": "", "label": "ok"}},
	{"name": "r", "kind": "register", "needs": ["a", "b"], "with": {"from": "a", "model": "piped", "alias": "x",
		"require": {"metric": "loss", "max": 0.5}}}]}


def pipeline(t, only=("a", "b", "r"), max_runtime=None, **changes):
	"""A run of PIPELINE's steps ONLY; CHANGES: step name -> members to replace."""
	project, client, dataset = t
	steps = []
	for one in PIPELINE["steps"]:
		if one["name"] not in only:
			continue
		one = dict(one, **changes.get(one["name"], {}))
		if "dataset" in one["with"]:
			one["with"] = dict(one["with"], dataset=dataset["id"])
		steps.append(one)
	made = client.post("/v1/pipelines", dict(PIPELINE, steps=steps, name="p%d" % time.time_ns()),
		params={"project_id": project["id"]}).json()
	body = {"project_id": project["id"], "pipeline_id": made["id"], "max_runtime": max_runtime}
	return client.post("/v1/runs", body).json()


def states(t, run):
	return {s["name"]: s["state"] for s in flow.steps(t[1], run)}


def test_pipeline_registers(p, t):
	run = pipeline(t)
	flow.wait_run(t[1], run)
	model = t[1].items("/v1/models")[0]
	assert model["name"] == "piped"
	version = t[1].get("/v1/models/%s/versions/1" % model["id"]).json()
	assert version["run_id"] == run["id"] and version["step"] == "a" and version["dataset_artifact_id"] == t[2]["id"]
	assert t[1].get("/v1/models/%s/aliases" % model["id"]).json()["items"][0]["alias"] == "x"


def test_failed_need_skips(p, t):
	run = pipeline(t, a={"with": {"dataset": "", "label": "crash"}})
	done = flow.wait_run(t[1], run, want="FAILED")
	assert states(t, run) == {"a": "FAILED", "b": "SKIPPED", "r": "SKIPPED"}
	assert "step 'a': the fake trainer crashes" in done["reason"]


def test_requirement_not_met(p, t):
	run = pipeline(t, r={"with": {"from": "a", "model": "piped", "require": {"metric": "loss", "max": 0.1}}})
	done = flow.wait_run(t[1], run, want="FAILED")
	assert "0.25" in done["reason"] and "0.1" in done["reason"]
	assert not t[1].items("/v1/models")


def crash_once(p, t):
	return job(t, "crash_once", register={"model": "k"}, retries=1)


def cancelled(p, t):
	run = job(t, "sleep:60")
	with contextlib.suppress(proc.Failed):
		proc.wait_until(lambda: step(t, run)["state"] == "RUNNING" or not p.programs["controller"].running(), "it runs", 10)
	t[1].post("/v1/runs/%s/cancel" % run["id"])
	return run


def shut_down(p, t):
	run = job(t, "sleep:0.5", register={"model": "k"})
	proc.wait_until(lambda: step(t, run)["state"] == "RUNNING" or not p.programs["controller"].running(), "it runs", 10)
	p.programs["controller"].signal(signal.SIGTERM)
	return run


SHARED = 6 # points of every run up to the start of its job: the first row has them all

@pytest.mark.parametrize("start, first, want, releases", [
	(lambda p, t: job(t, "ok", register={"model": "k"}), 1, "SUCCEEDED", ["completed"]),
	(crash_once, SHARED, "SUCCEEDED", ["failed", "completed"]),
	(cancelled, SHARED, "CANCELLED", ["cancelled"]),
	(shut_down, SHARED, "SUCCEEDED", ["completed"])], ids=["success", "retry", "cancel", "sigterm"])
def test_killed_at_every_point(p, t, start, first, want, releases):
	"""kill -9 of the controller at its Nth act, for every N a run has: the run still ends right, no attempt runs twice, and
	what the kill costs is never the user's."""
	points = 0
	for n in range(first, 200):
		p.kill("controller")
		p.env["MODELOPS_FAULT"] = "controller:%d:kill" % n
		p.start("controller")
		del p.env["MODELOPS_FAULT"]
		run = start(p, t)
		if not ends_or_dies(p, t, run):
			break
		points += 1
		died = p.programs.pop("controller").process.wait() == -signal.SIGKILL
		p.start("controller")
		flow.wait_run(t[1], run, 30, want=want)
		check_attempts(p, run)
		assert [a["release_reason"] for a in allocations(t, run) if a["release_reason"] != "platform"] == releases
		assert used(p) == 0 and step(t, run)["attempt"] <= len(releases)
		if not died:
			break # it shut down before its Nth act
	if "controller" in p.programs:
		p.kill("controller") # it is still armed
	p.start("controller")
	time.sleep(1) # a SIGTERM before it listens for one would just end it
	assert points >= (12 if first == 1 else 4), "only %d points" % points
	model = [m for m in t[1].items("/v1/models") if m["name"] == "k"]
	if model:
		versions = t[1].items("/v1/models/%s/versions" % model[0]["id"])
		assert len(versions) == points + (start is not shut_down), "one version per run, never two"


def ends_or_dies(p, t, run):
	"""True when the controller died first."""
	def probe():
		if not p.programs["controller"].running():
			return "died"
		return t[1].get("/v1/runs/" + run["id"]).json()["state"] in ("SUCCEEDED", "FAILED", "CANCELLED") and "ended"
	return proc.wait_until(probe, lambda: "the run %s" % step(t, run), 30, 0.05) == "died"


def check_attempts(p, run):
	running = set()
	for entry in fake_workloads.attempts(p.folder):
		if entry["run"] != run["id"]:
			continue
		if entry["what"] == "start":
			assert not running, "two attempts at once"
			running.add(entry["attempt"])
		else:
			running.discard(entry["attempt"])
	starts = [a["attempt"] for a in fake_workloads.starts(p.folder, run)]
	assert len(starts) == len(set(starts)), "an attempt was started twice"
