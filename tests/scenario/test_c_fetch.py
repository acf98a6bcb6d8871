"""modelops-fetch against a door that misbehaves: what lies in in/ is complete and right, or the reason is said."""
import hashlib
import http.server
import json
import subprocess
import threading
import time

import pytest

from lib import proc

TOKEN = "mow_att_01J0000000000000000000000_secret"
DATA = b"a,b\n1,2\n" * 10000


def sha(data):
	return hashlib.sha256(data).hexdigest()


class Door(http.server.ThreadingHTTPServer):
	"""Serves a spec and blobs; `faults` maps a path to a list of faults, one used up per request."""
	daemon_threads = True

	def __init__(self):
		super().__init__(("127.0.0.1", 0), Handler)
		self.url = "http://127.0.0.1:%d" % self.server_port
		self.blobs, self.faults, self.seen, self.spec = {}, {}, [], None
		threading.Thread(target=self.serve_forever, daemon=True).start()

	def add(self, path, data, **wrong):
		self.blobs["/v1/blobs/" + path] = data
		row = {"path": path, "url": "/v1/blobs/" + path, "size": len(data), "sha256": sha(data)}
		row.update(wrong)
		self.spec["inputs"].append(row)


class Handler(http.server.BaseHTTPRequestHandler):
	protocol_version = "HTTP/1.1"

	def log_message(self, *args):
		pass

	def reply(self, status, body, length=None):
		self.send_response(status)
		self.send_header("Content-Length", str(len(body) if length is None else length))
		self.end_headers()
		self.wfile.write(body)

	def do_GET(self):
		door, path = self.server, self.path.split("?")[0]
		door.seen.append((path, self.headers.get("Authorization")))
		if path == "/v1/workload/spec" and self.headers.get("Authorization") != "Bearer " + TOKEN:
			return self.reply(401, b"{}")
		fault = door.faults.get(path, [])
		what = fault.pop(0) if fault else None
		body = json.dumps(door.spec).encode() if path == "/v1/workload/spec" else door.blobs.get(path)
		if body is None:
			return self.reply(404, b'{"code":"not_found","detail":"no such object"}')
		if what in (503, 500, 429, 404, 403):
			return self.reply(what, b'{"code":"x","detail":"injected %d"}' % what)
		if what == "truncated":
			self.reply(200, body[:len(body) // 2], len(body))
			self.close_connection = True
			return None
		if what == "short":
			return self.reply(200, body[:-1])
		if what == "long":
			return self.reply(200, body + b"more")
		if what == "wrong":
			return self.reply(200, b"X" + body[1:])
		if what == "stall":
			self.send_response(200)
			self.send_header("Content-Length", str(len(body)))
			self.end_headers()
			self.wfile.write(body[:10])
			self.wfile.flush()
			time.sleep(3)
			self.close_connection = True
			return None
		return self.reply(200, body)


@pytest.fixture(name="door")
def _door():
	door = Door()
	door.spec = {"attempt_id": "att_1", "kind": "train", "step": {"with": {"rounds": 3}}, "inputs": []}
	yield door
	door.shutdown()
	door.server_close()


def fetch(door, folder, *args, token=TOKEN, url=None, seconds=30):
	env = {"MODELOPS_RUN_URL": (url or door.url) + "/v1/workload", "MODELOPS_RUN_TOKEN": token,
		"FETCH_STALL": "1s", "FETCH_DEADLINE": "10s"}
	result = subprocess.run([proc.program("modelops-fetch"), *args], cwd=folder, env=proc.clean_environment(env),
		capture_output=True, text=True, timeout=seconds, check=False)
	assert "secret" not in result.stdout + result.stderr
	return result


def files(folder):
	return sorted(p.name for p in (folder / "in").iterdir())


def test_all_inputs(door, tmp_path):
	door.add("dataset.csv", DATA)
	door.add("empty", b"")
	result = fetch(door, tmp_path)
	assert result.returncode == 0, result.stderr
	assert files(tmp_path) == ["dataset.csv", "empty", "spec.json"]
	assert (tmp_path / "in" / "dataset.csv").read_bytes() == DATA
	assert json.loads((tmp_path / "in" / "spec.json").read_text())["step"] == {"with": {"rounds": 3}}
	assert [auth for path, auth in door.seen if "blobs" in path] == [None, None], "the token went to the store"


def test_absolute_links(door, tmp_path):
	other = Door()
	other.blobs["/v1/blobs/x"] = DATA
	door.add("x", DATA, url=other.url + "/v1/blobs/x?sig=1")
	assert fetch(door, tmp_path).returncode == 0
	assert (tmp_path / "in" / "x").read_bytes() == DATA
	other.shutdown()
	other.server_close()


@pytest.mark.parametrize("fault", [503, 500, 429, "truncated", "short", "long", "wrong", "stall"])
def test_passing_faults_are_retried(door, tmp_path, fault):
	door.add("dataset.csv", DATA)
	door.faults = {"/v1/blobs/dataset.csv": [fault], "/v1/workload/spec": [503]}
	result = fetch(door, tmp_path)
	assert result.returncode == 0, result.stderr
	assert files(tmp_path) == ["dataset.csv", "spec.json"]
	assert (tmp_path / "in" / "dataset.csv").read_bytes() == DATA


@pytest.mark.parametrize("wrong,word", [({"sha256": sha(b"other")}, "sha256"), ({"size": 5}, "5 bytes"),
	({"size": len(DATA) + 7}, "bytes came")])
def test_wrong_bytes_are_never_left(door, tmp_path, wrong, word):
	door.add("dataset.csv", DATA, **wrong)
	result = fetch(door, tmp_path)
	assert result.returncode == 1
	last = result.stderr.splitlines()[-1]
	assert last.startswith("error: input 'dataset.csv'") and word in last
	assert files(tmp_path) == ["spec.json"]


def test_input_that_is_gone(door, tmp_path):
	door.add("dataset.csv", DATA)
	door.blobs.clear()
	result = fetch(door, tmp_path)
	assert result.returncode == 2 and result.stderr.splitlines()[-1].startswith("error: input 'dataset.csv'")


def test_refused_token(door, tmp_path):
	started = time.monotonic()
	result = fetch(door, tmp_path, token="mow_other")
	assert result.returncode == 1 and "error:" in result.stderr
	assert time.monotonic() - started < 3, "a refusal is not worth retrying"


def test_nobody_answers(door, tmp_path):
	result = fetch(door, tmp_path, "FETCH_DEADLINE=1s", url="http://127.0.0.1:%d" % proc.free_port())
	assert result.returncode == 75 and "gave up" in result.stderr


def test_waits_for_the_door(door, tmp_path):
	door.add("dataset.csv", DATA)
	door.faults = {"/v1/workload/spec": [503] * 4}
	assert fetch(door, tmp_path).returncode == 0


@pytest.mark.parametrize("path", ["../evil", "a/b", "/etc/x", ".hidden", "", "spec.json", "x" * 200])
def test_names_that_would_leave_the_folder(door, tmp_path, path):
	door.add("ok", DATA)
	door.spec["inputs"][0]["path"] = path
	result = fetch(door, tmp_path)
	assert result.returncode == 1 and "inputs[0].path" in result.stderr
	assert not (tmp_path / "evil").exists() and not (tmp_path / "in" / "ok").exists()


def test_too_much(door, tmp_path):
	door.add("dataset.csv", DATA)
	result = fetch(door, tmp_path, "FETCH_MAX_BYTES=1k")
	assert result.returncode == 1 and "FETCH_MAX_BYTES" in result.stderr


@pytest.mark.parametrize("spec", ["[]", "null", '{"kind":"train"}', '{"attempt_id":"a","kind":"x","inputs":[]}'])
def test_spec_that_is_none(door, tmp_path, spec):
	door.spec = json.loads(spec)
	result = fetch(door, tmp_path)
	assert result.returncode == 1 and "spec" in result.stderr


@pytest.mark.parametrize("args", [["NO_SUCH=1"], ["FETCH_STALL=soon"], ["MODELOPS_RUN_URL=nonsense"]])
def test_bad_settings(door, tmp_path, args):
	result = fetch(door, tmp_path, *args)
	assert result.returncode == 1 and "error:" in result.stderr and args[0].split("=")[0] in result.stderr
