"""The command line by itself and against a small API: tables, JSON, exit statuses, errors, flags, profiles, streams."""
import fcntl
import hashlib
import http.server
import json
import os
import pty
import re
import select
import socket
import struct
import subprocess
import termios
import threading
import time

import pytest

from lib import proc

RUN = {"id": "run_1", "tenant_id": "ten_1", "name": "first", "kind": "pipeline", "state": "SUCCEEDED", "reason": None,
	"started_at": "2026-11-23T22:00:00.5Z", "finished_at": "2026-11-23T22:00:03Z", "created_at": "2026-11-23T22:00:00Z"}


class Api(http.server.ThreadingHTTPServer):
	"""Answers from a table {"METHOD path": (status, document or bytes)}, a list of answers is used up one by one."""

	def __init__(self, answers):
		self.answers, self.seen = answers, []
		super().__init__(("127.0.0.1", 0), Handler)
		self.url = "http://127.0.0.1:%d" % self.server_address[1]
		threading.Thread(target=self.serve_forever, daemon=True).start()

	def __enter__(self):
		return self

	def __exit__(self, *args):
		self.shutdown()
		self.server_close()


class Handler(http.server.BaseHTTPRequestHandler):
	protocol_version = "HTTP/1.1"

	def log_message(self, *args):
		pass

	def answer(self):
		body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
		self.server.seen.append((self.command, self.path, body, dict(self.headers)))
		found = self.server.answers.get("%s %s" % (self.command, self.path)) \
			or self.server.answers.get("%s %s" % (self.command, self.path.split("?")[0]))
		if isinstance(found, list):
			found = found.pop(0) if len(found) > 1 else found[0]
		status, doc = found or (404, {"status": 404, "code": "not_found", "detail": "no such thing", "request_id": "r1"})
		data = doc if isinstance(doc, bytes) else b"" if doc is None else json.dumps(doc).encode()
		self.send_response(status)
		self.send_header("Content-Length", str(len(data)))
		self.end_headers()
		self.wfile.write(data)

	do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = answer


def cli(api, *args, env=None, text=None, seconds=30):
	base = {"HOME": "/nonexistent"}
	if api:
		base["MODELOPS_URL"] = api.url
	return proc.run("modelops", *args, env=dict(base, **(env or {})), input_text=text, seconds=seconds)


def page(*items, **more):
	return 200, dict({"items": list(items), "next": None}, **more)


def test_help_names_every_command():
	whole = cli(None, "--help").stdout
	nouns = "tenant project pool quota key artifact pipeline run job model deployment predict explain usage ledger cost " \
		"price-plan invoice dashboard event whoami up"
	for noun in nouns.split():
		assert re.search(r"^  %s\s" % noun, whole, re.M), noun
		assert cli(None, noun, "--help").returncode == 0
	assert "usage: modelops run create" in cli(None, "run", "create", "--help").stdout
	assert "modelops run watch ID" in cli(None, "help", "run").stdout


WRONG = [
	((), "usage: modelops"),
	(("nothing",), "no command 'nothing'"),
	(("run", "fly"), "no verb 'fly'"),
	(("run", "get"), "an argument is missing"),
	(("run", "get", "a", "b"), "one argument too many"),
	(("run", "list", "--colour"), "no flag '--colour'"),
	(("run", "list", "--limit"), "--limit needs a value"),
	(("run", "list", "-o", "xml"), "'xml' is not table, json or name"),
	(("project", "create"), "an argument is missing"),
	(("run", "create", "--project", "p"), "--pipeline is needed"),
	(("quota", "set", "t", "p", "--shares", "many"), "'many' is no whole number"),
	(("run", "create", "--project", "p", "--pipeline", "q", "--param", "x"), "'x' is not NAME=VALUE"),
	(("artifact", "upload", "/nonexistent/file", "--project", "p"), "No such file"),
	(("artifact", "upload", "/", "--project", "p"), "no regular file"),
	(("predict", "dep_1", "--data", "{"), "--data:"),
	(("predict", "dep_1", "--csv", "/nonexistent"), "No such file"),
	(("dashboard", "create", "n", "--scope", "user", "--title", "t", "--definition", "@/nonexistent"), "No such file"),
	(("run", "list", "--timeout", "0"), "--timeout"),
	(("run", "list", "--profile", "x"), "profile file"),
	(("up", "--port", "70000"), "--port"),
	(("up", "--auth", "none"), "neither keys nor demo"),
]


@pytest.mark.parametrize("args,words", WRONG)
def test_wrong_use(args, words, tmp_path):
	env = {"MODELOPS_DATA": str(tmp_path / "data")}
	done = cli(None, *args, env=env)
	assert done.returncode == 2, done.stderr
	assert words in done.stderr


