"""`modelops up`: it starts what it says, refuses what would do harm, restarts what dies, and leaves nothing behind."""
import contextlib
import json
import os
import re
import signal
import socket
import stat
import subprocess
import time
import urllib.error
import urllib.request

import pytest

from lib import pg, proc

# databases: sqlite postgres
# timeout: 300

SERVICES = ("modelops-api", "modelops-controller", "modelops-agent")
DATABASE = {}


@pytest.fixture(autouse=True)
def _database():
	with pg.settings() as settings:
		DATABASE.clear()
		DATABASE.update(settings)
		yield


def start(data, port=None, auth="demo", env=None):
	return proc.Program("modelops", "up", "--data", data, "--port", port or proc.free_port(), "--auth", auth,
		env=dict({"HOME": str(data), "MODELOPS_REPO_ROOT": proc.ROOT, **DATABASE}, **(env or {})))


def ready(up, seconds=60):
	up.wait_for_log("ready after", seconds)
	return re.findall(r"^api +(\S+)", up.log(), re.M)[-1]


def status(url, path="/readyz"):
	try:
		with urllib.request.urlopen(url + path, timeout=5) as reply:
			return reply.status
	except urllib.error.HTTPError as e:
		return e.code
	except OSError:
		return 0


def command(pid):
	with contextlib.suppress(OSError):
		with open("/proc/%d/cmdline" % pid, "rb") as f:
			return f.read().split(b"\0")[0].decode()
	return ""


def services(up):
	found = {os.path.basename(command(pid)): pid for pid in proc.descendants(up.pid)}
	return {name: found[name] for name in SERVICES if name in found}


def processes_of(data):
	"""Every process that has DATA in its environment or command line."""
	found, needle = [], str(data).encode()
	for name in os.listdir("/proc"):
		if not name.isdigit() or int(name) == os.getpid():
			continue
		for part in ("cmdline", "environ"):
			with contextlib.suppress(OSError):
				with open("/proc/%s/%s" % (name, part), "rb") as f:
					if needle in f.read() and proc.alive(int(name)):
						found.append((int(name), command(int(name))))
						break
	return found


def cli(url, *args, actor="ana|tenant=acme|role=admin"):
	done = proc.run("modelops", *args, "-o", "json", env={"MODELOPS_URL": url, "MODELOPS_ACTOR": actor, "HOME": "/nonexistent"},
		seconds=120)
	assert done.returncode == 0, done.stderr
	return json.loads(done.stdout) if done.stdout.startswith(("{", "[")) else None


def test_folders_keys_and_addresses(tmp_path):
	data = tmp_path / "deep" / "data"
	with start(data) as up:
		url = ready(up)
		assert status(url) == 200 and status(url, "/healthz") == 200
		assert (data / "run" / "api.address").read_text().strip() == url
		keys = {name: (data / "secrets" / name).read_text() for name in ("workload.key", "presign.key")}
		assert all(re.fullmatch(r"[0-9a-f]{64}\n", text) for text in keys.values()) and len(set(keys.values())) == 2
		for name in ("secrets", "run", "logs", "artifacts", "work"):
			assert stat.S_IMODE((data / name).stat().st_mode) == 0o700
		for pid in services(up).values(): # what holds keys leaves no core file
			with open("/proc/%d/limits" % pid, encoding="ascii") as limits:
				assert re.search(r"^Max core file size +0 +0 ", limits.read(), re.M)
		assert stat.S_IMODE((data / "secrets" / "workload.key").stat().st_mode) == 0o600
		assert sorted(services(up)) == sorted(SERVICES)
		assert sorted(p.name for p in (data / "logs").glob("*.log")) == ["agent.log", "api.log", "controller.log"]
		last = up.log().splitlines()[-4:]
		assert last[0] == "data  %s" % data and last[1] == "api   " + url
		assert up.stop(60) == 0
	assert processes_of(data) == []
	with start(data) as up:
		ready(up)
		assert {name: (data / "secrets" / name).read_text() for name in keys} == keys
		pools = cli(re.findall(r"^api +(\S+)", up.log(), re.M)[-1], "pool", "list", actor="admin|tenant=platform|role=admin")
		assert [pool["name"] for pool in pools["items"]] == ["cpu"]
		assert up.stop(60) == 0


