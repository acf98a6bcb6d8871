"""A folder of workload programs (WORKLOAD_BIN_DIR) whose trainer does what the step's `label` says, so that every way a
job can end is one line of a test. It speaks the workload door like the real one; shim, fetch and serving are the real ones.

	ok | sleep:SECONDS | crash | crash_once | unreachable_once | user_error | no_output | bad_output | ignore_term | chatty
"""
import json
import os
import sys

from lib import proc

TRAINER = '''#!%(python)s -S
import hashlib, json, os, signal, sys, time, urllib.request
run = os.environ["MODELOPS_RUN_URL"]
token = os.environ["MODELOPS_RUN_TOKEN"]
data = %(data)r
spec = json.load(open("in/spec.json"))
mode = spec["step"]["with"]["label"]

def note(what):
	with open(data + "/attempts.log", "a") as f:
		f.write(json.dumps({"what": what, "attempt": os.environ["MODELOPS_ATTEMPT_ID"], "run": os.environ["RUN_ID"],
			"step": os.environ["STEP_NAME"], "at": time.time()}) + "\\n")

def call(method, url, body, auth=True):
	if url.startswith("/"):
		url = run.split("/v1/")[0] + url
	for again in range(100):
		request = urllib.request.Request(url, data=body, method=method)
		if auth:
			request.add_header("Authorization", "Bearer " + token)
			request.add_header("Content-Type", "application/json")
		try:
			with urllib.request.urlopen(request, timeout=10) as reply:
				return reply.read()
		except urllib.error.HTTPError as e:
			print("error: %%s %%s: %%d %%s" %% (method, url.split("?")[0], e.code, e.read()[:300]))
			sys.exit(1)
		except OSError:
			time.sleep(0.1)
	sys.exit(1)

def post(path, body):
	return json.loads(call("POST", run + path, json.dumps(body).encode()) or b"{}")

def upload(path, content):
	link = post("/outputs", {"path": path, "size": len(content), "sha256": hashlib.sha256(content).hexdigest()})
	call(link["method"], link["url"], content, False)

note("start")
signal.signal(signal.SIGTERM, signal.SIG_IGN if mode == "ignore_term" else lambda *a: (note("end"), os._exit(143)))
print("mode", mode, flush=True)
post("/progress", {"progress": 0.1, "eta_s": 1.0, "message": "begun"})
if mode.startswith("sleep:"):
	time.sleep(float(mode[6:]))
if mode == "ignore_term":
	time.sleep(600)
if mode == "chatty":
	for i in range(30):
		print("line", i, flush=True)
		time.sleep(0.1)
marker = data + "/once-" + os.environ["RUN_ID"]
if mode == "crash" or (mode == "crash_once" and not os.path.exists(marker)):
	open(marker, "w").close()
	post("/metrics", {"metrics": [{"key": "loss", "iteration": 9, "value": 1.0}]})
	print("error: the fake trainer crashes")
	note("end")
	sys.exit(1)
if mode == "unreachable_once" and not os.path.exists(marker):
	open(marker, "w").close()
	print("error: model.json: no answer")
	note("end")
	sys.exit(75)
if mode == "user_error":
	print("error: column 'colour' of line 7 is no number")
	note("end")
	sys.exit(2)
if mode != "no_output":
	names = ("metrics.json",) if spec["kind"] == "evaluate" else ("model.json", "features.json", "metrics.json")
	files = {name: b'{"format":1}' for name in names}
	if "features.json" in files:
		files["features.json"] = json.dumps({"format": 1, "task": "regression", "label": "label", "classes": None,
			"features": [{"name": "a", "type": "float"}]}).encode()
	for name, content in files.items():
		upload(name, content)
	rows = [{"path": n, "size": len(c), "sha256": hashlib.sha256(c).hexdigest()} for n, c in files.items()]
	if mode == "bad_output":
		rows[0]["sha256"] = "0" * 64
	upload("manifest.json", json.dumps({"format": 1, "attempt_id": os.environ["MODELOPS_ATTEMPT_ID"],
		"kind": "evaluation" if spec["kind"] == "evaluate" else "model", "files": rows,
		"metrics": {"loss": 0.25}, "device": "cpu", "created_at": "2026-01-01T00:00:00Z"}).encode())
note("end")
'''


def make(folder, data):
	"""FOLDER becomes such a folder; attempts are noted in DATA/attempts.log."""
	os.makedirs(folder, exist_ok=True)
	for name in ("modelops-shim", "modelops-fetch", "modelops-serving"):
		os.symlink(os.path.realpath(proc.program(name)), os.path.join(folder, name))
	path = os.path.join(folder, "modelops-trainer")
	with open(path, "w", encoding="utf-8") as f:
		f.write(TRAINER % {"python": sys.executable, "data": data})
	os.chmod(path, 0o755)
	return folder


def attempts(data):
	"""What the fake trainer noted, in order."""
	try:
		with open(data + "/attempts.log", encoding="utf-8") as f:
			return [json.loads(line) for line in f]
	except FileNotFoundError:
		return []


def starts(data, run):
	return [a for a in attempts(data) if a["what"] == "start" and a["run"] == run["id"]]