def test_unreachable():
	done = cli(None, "whoami", env={"MODELOPS_URL": "http://127.0.0.1:%d" % proc.free_port()})
	assert done.returncode == 3 and "cannot reach" in done.stderr and "modelops up" in done.stderr


def test_refusal_says_everything():
	problem = {"type": "about:blank", "title": "Forbidden", "status": 403, "code": "quota_exceeded", "field": "shares",
		"detail": "pool 'cpu': 4 of 4 shares used", "hint": "wait or ask for more", "request_id": "req-7"}
	with Api({"GET /v1/runs/run_1": (403, problem)}) as api:
		done = cli(api, "run", "get", "run_1")
		assert done.returncode == 1 and done.stdout == ""
		assert len(done.stderr.splitlines()) == 4
		for part in ("pool 'cpu': 4 of 4 shares used", "quota_exceeded", "shares", "wait or ask for more", "req-7", "403"):
			assert part in done.stderr
		assert json.loads(cli(api, "run", "get", "run_1", "-o", "json").stderr) == problem


def test_tables_and_json():
	items = [dict(RUN, id="run_%d" % i, name="größe-%d" % i) for i in range(3)]
	with Api({"GET /v1/runs": page(*items, next="c2")}) as api:
		lines = cli(api, "run", "list").stdout.splitlines()
		assert lines[0].split() == ["ID", "NAME", "KIND", "STATE", "STARTED", "FINISHED", "REASON"]
		at = lines[0].index("KIND")
		assert all(line[at:].startswith("pipeline") for line in lines[1:4])
		assert "2026-11-23 22:00:00" in lines[1] and "--cursor c2" in lines[4]
		assert "\033" not in "".join(lines)
		assert json.loads(cli(api, "run", "list", "-o", "json").stdout)["items"] == items
		assert cli(api, "run", "list", "-o", "id").stdout.split() == ["run_0", "run_1", "run_2"]


def test_numbers_stand_to_the_right():
	usage = {"items": [{"metric": "a", "price_class": "cpu", "quantity": 7, "windows": 1, "reason": "billable"},
		{"metric": "bb", "price_class": "cpu", "quantity": 123456, "windows": 10, "reason": "billable"}]}
	with Api({"GET /v1/usage": (200, usage)}) as api:
		lines = cli(api, "usage").stdout.splitlines()
		end = lines[0].index("QUANTITY") + len("QUANTITY")
		assert lines[1][:end].endswith(" 7") and lines[2][:end].endswith("123456")


def test_control_characters_do_not_reach_the_terminal():
	with Api({"GET /v1/runs/run_1": (200, dict(RUN, name="a\033[2Jb"))}) as api:
		assert "\033" not in cli(api, "run", "get", "run_1").stdout


def test_all_follows_pages():
	answers = {"GET /v1/projects": page({"id": "prj_1", "name": "a"}, next="x y"),
		"GET /v1/projects?cursor=x%20y": page({"id": "prj_2", "name": "b"})}
	with Api(answers) as api:
		assert cli(api, "project", "list", "--all", "-o", "id").stdout.split() == ["prj_1", "prj_2"]


def test_bodies_and_queries():
	with Api({"POST /v1/runs": (201, RUN), "PUT /v1/quotas/ten%2F1/cpu": (200, {"max_shares": 3}),
			"POST /v1/projects": (201, {"id": "prj_1"}), "POST /v1/deployments": (201, {"id": "dep_1"})}) as api:
		assert cli(api, "run", "create", "--project", "p", "--pipeline", "q", "--param", "rounds=5", "--param", "name=x y",
			"--param", "flag=true", "--idempotency-key", "k1").returncode == 0
		method, path, body, headers = api.seen[-1]
		assert json.loads(body) == {"project_id": "p", "pipeline": "q", "params": {"rounds": 5, "name": "x y", "flag": True}}
		assert headers["Idempotency-Key"] == "k1"
		assert cli(api, "quota", "set", "ten/1", "cpu", "--shares=3").returncode == 0
		assert cli(api, "project", "create", "p", "--tenant", "acme & co").returncode == 0
		assert api.seen[-1][1] == "/v1/projects?tenant_id=acme%20%26%20co"
		cli(api, "deployment", "create", "d", "--project", "p", "--model", "m", "--min", "2", "--max", "3")
		assert json.loads(api.seen[-1][2]) == {"name": "d", "project_id": "p", "model": "m", "replicas": {"min": 2, "max": 3}}