def test_second_up_is_refused(tmp_path):
	with start(tmp_path / "data") as up:
		ready(up)
		done = proc.run("modelops", "up", "--data", tmp_path / "data", "--port", proc.free_port())
		assert done.returncode == 1 and "another `modelops up` (pid %d)" % up.pid in done.stderr
		assert up.running() and up.stop(60) == 0


def test_taken_port(tmp_path):
	with socket.socket() as taken:
		taken.bind(("127.0.0.1", 0))
		taken.listen()
		port = taken.getsockname()[1]
		with start(tmp_path / "data", port=port) as up:
			url = ready(up)
			assert int(url.rsplit(":", 1)[1]) > port and "taken" in up.log()
			assert up.stop(60) == 0


def test_dead_service_is_started_again(tmp_path):
	with start(tmp_path / "data") as up:
		url = ready(up)
		for name in SERVICES:
			before = services(up)[name]
			os.kill(before, signal.SIGKILL)
			up.wait_until(lambda: services(up).get(name, before) != before, name + " is not started again")
		up.wait_until(lambda: status(url) == 200, "not ready again")
		assert "modelops-agent ended (signal 9)" in up.log()
		assert up.stop(60) == 0
	assert processes_of(tmp_path / "data") == []


def certificate(folder):
	"""A self-signed certificate for `localhost` that vouches for itself: (certificate, key)."""
	cert, key = str(folder / "cert.pem"), str(folder / "key.pem")
	subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
		"-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout", key, "-out", cert], check=True, capture_output=True)
	return cert, key


def test_tls_from_upload_to_prediction(tmp_path):
	"""With a certificate of one's own and for its host name only: up says ready, a job is trained, its model is deployed and
	predicts, all through https with --ca; nobody gets in in the clear, nor without the certificate."""
	cert, key = certificate(tmp_path)
	with start(tmp_path / "data", auth="keys", env={"HTTP_TLS_CERT": cert, "HTTP_TLS_KEY": key, "HTTP_HOSTS": "localhost"}) as up:
		url = ready(up)
		assert url.startswith("https://127.0.0.1:")
		public = url.replace("127.0.0.1", "localhost")
		token = (tmp_path / "data" / "secrets" / "admin.key").read_text().strip()
		env = {"MODELOPS_URL": public, "MODELOPS_TOKEN": token, "HOME": "/nonexistent"}

		def ok(*args):
			done = proc.run("modelops", *args, "--ca", cert, "-o", "json", env=env, seconds=120)
			assert done.returncode == 0, "%s\n%s" % (args, done.stderr)
			return json.loads(done.stdout)
		assert ok("whoami")["role"] == "platform_admin"
		assert proc.run("modelops", "whoami", env=env).returncode == 3
		assert proc.run("modelops", "whoami", env=dict(env, MODELOPS_CA=cert)).returncode == 0
		assert proc.run("modelops", "whoami", "--url", public.replace("https", "http"), env=env).returncode == 3
		ok("project", "create", "flowers")
		ok("artifact", "upload", os.path.join(proc.ROOT, "examples/data/iris.csv"), "--name", "iris.csv", "--project", "flowers")
		ok("pipeline", "create", os.path.join(proc.ROOT, "examples/pipelines/iris.yaml"), "--project", "flowers")
		ok("run", "create", "--pipeline", "iris", "--param", "dataset=iris.csv", "--wait", "--project", "flowers")
		deployment = ok("deployment", "list")["items"][0]["id"]
		ok("deployment", "wait", deployment)
		assert ok("predict", deployment, "--data", "[[5.1,3.5,1.4,0.2]]")["predictions"] == ["setosa"]
		door = (tmp_path / "data" / "run" / "api.door").read_text().strip()
		assert re.fullmatch(r"http://127\.0\.0\.1:\d+", door) and status(door) == 200
		os.kill(services(up)["modelops-api"], signal.SIGKILL) # jobs keep the address that they were given
		proc.wait_until(lambda: status(door) == 200, up.tail)
		assert (tmp_path / "data" / "run" / "api.door").read_text().strip() == door
		assert up.stop(60) == 0


