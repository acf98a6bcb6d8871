# databases: sqlite postgres
# timeout: 400
"""The whole flow on a table made up for this run (random width, names, missing values), judged by xgboost itself."""
import csv
import io
import json
import random
import time

import numpy as np
import pytest
import xgboost as xgb
from lib import flow, ledger_check, platform, proc


@pytest.fixture(scope="module")
def place():
	with platform.running() as p:
		flow.cpu_pool(p.server)
		flow.price_plan(p.server)
		yield p


def made_up_table(seed):
	"""CSV text, feature names, and rows as floats (None: missing)."""
	rng = random.Random(seed)
	names = ["%s %d" % (rng.choice(["length", "Größe", "x,y", 'quote"d', "v"]), i) for i in range(rng.randint(3, 20))]
	rows, labels = [], []
	for _ in range(400):
		row = [None if rng.random() < 0.08 else round(rng.gauss(0, 3), rng.randint(0, 6)) for _ in names]
		rows.append(row)
		labels.append("klasse-%d" % (sum(v or 0 for v in row[:3]) > 0) if rng.random() > 0.05 else "klasse-2")
	out = io.StringIO()
	writer = csv.writer(out)
	writer.writerow(names + ["target"])
	for row, label in zip(rows, labels):
		writer.writerow(["" if v is None else repr(v) for v in row] + [label])
	return out.getvalue(), names, rows


def booster_of(client, run, tmp_path):
	path = tmp_path / "model.json"
	path.write_bytes(flow.package_file(client, run, "model.json"))
	return xgb.Booster(model_file=str(path))


@pytest.mark.parametrize("seed", [time.time_ns() % 1000000, 7])
def test_made_up_table(place, tmp_path, seed):
	print("seed", seed)
	tenant, project, admin = place.server.tenant()
	text, names, rows = made_up_table(seed)
	dataset = flow.upload(admin, project, "made-up.csv", text.encode())
	run = flow.train(admin, project, dataset, "target", register="made-up", rounds=25)
	flow.wait_run(admin, run)
	booster = booster_of(admin, run, tmp_path)
	features = json.loads(flow.package_file(admin, run, "features.json"))
	assert [f["name"] for f in features["features"]] == names
	deployment = flow.deploy(admin, project, "made-up")
	path = "/v1/deployments/" + deployment["id"]

	matrix = np.array([[np.nan if v is None else v for v in row] for row in rows], dtype=np.float32)
	data = xgb.DMatrix(matrix)
	want = booster.predict(data, validate_features=False)
	got = admin.post(path + "/predict?proba=1", {"instances": rows}).json()["predictions"]
	classes = features["classes"]
	ours = np.array([[p[c] for c in classes] if isinstance(p, dict) else p for p in got], dtype=np.float64)
	if want.ndim == 1:
		want = np.stack([1 - want, want], axis=1)
		assert np.array_equal(ours[:, 1].astype(np.float32), want[:, 1])
	else:
		assert np.array_equal(ours.astype(np.float32), want)
	labels = admin.post(path + "/predict", {"instances": [dict(zip(names, row)) for row in rows[:50]]}).json()["predictions"]
	assert labels == [classes[i] for i in want[:50].argmax(axis=1)]

	contribs = booster.predict(data, pred_contribs=True, validate_features=False)
	margins = booster.predict(data, output_margin=True, validate_features=False)
	said = admin.post(path + "/explain", {"instances": rows[:20]}).json()["explanations"]
	for i, e in enumerate(said):
		chosen = int(want[i].argmax()) if contribs.ndim == 3 else None
		theirs = contribs[i] if chosen is None else contribs[i][chosen]
		margin = margins[i] if chosen is None else margins[i][chosen]
		ours = [e["values"][n] for n in names] + [e["base_value"]]
		assert np.allclose(ours, theirs, rtol=1e-5, atol=1e-5), (i, ours, theirs)
		assert abs(sum(ours) - margin) < 1e-4 and abs(e["output"] - margin) < 1e-4


def test_progress_is_seen_while_it_runs(place):
	"""At least three rising progress values while RUNNING, then the metrics of every round."""
	_, project, admin = place.server.tenant()
	text, _, _ = made_up_table(11)
	dataset = flow.upload(admin, project, "made-up.csv", text.encode())
	run = flow.train(admin, project, dataset, "target", rounds=3000, early_stopping_rounds=0, max_depth=10)
	seen = []

	def finished():
		step = flow.steps(admin, run)[0]
		if step["state"] == "RUNNING" and (not seen or step["progress"] > seen[-1]):
			seen.append(step["progress"])
		return step["state"] == "SUCCEEDED" or step["state"] == "FAILED"
	proc.wait_until(finished, "the job to end", 120, 0.05)
	assert len([v for v in seen if 0 < v < 1]) >= 3, seen
	flow.wait_run(admin, run)
	metrics = admin.items("/v1/runs/%s/metrics" % run["id"])
	rounds = {m["iteration"] for m in metrics if m["key"].startswith("train-")}
	assert len(rounds) == 3000