def test_identity(tmp_path):
	"""Flags win over the environment, which wins over the profile file."""
	folder = tmp_path / "modelops"
	folder.mkdir()
	with Api({"GET /v1/whoami": (200, {"name": "x"})}) as api:
		(folder / "profile").write_text("actor = all|tenant=t|role=user\n[work]\nurl = %s/\ntoken = mok_1\n" % api.url)
		(folder / "profile").chmod(0o600)
		env = {"XDG_CONFIG_HOME": str(tmp_path)}
		assert cli(api, "whoami", env=env).returncode == 0
		assert api.seen[-1][3]["X-Actor"] == "all|tenant=t|role=user"
		assert cli(None, "whoami", "--profile", "work", env=env).returncode == 0
		assert api.seen[-1][3]["Authorization"] == "Bearer mok_1" and "X-Actor" not in api.seen[-1][3]
		cli(api, "whoami", env=dict(env, MODELOPS_ACTOR="b|tenant=t|role=user", MODELOPS_PROFILE="work"))
		assert api.seen[-1][3]["X-Actor"] == "b|tenant=t|role=user"
		cli(api, "whoami", "--token", "mok_2", env=dict(env, MODELOPS_ACTOR="b|tenant=t|role=user"))
		assert api.seen[-1][3]["Authorization"] == "Bearer mok_2"
		cli(api, "whoami", "--actor", "c|tenant=t|role=user", env=dict(env, MODELOPS_TOKEN="mok_3"))
		assert api.seen[-1][3]["X-Actor"] == "c|tenant=t|role=user"


def test_project_and_tenant_of_the_settings(tmp_path):
	folder = tmp_path / "modelops"
	folder.mkdir()
	with Api({"GET /v1/runs": page(), "GET /v1/events": page(), "POST /v1/api-keys": (201, {"id": "key_1"}),
			"POST /v1/training-jobs": (201, {"id": "run_1"})}) as api:
		env = {"MODELOPS_PROJECT": "flowers", "MODELOPS_TENANT": "acme"}
		cli(api, "run", "list", env=env)
		assert api.seen[-1][1] == "/v1/runs?project_id=flowers"
		cli(api, "run", "list", "--project", "other", env=env)
		assert api.seen[-1][1] == "/v1/runs?project_id=other"
		cli(api, "event", "list", env=env)
		assert api.seen[-1][1] == "/v1/events?tenant_id=acme"
		cli(api, "job", "create", "j", "--with", "label=x", env=env)
		assert json.loads(api.seen[-1][2])["project_id"] == "flowers"
		cli(api, "key", "create", "k", "--principal", "usr_1", "--role", "user", env={"MODELOPS_PROJECT": "flowers"})
		assert "project_id" not in json.loads(api.seen[-1][2]) # there it would narrow the key
		(folder / "profile").write_text("# mine\nMODELOPS_PROJECT=roses\n")
		cli(api, "run", "list", env={"XDG_CONFIG_HOME": str(tmp_path)})
		assert api.seen[-1][1] == "/v1/runs?project_id=roses"


def test_a_profile_with_a_token_is_private(tmp_path):
	folder = tmp_path / "modelops"
	folder.mkdir()
	(folder / "profile").write_text("token = mok_1\n")
	(folder / "profile").chmod(0o640)
	with Api({"GET /v1/whoami": (200, {"name": "x"})}) as api:
		done = cli(api, "whoami", env={"XDG_CONFIG_HOME": str(tmp_path)})
		assert done.returncode == 2 and "chmod 600" in done.stderr and "mok_1" not in done.stderr and not api.seen
	done = cli(None, "whoami", "--actor", "a\r\nX-Evil: 1")
	assert done.returncode == 2 and "control characters" in done.stderr


def test_the_address_of_a_local_installation(tmp_path):
	(tmp_path / "run").mkdir()
	with Api({"GET /readyz": (200, {"status": "ok"})}) as api:
		(tmp_path / "run" / "api.address").write_text(api.url + "\n")
		done = cli(None, "status", env={"MODELOPS_DATA": str(tmp_path)})
		assert done.returncode == 0 and done.stdout.split() == [api.url, "ok"]
		api.answers["GET /readyz"] = (503, {"status": 503, "code": "unavailable", "detail": "stopping"})
		assert cli(api, "status").returncode == 1


class Lost(Api):
	"""Reads each request and hangs up, until `lose` of them are lost."""
	lose = 0


class LostHandler(Handler):
	def answer(self):
		if self.server.lose:
			self.server.lose -= 1
			self.rfile.read(int(self.headers.get("Content-Length") or 0))
			self.server.lost.append((self.command, self.path, dict(self.headers)))
			self.close_connection = True
			return
		super().answer()

	do_GET = do_POST = answer