def test_every_address(tmp_path):
	"""HOST=0.0.0.0: up is ready, and what it prints is where the API listens."""
	with start(tmp_path / "data", auth="keys", env={"HOST": "0.0.0.0"}) as up:
		url = ready(up)
		assert url.startswith("http://0.0.0.0:") and status(url.replace("0.0.0.0", "127.0.0.2")) == 200
		assert up.stop(60) == 0


def test_the_ops_port_is_the_apis(tmp_path):
	port = proc.free_port()
	with start(tmp_path / "data", env={"OPS_PORT": str(port), "OPS_HOST": "127.0.0.3"}) as up:
		ready(up)
		files = [tmp_path / "data" / "run" / (name + ".ops") for name in ("modelops-api", "controller", "agent")]
		proc.wait_until(lambda: all(file.exists() for file in files), up.tail)
		addresses = [file.read_text().strip() for file in files]
		assert addresses[0] == "http://127.0.0.3:%d" % port and len(set(addresses)) == 3
		assert all(status(address, "/healthz") == 200 and "//127.0.0.3:" in address for address in addresses)
		assert up.stop(60) == 0


def test_interrupt_stops_too(tmp_path):
	with start(tmp_path / "data") as up:
		ready(up)
		up.signal(signal.SIGINT)
		assert up.wait(60) == 0
	assert processes_of(tmp_path / "data") == []


def test_kill_of_up_ends_the_services(tmp_path):
	data = tmp_path / "data"
	with start(data) as up:
		url = ready(up)
		below = services(up)
		up.kill()
	proc.wait_until(lambda: not any(proc.alive(pid) for pid in below.values()), "services outlive up", 60)
	with start(data, port=int(url.rsplit(":", 1)[1])) as up:
		assert ready(up)
		assert up.stop(60) == 0
	proc.wait_until(lambda: processes_of(data) == [], lambda: "left: %s" % processes_of(data), 10)


def test_what_cannot_start_is_said(tmp_path):
	data = tmp_path / "data"
	with start(data, env={"LOG_LEVEL": "loud"}) as up:
		assert up.wait(60) != 0
		assert "LOG_LEVEL" in up.log()
	assert processes_of(data) == []
	file = tmp_path / "file"
	file.write_text("")
	done = proc.run("modelops", "up", "--data", file / "x")
	assert done.returncode == 1 and "Not a directory" in done.stderr


def test_keys_mode_asks_for_a_key(tmp_path):
	with start(tmp_path / "data", auth="keys") as up:
		url = ready(up)
		assert "secrets/admin.key" in up.log()
		done = proc.run("modelops", "whoami", env={"MODELOPS_URL": url, "HOME": "/nonexistent"})
		assert done.returncode == 1 and "401" in done.stderr
		key = (tmp_path / "data" / "secrets" / "admin.key").read_text().strip()
		done = proc.run("modelops", "whoami", "-o", "json",
			env={"MODELOPS_URL": url, "MODELOPS_TOKEN": key, "HOME": "/nonexistent"})
		assert done.returncode == 0 and json.loads(done.stdout)["role"] == "platform_admin"
		assert key not in up.log() and key not in (tmp_path / "data" / "logs" / "api.log").read_text()
		assert up.stop(60) == 0


def deploy_iris(url, tmp_path):
	admin = "admin|tenant=platform|role=admin"
	cli(url, "tenant", "create", "acme", actor=admin)
	pool = cli(url, "pool", "get", "cpu", actor=admin)
	assert pool["mode"] == "CPU" and pool["capacity_shares"] >= 4
	cli(url, "project", "create", "flowers")
	dataset = cli(url, "artifact", "upload", os.path.join(proc.ROOT, "examples/data/iris.csv"), "--project", "flowers")["id"]
	cli(url, "pipeline", "create", os.path.join(proc.ROOT, "examples/pipelines/iris.yaml"), "--project", "flowers")
	cli(url, "run", "create", "--project", "flowers", "--pipeline", "iris", "--param", "dataset=" + dataset, "--wait")
	deployment = cli(url, "deployment", "list", "--project", "flowers")["items"][0]["id"]
	cli(url, "deployment", "wait", deployment)
	return deployment