def test_waiting_is_not_billed(place):
	"""Three jobs on two shares: one waits and says why; only BOUND time is billed; the books add up."""
	server = place.server
	pool = flow.cpu_pool(server, "two", 2)
	tenant, project, admin = server.tenant()
	text, _, _ = made_up_table(5)
	dataset = flow.upload(admin, project, "made-up.csv", text.encode())
	runs = [flow.train(admin, project, dataset, "target", pool="two", name="job-%d" % i, rounds=1500,
		early_stopping_rounds=0, max_depth=8) for i in range(3)]
	reasons = set()

	def all_done():
		for run in runs:
			step = flow.steps(admin, run)[0]
			if step["state"] == "QUEUED" and step["detail"]:
				reasons.add(step["detail"])
		return all(admin.get("/v1/runs/" + r["id"]).json()["state"] == "SUCCEEDED" for r in runs)
	proc.wait_until(all_done, "three jobs", 150, 0.05)
	assert any("2 of 2 shares used" in r for r in reasons), reasons
	allocations = admin.items("/v1/pool-allocations", pool_id="two")
	assert len(allocations) == 3 and all(a["state"] == "RELEASED" for a in allocations)
	wait_for_ledger(admin, 3)
	for entry in admin.items("/v1/ledger"):
		allocation = next(a for a in allocations if a["resource_id"] == entry["resource_id"])
		span = ("bound_at", "ended_at") if entry["billable"] else ("ended_at", "released_at") # run, then our noticing
		assert entry["quantity"] > 0 and entry["reason"] == ("billable" if entry["billable"] else "platform")
		assert (entry["start_at"], entry["end_at"]) == tuple(allocation[at] for at in span)
	ledger_check.check(place.url)


def wait_for_ledger(client, count, seconds=20):
	"""Until share time of COUNT allocations is in the books."""
	def entered():
		return {e["evidence"]["allocation_id"] for e in client.items("/v1/ledger") if e["metric"] == "gpu_share_us"}
	return proc.wait_until(lambda: len(entered()) >= count, "%d allocations in the ledger" % count, seconds, 0.2)


def test_killed_by_the_platform_is_not_billed(place):
	"""A job whose processes are killed from outside starts again and the lost attempt costs nothing."""
	import os
	import signal

	_, project, admin = place.server.tenant()
	text, _, _ = made_up_table(3)
	dataset = flow.upload(admin, project, "made-up.csv", text.encode())
	run = flow.train(admin, project, dataset, "target", rounds=2500, early_stopping_rounds=0, max_depth=10)
	step = proc.wait_until(lambda: next((s for s in flow.steps(admin, run) if s["state"] == "RUNNING"), None), "RUNNING", 60)
	folder = "%s/work/%s" % (place.folder, step["attempt_id"])
	for name in ("shim.pid", "child.pid"):
		with open("%s/%s" % (folder, name), encoding="ascii") as f:
			os.kill(int(f.read().split()[0]), signal.SIGKILL)
	done = flow.wait_run(admin, run)
	assert done["state"] == "SUCCEEDED"
	wait_for_ledger(admin, 2)
	entries = [e for e in admin.items("/v1/ledger") if e["metric"] == "gpu_share_us"]
	done = {a["id"]: a["release_reason"] for a in admin.items("/v1/pool-allocations") if a["resource_id"] == run["id"]}
	assert sorted(done.values()) == ["completed", "platform"]
	assert [done[e["evidence"]["allocation_id"]] for e in entries if e["billable"]] == ["completed"]
	assert all(e["reason"] == "platform" for e in entries if not e["billable"])
	ledger_check.check(place.url)


def test_invoice_adds_up(place):
	"""Traffic, jobs, then a draft invoice whose lines the independent checker recomputes."""
	server = place.server
	_, project, admin = server.tenant()
	text, _, rows = made_up_table(9)
	dataset = flow.upload(admin, project, "made-up.csv", text.encode())
	run = flow.train(admin, project, dataset, "target", register="m", rounds=20)
	flow.wait_run(admin, run)
	deployment = flow.deploy(admin, project, "m")
	for _ in range(30):
		admin.post("/v1/deployments/%s/predict" % deployment["id"], {"instances": rows[:3]})
	for _ in range(5):
		admin.post("/v1/deployments/%s/explain" % deployment["id"], {"instances": rows[:2]})
	admin.problem("POST", "/v1/deployments/%s/predict" % deployment["id"], {"instances": [[1]]}, status=422)

	def counted():
		totals = {}
		for entry in admin.items("/v1/ledger"):
			totals[entry["metric"]] = totals.get(entry["metric"], 0) + entry["quantity"]
		return totals.get("predict_requests") == 30 and totals.get("explain_rows") == 10 and totals
	totals = proc.wait_until(counted, lambda: "30 predicts in the ledger: %s" % admin.get("/v1/ledger").text, 20, 0.2)
	assert totals["predict_rows"] == 90 and totals["explain_requests"] == 5
	period = time.strftime("%Y-%m", time.gmtime())
	invoice = admin.post("/v1/invoices", {"period": period}).json()
	lines = {line["metric"]: line for line in invoice["lines"]}
	assert lines["predict_requests"]["quantity"] == 30
	assert lines["predict_requests"]["amount"]["amount_micro"] == 3 # 30 * 0.10 per million
	again = admin.get("/v1/invoices/" + invoice["id"]).json()
	assert again == invoice
	assert admin.get("/v1/ledger/verify").json()["valid"]
	ledger_check.check(place.url)