def test_a_write_is_sent_again_under_the_same_key():
	with Lost({"POST /v1/projects": (201, {"id": "prj_1"}), "POST /v1/deployments/dep_1/predict": (200, {"predictions": [1]})}) as api:
		api.RequestHandlerClass, api.lost, api.lose = LostHandler, [], 2
		assert cli(api, "project", "create", "p", "-o", "name").stdout == "prj_1\n"
		keys = [headers["Idempotency-Key"] for _, _, headers in api.lost] + [api.seen[-1][3]["Idempotency-Key"]]
		assert len(keys) == 3 and len(set(keys)) == 1 and keys[0].startswith("cli_")
		api.lost, api.lose = [], 3
		assert cli(api, "project", "create", "p").returncode == 3 and len(api.lost) == 3
		api.lost, api.lose = [], 1
		assert cli(api, "predict", "dep_1", "--data", "[1]").returncode == 3 # counted: sent once
		assert len(api.lost) == 1 and "Idempotency-Key" not in api.lost[0][2]
		cli(api, "project", "create", "p")
		assert api.seen[-1][3]["Idempotency-Key"] not in keys


def test_a_watch_outlives_a_restart_of_the_api():
	with Lost(watched("SUCCEEDED", list(STEPS))) as api:
		api.RequestHandlerClass, api.lost, api.lose = LostHandler, [], 5
		assert cli(api, "run", "watch", "run_1").stdout.splitlines()[-1] == "run run_1 SUCCEEDED"
		assert len(api.lost) == 5
		api.answers.pop("GET /v1/runs/run_1")
		done = cli(api, "run", "watch", "run_1")
		assert done.returncode == 1 and "no such thing" in done.stderr


def test_numbers_in_json_keep_their_form():
	with Api({"GET /v1/runs/run_1": (200, b'{"id":"run_1","x":0.1,"n":9007199254740993,"t":"gr\xc3\xb6\xc3\x9fe"}')}) as api:
		assert cli(api, "run", "get", "run_1", "-o", "json").stdout == \
			'{"id":"run_1","x":0.1,"n":9007199254740993,"t":"größe"}\n'


def test_names_of_rows_without_an_id():
	with Api({"GET /v1/models/mdl_1/aliases": page({"alias": "production", "version": 3}),
			"GET /v1/ledger": page({"seq": 1, "metric": "x"}, {"seq": 2, "metric": "x"})}) as api:
		assert cli(api, "model", "aliases", "mdl_1", "-o", "name").stdout == "production\n"
		assert cli(api, "ledger", "list", "-o", "name").stdout == "1\n2\n"


def test_names_are_looked_up():
	rows = page({"id": "mdl_1", "name": "iris"}, {"id": "mdl_2", "name": "iris-two"})
	with Api({"GET /v1/models": rows, "GET /v1/models/mdl_1": (200, {"id": "mdl_1"})}) as api:
		assert cli(api, "model", "get", "iris", "-o", "name", env={"MODELOPS_PROJECT": "a b"}).stdout == "mdl_1\n"
		assert api.seen[0][1] == "/v1/models?name=iris&limit=500&project_id=a%20b"
		assert cli(api, "model", "get", "rose").returncode == 1
		api.answers["GET /v1/models"] = page({"id": "mdl_1", "name": "iris"}, {"id": "mdl_2", "name": "iris"})
		done = cli(api, "model", "get", "iris")
		assert done.returncode == 1 and "2 times" in done.stderr


def test_completion():
	script = cli(None, "completion", "bash").stdout
	ask = script + "\nCOMP_WORDS=(modelops run wat); COMP_CWORD=2; _modelops; echo ${COMPREPLY[*]}; " \
		"COMP_WORDS=(modelops run create --pip); COMP_CWORD=3; _modelops; echo ${COMPREPLY[*]}"
	done = subprocess.run(["bash", "-c", ask], capture_output=True, text=True, check=True)
	assert done.stdout.split() == ["watch", "--pipeline"]
	assert cli(None, "completion", "fish").returncode == 2


def step(name, state, progress=0.0, **more):
	return dict({"name": name, "state": state, "progress": progress, "eta_s": 2, "detail": None, "reason": None}, **more)


def watched(end, steps):
	running = dict(RUN, state="RUNNING", finished_at=None)
	return {"GET /v1/runs/run_1": [(200, running)] * 3 + [(200, dict(RUN, state=end, reason="boom" if end != "SUCCEEDED" else None))],
		"GET /v1/runs/run_1/steps": [page(*s) for s in steps]}


