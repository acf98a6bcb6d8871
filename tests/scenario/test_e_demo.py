"""`make demo`'s flow on both databases: it ends well, twice on the same folder, leaves no process, and what it leaves is served again."""
# databases: sqlite postgres
# timeout: 300
import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.request

import pytest

from lib import pg, proc

ANA = "ana|tenant=acme|role=admin"


@pytest.fixture(name="database")
def fixture_database():
	with pg.settings() as settings:
		yield settings


def environment(data, port, database):
	return proc.clean_environment(dict(database, DATA=data, PORT=port, MODELOPS_BIN=proc.BIN, HOME=os.path.dirname(str(data))))


def demo(env, seconds=120):
	return subprocess.run([sys.executable, os.path.join(proc.ROOT, "tools", "demo")], env=env, capture_output=True, text=True,
		stdin=subprocess.DEVNULL, timeout=seconds, check=False)


def processes_of(data):
	found, needle = [], ("MODELOPS_DATA=%s\0" % data).encode()
	for name in os.listdir("/proc"):
		with contextlib.suppress(OSError):
			if name.isdigit():
				with open("/proc/%s/environ" % name, "rb") as f:
					if needle in f.read() + b"\0" and proc.alive(int(name)):
						found.append(int(name))
	with contextlib.suppress(OSError):
		for name in os.listdir(os.path.join(str(data), "work")):
			with open(os.path.join(str(data), "work", name, "shim.pid"), encoding="ascii") as f:
				pid = int(f.read().split()[0])
				if proc.alive(pid):
					found.append(pid)
	return found


def cli(url, *args, actor=ANA):
	done = proc.run("modelops", *args, "-o", "json", env={"MODELOPS_URL": url, "MODELOPS_ACTOR": actor, "HOME": "/nonexistent"})
	assert done.returncode == 0, done.stderr
	return json.loads(done.stdout)


def up_on(data, port, env):
	return proc.Program("modelops", "up", "--data", data, "--port", port, "--auth", "demo",
		env=dict({name: env[name] for name in ("HOME", "DATABASE_URL") if name in env}, MODELOPS_REPO_ROOT=proc.ROOT))


def resize_pool(data, env, shares):
	"""An operator changes the pool that the demo made."""
	with up_on(data, proc.free_port(), env) as up:
		up.wait_for_log("ready after", 60)
		cli(re.search(r"^api +(\S+)", up.log(), re.M).group(1), "pool", "update", "cpu", "--capacity", str(shares),
			actor="admin|tenant=platform|role=admin")
		assert up.stop(60) == 0


def test_demo_twice_then_up(tmp_path, database):
	data, port = tmp_path / "with space" / "data", proc.free_port()
	env = environment(data, port, database)
	for version in (1, 2):
		started = time.monotonic()
		done = demo(env)
		assert done.returncode == 0, done.stdout[-4000:] + done.stderr
		assert time.monotonic() - started <= 60
		assert done.stdout.count("\n[") == 12 - 1 and "FAILED" not in done.stdout
		assert "iris version %d" % version in done.stdout and "how each amount came about" in done.stdout
		assert done.stdout.splitlines()[-2:] == ["PORT=%d" % port, "DATA=%s" % data]
		assert processes_of(data) == []
		assert "3 of the %d shares" % (3 + version) in done.stdout, "what it says is not what it read"
		if version == 1:
			resize_pool(data, env, 5)
	deployment = re.search(r"dep_[0-9A-Z]{26}", done.stdout).group(0)
	invoice = re.search(r"invoice (inv_[0-9A-Z]{26})", done.stdout).group(1)
	with up_on(data, port, env) as up:
		up.wait_for_log("ready after", 60)
		url = re.search(r"^api +(\S+)", up.log(), re.M).group(1)
		with urllib.request.urlopen(url + "/readyz", timeout=5) as reply:
			assert reply.status == 200
		assert cli(url, "predict", deployment, "--data", "[[5.1,3.5,1.4,0.2]]")["predictions"] == ["setosa"]
		assert cli(url, "invoice", "get", invoice)["state"] == "DRAFT"
		assert cli(url, "ledger", "verify")["valid"] is True
		assert len(cli(url, "deployment", "list")["items"]) == 1
		with urllib.request.urlopen(url + "/docs", timeout=5) as reply:
			assert reply.status == 200
		assert up.stop(60) == 0
	proc.wait_until(lambda: processes_of(data) == [], lambda: "left: %s" % processes_of(data), 10)


def test_demo_stops_what_it_started_when_a_step_fails(tmp_path, database):
	"""A program that is missing: the demo names the step and leaves no process."""
	data = tmp_path / "data"
	programs = tmp_path / "bin"
	programs.mkdir()
	for name in os.listdir(proc.BIN):
		if name.startswith("modelops") and name != "modelops-trainer":
			os.link(os.path.join(proc.BIN, name), programs / name) if os.stat(proc.BIN).st_dev == os.stat(programs).st_dev \
				else os.symlink(os.path.join(proc.BIN, name), programs / name)
	(programs / "modelops-trainer").write_text("#!/bin/sh\nprintf 'error: no luck today\\n' >&2\nexit 2\n")
	(programs / "modelops-trainer").chmod(0o755)
	env = dict(environment(data, proc.free_port(), database), MODELOPS_BIN=str(programs))
	env["WORKLOAD_BIN_DIR"] = str(programs)
	done = demo(env)
	assert done.returncode == 1
	assert "FAILED in step 6, run on pool cpu" in done.stdout and "no luck today" in done.stdout
	assert processes_of(data) == []


def test_demo_stopped_by_a_signal_stops_the_platform(tmp_path, database):
	data = tmp_path / "data"
	process = subprocess.Popen([sys.executable, os.path.join(proc.ROOT, "tools", "demo")], env=environment(data, proc.free_port(), database),
		stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
	for line in process.stdout:
		if line.startswith("[ 4/12]"):
			break
	process.send_signal(signal.SIGTERM)
	rest = process.stdout.read()
	assert process.wait(60) == 1 and "stopped by a signal" in rest
	assert processes_of(data) == []


def kill_below(pid, name):
	"""kill -9 of the program NAME that runs below PID; its supervisor starts it again."""
	for child in proc.descendants(pid):
		with contextlib.suppress(OSError):
			with open("/proc/%d/cmdline" % child, "rb") as f:
				words = f.read().split(b"\0")
			if os.path.basename(words[0]).decode() == name:
				os.kill(child, signal.SIGKILL)
				return True
	return False


def test_demo_ends_right_although_controller_and_agent_are_killed(tmp_path, database):
	"""kill -9 as the step that needs them begins: the run, the deployment, the traffic's billing and the invoice come out the same."""
	data, killed, text = tmp_path / "data", [], ""
	victims = {6: "controller", 8: "controller", 9: "agent"}
	process = subprocess.Popen([sys.executable, os.path.join(proc.ROOT, "tools", "demo")], env=environment(data, proc.free_port(), database),
		stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
	for line in process.stdout:
		text += line
		step = re.match(r"\[ ?(\d+)/12\]", line)
		victim = step and victims.get(int(step.group(1)))
		if victim:
			proc.wait_until(lambda name="modelops-" + victim: kill_below(process.pid, name), victim + " runs", 30)
			killed.append(victim)
	assert process.wait(60) == 0, text[-4000:]
	assert killed == list(victims.values()), text
	assert "how each amount came about" in text and "FAILED" not in text
	assert processes_of(data) == []