def predict(url, deployment):
	return cli(url, "predict", deployment, "--data", "[[5.1,3.5,1.4,0.2]]")["predictions"]


def test_what_was_served_is_served_again(tmp_path):
	"""After a stop, and after kill -9 of everything's parent: /readyz is 200 only when the deployment has a READY instance."""
	data = tmp_path / "data"
	with start(data) as up:
		deployment = deploy_iris(ready(up), tmp_path)
		assert up.stop(90) == 0
	assert processes_of(data) == []
	with start(data) as up:
		url = ready(up)
		assert predict(url, deployment) == ["setosa"]
		up.kill()
	time.sleep(0.5)
	with start(data) as up:
		url = ready(up)
		assert predict(url, deployment) == ["setosa"]
		serving = [pid for pid, name in processes_of(data) if name.endswith("modelops-serving")]
		for pid in serving:
			os.kill(pid, signal.SIGKILL)
		up.wait_until(lambda: status(url) != 200 or predict(url, deployment) == ["setosa"], "neither down nor serving")
		up.wait_until(lambda: status(url) == 200, "not ready again", 60)
		assert predict(url, deployment) == ["setosa"]
		assert up.stop(90) == 0
	proc.wait_until(lambda: processes_of(data) == [], lambda: "left: %s" % processes_of(data), 10)


def test_stop_while_the_controller_is_dead(tmp_path):
	"""Nobody is there to stop the instance: `up` ends it all the same, and the next start serves again."""
	data = tmp_path / "data"
	with start(data) as up:
		deployment = deploy_iris(ready(up), tmp_path)
		os.kill(services(up)["modelops-controller"], signal.SIGKILL)
		assert up.stop(90) == 0
		assert processes_of(data) == []
	with start(data) as up:
		url = ready(up)
		assert predict(url, deployment) == ["setosa"]
		assert up.stop(90) == 0
	assert processes_of(data) == []


def test_ready_is_no_rumour(tmp_path):
	"""kill -9 of every process at once: the rows still say READY, /readyz must not until the instance serves again."""
	data = tmp_path / "data"
	with start(data) as up:
		url = ready(up)
		deployment = deploy_iris(url, tmp_path)
		for pid, _ in processes_of(data):
			with contextlib.suppress(ProcessLookupError):
				os.kill(pid, signal.SIGKILL)
		up.wait(10)
	with start(data, port=int(url.rsplit(":", 1)[1])) as up:
		up.wait_until(lambda: status(url) == 200, "not ready again", 60)
		assert predict(url, deployment) == ["setosa"]
		assert up.stop(90) == 0
	proc.wait_until(lambda: processes_of(data) == [], lambda: "left: %s" % processes_of(data), 10)


def test_sigterm_to_make(tmp_path):
	"""`make up` hands a service manager's SIGTERM on: make's shell must not stand between."""
	(tmp_path / "build").mkdir()
	(tmp_path / "build" / "bin").symlink_to(proc.BIN)
	data = tmp_path / "data"
	log = tmp_path / "log"
	with open(log, "w", encoding="utf-8") as f:
		make = subprocess.Popen(["make", "-f", os.path.join(proc.ROOT, "Makefile"), "-o", "build", "up", "PORT=%d" % proc.free_port(),
			"DATA=%s" % data], cwd=tmp_path, stdout=f, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
			env=dict(proc.clean_environment(), HOME=str(tmp_path), MODELOPS_REPO_ROOT=proc.ROOT, **DATABASE), start_new_session=True)
	below = []
	try:
		deadline = time.monotonic() + 60
		while "ready after" not in log.read_text():
			assert make.poll() is None and time.monotonic() < deadline, log.read_text()
			time.sleep(0.05)
		below = proc.descendants(make.pid)
		assert len(below) >= 4
		make.terminate()
		make.wait(60)
		left = [(pid, command(pid)) for pid in below if proc.alive(pid)]
		assert not left, left
	finally:
		for pid in {make.pid, *proc.descendants(make.pid), *below}:
			with contextlib.suppress(ProcessLookupError):
				os.kill(pid, signal.SIGKILL)