STEPS = [[step("train", "QUEUED", detail="pool 'cpu' is full")], [step("train", "RUNNING", 0.25)], [step("train", "RUNNING", 0.75)],
	[step("train", "SUCCEEDED", 1.0)]]


def test_watch_without_a_terminal():
	with Api(watched("SUCCEEDED", list(STEPS))) as api:
		done = cli(api, "run", "watch", "run_1")
		assert done.returncode == 0 and "\033" not in done.stdout
		assert "pool 'cpu' is full" in done.stdout and "20 %" in done.stdout and "70 %" in done.stdout
		assert done.stdout.splitlines()[-1] == "run run_1 SUCCEEDED"
	with Api(watched("FAILED", list(STEPS))) as api:
		done = cli(api, "run", "watch", "run_1")
		assert done.returncode == 4 and "FAILED: boom" in done.stdout
	with Api(watched("SUCCEEDED", list(STEPS))) as api:
		assert json.loads(cli(api, "run", "watch", "run_1", "-o", "json").stdout)["state"] == "SUCCEEDED"
	with Api({"GET /v1/runs/run_1": (200, dict(RUN, state="RUNNING")), "GET /v1/runs/run_1/steps": page()}) as api:
		done = cli(api, "run", "watch", "run_1", "--wait-timeout", "1")
		assert done.returncode == 5 and "still RUNNING" in done.stderr


def test_a_watch_shows_the_newest_metrics():
	rows = [{"step": "train", "key": key, "iteration": i, "value": 1.0 / (i + 1)} for key in ("train-rmse", "valid-rmse") for i in range(4)]
	answers = dict(watched("SUCCEEDED", list(STEPS)), **{"GET /v1/runs/run_1/metrics": page(*rows)})
	with Api(answers) as api:
		assert "train-rmse 0.25, valid-rmse 0.25 in round 4" in cli(api, "run", "watch", "run_1").stdout


def test_a_deployment_is_ready_when_its_newest_generation_is():
	deployment = {"id": "dep_1", "name": "d", "state": "READY", "generation": 2, "reason": None, "spec": {"replicas": {"min": 1}}}
	old, new = {"number": 1, "state": "READY"}, {"number": 2, "state": "STARTING"}
	answers = {"PATCH /v1/deployments/dep_1": (200, deployment), "GET /v1/deployments/dep_1": (200, deployment),
		"GET /v1/deployments/dep_1/revisions": [page(old), page(old, new), page(old, dict(new, state="READY"))]}
	with Api(answers) as api:
		done = cli(api, "deployment", "update", "dep_1", "--concurrency", "2", "--wait")
		assert done.returncode == 0 and sum("/revisions" in seen[1] for seen in api.seen) == 3
		api.answers["GET /v1/deployments/dep_1/revisions"] = page(old, dict(new, state="FAILED"))
		done = cli(api, "deployment", "wait", "dep_1")
		assert done.returncode == 4 and "cannot serve" in done.stderr
		api.answers["GET /v1/deployments/dep_1/revisions"] = page(old)
		assert cli(api, "deployment", "wait", "dep_1", "--wait-timeout", "0").returncode == 5


def on_terminal(api, *args, columns=80, env=None):
	"""Exit status and what a terminal of that width got."""
	master, slave = pty.openpty()
	fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
	env = proc.clean_environment(dict({"MODELOPS_URL": api.url, "HOME": "/nonexistent"}, **(env or {})))
	process = subprocess.Popen([proc.program("modelops"), *map(str, args)], env=env, stdin=subprocess.DEVNULL, stdout=slave, stderr=slave)
	os.close(slave)
	text = b""
	while select.select([master], [], [], 10)[0]:
		try:
			piece = os.read(master, 4096)
		except OSError:
			break
		text += piece
	code = process.wait(10)
	os.close(master)
	return code, text


def test_tables_fit_the_terminal():
	row = dict(RUN, id="run_01M859SK6GAM1JZR986A0FT6X1", reason="a reason that is much longer than any terminal is wide " * 2)
	with Api({"GET /v1/runs": page(row), "GET /v1/runs/run_1/logs": (200, b"a\x1b[2Jb\xc2\x9b\n")}) as api:
		text = on_terminal(api, "run", "list", columns=120)[1].decode()
		lines = re.sub(r"\x1b\[[0-9;]*m", "", text).splitlines()
		assert all(len(line) <= 120 for line in lines) and lines[1].endswith("…") and row["id"] in lines[1]
		assert "\x1b[32mSUCCEEDED" in text
		assert "\x1b" not in on_terminal(api, "run", "list", env={"NO_COLOR": "1"})[1].decode()
		log = on_terminal(api, "run", "logs", "run_1")[1]
		assert b"a?[2Jb" in log and b"\x1b" not in log and b"\xc2\x9b" not in log


def test_an_upload_shows_how_far_it_is(tmp_path):
	(tmp_path / "big.bin").write_bytes(b"x" * (4 << 20))
	with Api({"POST /v1/artifacts": (201, {"id": "art_1"})}) as api:
		api.RequestHandlerClass = SlowHandler
		code, text = on_terminal(api, "artifact", "upload", tmp_path / "big.bin", "--project", "p")
		assert code == 0 and re.search(rb"big.bin  \[[#.]{24}\] +\d+ %", text) and b"art_1" in text.splitlines()[-1]


class SlowHandler(Handler):
	def answer(self):
		left = int(self.headers["Content-Length"])
		while left:
			left -= len(self.rfile.read(min(left, 1 << 18)))
			time.sleep(0.1)
		self.headers.replace_header("Content-Length", "0")
		super().answer()

	do_POST = answer


def test_watch_on_a_terminal():
	with Api(watched("SUCCEEDED", list(STEPS))) as api:
		code, text = on_terminal(api, "run", "watch", "run_1")
		assert code == 0
		assert b"[######" in text and b"75 %" in text and b"\033[32mSUCCEEDED" in text and b"2 s left" in text


def test_artifacts_are_streams(tmp_path):
	data = os.urandom(3 << 19).hex().encode()
	(tmp_path / "big.bin").write_bytes(data)
	artifact = {"id": "art_1", "name": "../../big.bin", "size": len(data), "sha256": hashlib.sha256(data).hexdigest()}
	with Api({"POST /v1/artifacts": (201, artifact), "GET /v1/artifacts/art_1": (200, artifact),
			"GET /v1/artifacts/art_1/content": (200, data)}) as api:
		done = cli(api, "artifact", "upload", tmp_path / "big.bin", "--project", "p", "--name", "a b.bin", "-o", "id")
		assert done.stdout.strip() == "art_1"
		assert api.seen[-1][1] == "/v1/artifacts?project_id=p&name=a%20b.bin&kind=dataset" and api.seen[-1][2] == data
		folder = tmp_path / "deep" / "er"
		folder.mkdir(parents=True)
		env = {"MODELOPS_URL": api.url, "HOME": "/nonexistent"}
		assert proc.run("modelops", "artifact", "download", "art_1", env=env, cwd=folder).returncode == 0
		assert (folder / "big.bin").read_bytes() == data and not list(tmp_path.glob("deep/big.bin"))
		api.answers["GET /v1/artifacts/art_1"] = (200, dict(artifact, size=len(data) + 1))
		done = proc.run("modelops", "artifact", "download", "art_1", env=env, cwd=folder)
		assert done.returncode == 2 and "is here already" in done.stderr # one's own file is not replaced unasked
		done = cli(api, "artifact", "download", "art_1", "--to", folder / "other")
		assert done.returncode == 1 and "bytes came" in done.stderr and sorted(os.listdir(folder)) == ["big.bin"]
		api.answers["GET /v1/artifacts/art_1"] = (200, artifact)
		assert cli(api, "artifact", "download", "art_1", "--to", "-").stdout == data.decode()
		api.answers["GET /v1/artifacts/art_1/content"] = (200, data[:-1] + bytes([data[-1] ^ 1]))
		for to in (folder / "other", "-"):
			done = cli(api, "artifact", "download", "art_1", "--to", to)
			assert done.returncode == 1 and artifact["sha256"] in done.stderr
		assert sorted(os.listdir(folder)) == ["big.bin"] and (folder / "big.bin").read_bytes() == data


def test_predict_rows(tmp_path):
	reply = {"predictions": ["a", {"a": 0.25, "b": 0.75}, 1.5], "model_version": "mv_1", "request_id": "r"}
	with Api({"POST /v1/deployments/dep_1/predict": (200, reply)}) as api:
		done = cli(api, "predict", "dep_1", "--data", "[[1,2],[3,null]]")
		assert json.loads(api.seen[-1][2]) == {"instances": [[1, 2], [3, None]]}
		assert "row 1  a" in done.stdout and "mv_1" in done.stdout
		(tmp_path / "rows.csv").write_text("\ufeffa,\"b \"\"x\"\"\",y\r\n1,,no\r\n\"2\n\",NA,yes\n3.5,text,no", encoding="utf-8", newline="")
		cli(api, "predict", "dep_1", "--csv", tmp_path / "rows.csv", "--drop", "y", "--proba")
		assert api.seen[-1][1].endswith("?proba=true")
		assert json.loads(api.seen[-1][2])["instances"] == [{"a": 1, "b \"x\"": None}, {"a": "2\n", "b \"x\"": None},
			{"a": 3.5, "b \"x\"": "text"}]
		cli(api, "predict", "dep_1", "--csv", "-", "--rows", "1", text="a\n1\n2\n")
		assert json.loads(api.seen[-1][2])["instances"] == [{"a": 1}]
		cli(api, "predict", "dep_1", text="{\"instances\":[[9]]}")
		assert json.loads(api.seen[-1][2])["instances"] == [[9]]
		for text, words in (("a,b\n1\n", "line 2 has 1 values"), ("a\n1,2\n", "more values"), ("a\n\"1", "never closed")):
			done = cli(api, "predict", "dep_1", "--csv", "-", text=text)
			assert done.returncode == 2 and words in done.stderr


def test_burst():
	with Api({"POST /v1/deployments/dep_1/predict": (200, {"predictions": [1]})}) as api:
		done = cli(api, "predict", "dep_1", "--data", "[[1]]", "--repeat", "100", "--concurrency", "4", "-o", "json",
			env={"MODELOPS_ACTOR": "x|tenant=t|role=user"})
		figures = json.loads(done.stdout)
		assert figures["requests"] == 100 and figures["failed"] == 0 and figures["p99_ms"] >= figures["p50_ms"] > 0
		assert len(api.seen) == 100 and all(s[3]["X-Actor"] == "x|tenant=t|role=user" for s in api.seen)
		api.answers["POST /v1/deployments/dep_1/predict"] = (429, {"detail": "slow down"})
		done = cli(api, "predict", "dep_1", "--data", "[[1]]", "--repeat", "5")
		assert done.returncode == 1 and "slow down" in done.stderr and "5 failed" in done.stdout


def test_burst_that_reached_nothing():
	done = cli(None, "predict", "dep_1", "--data", "[[1]]", "--repeat", "5", "--url", "http://127.0.0.1:%d" % proc.free_port())
	assert done.returncode == 3 and "5 failed" in done.stdout


def test_csv_oddities(tmp_path):
	"""Blank lines are no rows (but of one column they are), and a NUL byte does not end the file silently."""
	with Api({"POST /v1/deployments/dep_1/predict": (200, {"predictions": [1]})}) as api:
		for text, rows in ((b"a,b\n1,2\n\n3,4\n\r\n\n", [{"a": 1, "b": 2}, {"a": 3, "b": 4}]), (b"a\n1\n\n2\n", [{"a": 1}, {"a": None}, {"a": 2}])):
			(tmp_path / "x.csv").write_bytes(text)
			assert cli(api, "predict", "dep_1", "--csv", tmp_path / "x.csv").returncode == 0
			assert json.loads(api.seen[-1][2])["instances"] == rows
		(tmp_path / "x.csv").write_bytes(b"a,b\n1,2\n3,\x004\n5,6\n")
		done = cli(api, "predict", "dep_1", "--csv", tmp_path / "x.csv")
		assert done.returncode == 2 and "NUL" in done.stderr


def test_flags_may_stand_before_the_verb():
	with Api({"GET /v1/runs": page(RUN), "GET /v1/runs/-x": (200, RUN)}) as api:
		for words in (("run", "--project", "p", "list"), ("--quiet", "run", "--limit", "5", "list"), ("run", "list", "--project=p", "--")):
			done = cli(api, "-o", "id", *words)
			assert (done.returncode, done.stdout) == (0, "run_1\n"), done.stderr
		assert cli(api, "run", "get", "--", "-x").returncode == 0


def test_output_that_is_lost_is_an_error(tmp_path):
	data = b"x" * 300000
	row = {"id": "art_1", "name": "x.bin", "size": len(data), "sha256": hashlib.sha256(data).hexdigest()}
	many = page(*(dict(RUN, id="run_%d" % i) for i in range(500)))
	with Api({"GET /v1/runs": many, "GET /v1/artifacts/art_1": (200, row), "GET /v1/artifacts/art_1/content": (200, data)}) as api:
		for words in (("run", "list"), ("run", "list", "-o", "json"), ("--help",), ("artifact", "download", "art_1", "--to", "-")):
			with open("/dev/full", "wb") as full:
				done = subprocess.run([proc.program("modelops"), *words], stdout=full, stderr=subprocess.PIPE, timeout=30, check=False,
					env={"HOME": "/nonexistent", "MODELOPS_URL": api.url})
			assert done.returncode == 1 and b"error: standard output: " in done.stderr, words


def test_explain():
	reply = {"explanations": [{"base_value": 0.5, "values": {"width": 1.25, "length": -0.5}, "output": 1.25, "class": "a"}],
		"model_version": "mv_1"}
	with Api({"POST /v1/deployments/dep_1/explain": (200, reply)}) as api:
		text = cli(api, "explain", "dep_1", "--data", "[[1,2]]").stdout
		assert "class a" in text and "output 1.25 = base 0.5" in text
		assert "+1.250000  ++++" in text and "-0.500000  ----" in text
		cli(api, "explain", "dep_1", "--data", "[[1,2]]", "--class", "a b")
		assert api.seen[-1][1] == "/v1/deployments/dep_1/explain?class=a%20b"


def test_invoice_explains_its_amounts():
	money = {"amount_micro": 80000, "currency": "EUR", "text": "0.08"}
	invoice = {"id": "inv_1", "state": "DRAFT", "period_start": "2026-11-01T00:00:00Z", "period_end": "2026-12-01T00:00:00Z",
		"ledger_seq": 9, "ledger_hash": "ab" * 32, "total": money, "lines": [{"n": 1, "metric": "gpu_share_us", "price_class": "cpu",
			"quantity": 7200000000, "price_micro": 40000, "per_quantity": 3600000000, "unit_label": "share-hour", "amount": money,
			"description": "CPU share, per hour"}]}
	with Api({"GET /v1/invoices/inv_1": (200, invoice)}) as api:
		text = cli(api, "invoice", "show", "inv_1").stdout
		assert "7200000000 x 0.040000 EUR per 3600000000 (share-hour) = 0.08 EUR" in text
		assert "CPU share, per hour" in text and "Total   0.08 EUR" in text and "DRAFT" in text
		assert re.search(r"1  gpu_share_us  cpu +2 share-hour  0.04 / share-hour  0.08 EUR", text)
		assert json.loads(cli(api, "invoice", "show", "inv_1", "-o", "json").stdout) == invoice
		api.answers["GET /v1/invoices/inv_1"] = (200, dict(invoice, lines=[]))
		done = cli(api, "invoice", "show", "inv_1")
		assert done.returncode == 0 and "nothing to bill" in done.stdout


def test_export_is_printed_as_it_is():
	with Api({"GET /v1/observability/dashboards/dsh_1/export_configmap?namespace=n": (200, b"kind: ConfigMap\n")}) as api:
		assert cli(api, "dashboard", "export", "dsh_1", "--namespace", "n").stdout == "kind: ConfigMap\n"


def test_logs_are_streamed():
	with Api({"GET /v1/runs/run_1/logs?step=train": (200, b"round 1\nround 2\n")}) as api:
		assert cli(api, "run", "logs", "run_1", "--step", "train").stdout == "round 1\nround 2\n"


def test_pipeline_file_goes_as_yaml(tmp_path):
	(tmp_path / "p.yaml").write_text("name: p\nsteps: []\n")
	(tmp_path / "p.json").write_text("{\"name\": \"p\"}")
	with Api({"POST /v1/pipelines": (201, {"id": "pl_1"}), "POST /v1/pipelines/pl_1/versions": (201, {"version": 2})}) as api:
		assert cli(api, "pipeline", "create", tmp_path / "p.yaml", "--project", "x", "-o", "id").stdout == "pl_1\n"
		assert api.seen[-1][3]["Content-Type"] == "application/yaml" and api.seen[-1][2] == b"name: p\nsteps: []\n"
		cli(api, "pipeline", "update", "pl_1", tmp_path / "p.json")
		assert api.seen[-1][3]["Content-Type"] == "application/json"


def test_a_token_leaves_the_process_list():
	"""The flag's text is overwritten once it was read; what is sent is the key all the same."""
	with socket.create_server(("127.0.0.1", 0)) as server:
		server.settimeout(20)
		url = "http://127.0.0.1:%d" % server.getsockname()[1]
		with subprocess.Popen([proc.program("modelops"), "whoami", "--url", url, "--token", "mok_secret"], stdout=subprocess.PIPE,
				stderr=subprocess.PIPE) as cli:
			connection, _ = server.accept()
			with connection:
				assert b"Authorization: Bearer mok_secret" in connection.recv(65536)
				with open("/proc/%d/cmdline" % cli.pid, "rb") as f:
					line = f.read()
				connection.sendall(b"HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\n{}")
			cli.communicate(timeout=20)
	assert b"mok_secret" not in line and b"--token\0**********\0" in line
