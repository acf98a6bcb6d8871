"""modelops-shim: the end of a job is on disk whatever happens around it, and nothing it started survives it."""
import os
import signal
import subprocess
import time

import pytest

from lib import proc

CAP = 64 * 1024


def shim(folder, *args, cap=CAP, limit=0, env=None):
	command = [proc.program("modelops-shim"), str(folder), str(cap), str(limit), *args]
	return subprocess.run(command, env=env or {}, capture_output=True, text=True, timeout=20, check=False)


def sh(script):
	return ["--", "/bin/sh", "-c", script]


def read(folder, name):
	try:
		return (folder / name).read_text(encoding="utf-8", errors="replace")
	except FileNotFoundError:
		return ""


def ended(folder, seconds=15):
	words = proc.wait_until(lambda: read(folder, "exit"), "exit file", seconds).split()
	assert abs(int(words[-1]) / 1e6 - time.time()) < 60
	return tuple(words[:-1])


def pid_of(folder, name):
	return int(proc.wait_until(lambda: read(folder, name), name).split()[0])


def ask_stop(folder, grace):
	(folder / "s.tmp").write_text("%d\n" % grace)
	os.rename(folder / "s.tmp", folder / "stop")


@pytest.fixture(name="folder")
def _folder(tmp_path):
	path = tmp_path / "att"
	path.mkdir()
	yield path
	for name in ("shim.pid", "child.pid"):
		text = read(path, name)
		if text and proc.alive(int(text.split()[0])):
			os.kill(int(text.split()[0]), signal.SIGKILL)


def test_exit_status_log_and_environment(folder):
	assert shim(folder, *sh("echo out; echo err >&2; /usr/bin/env; exit 3"), env={"A": "1"}).returncode == 0
	assert ended(folder) == ("exited", "3", "run")
	log = read(folder, "log")
	assert "out\n" in log and "err\n" in log and "A=1\n" in log and "HOME" not in log
	assert int(read(folder, "started_at")) <= int(read(folder, "exit").split()[3])


def test_init_then_run(folder):
	shim(folder, "--init", "/bin/sh", "-c", "echo one", "--run", "/bin/sh", "-c", "echo two; exit 0")
	assert ended(folder) == ("exited", "0", "run")
	assert read(folder, "log") == "one\ntwo\n"


def test_failed_init_keeps_run_from_starting(folder):
	shim(folder, "--init", "/bin/sh", "-c", "exit 7", "--run", "/bin/sh", "-c", "echo two")
	assert ended(folder) == ("exited", "7", "init")
	assert read(folder, "log") == "" and not (folder / "started_at").exists()


def test_killed_by_a_signal(folder):
	shim(folder, *sh("kill -9 $$"))
	assert ended(folder) == ("signaled", "9", "run")


def test_program_that_is_not_there(folder):
	shim(folder, "--", "/nonexistent/program")
	assert ended(folder) == ("exited", "127", "run")
	assert "error: cannot run '/nonexistent/program'" in read(folder, "log")


def test_stop_is_term_then_kill(folder):
	shim(folder, *sh("trap 'echo bye; exit 5' TERM; echo up; while :; do sleep 0.05; done"))
	proc.wait_until(lambda: "up" in read(folder, "log"), "started")
	ask_stop(folder, 10)
	assert ended(folder, 5) == ("exited", "5", "run")
	assert "bye" in read(folder, "log")


def test_stop_kills_what_ignores_term(folder):
	shim(folder, *sh("trap '' TERM; echo up; while :; do sleep 0.05; done"))
	proc.wait_until(lambda: "up" in read(folder, "log"), "started")
	ask_stop(folder, 1)
	started = time.monotonic()
	assert ended(folder, 5) == ("signaled", "9", "run")
	assert time.monotonic() - started > 0.7


def test_stop_during_init(folder):
	shim(folder, "--init", "/bin/sleep", "60", "--run", "/bin/sh", "-c", "echo two")
	pid_of(folder, "child.pid")
	ask_stop(folder, 5)
	assert ended(folder, 5) == ("signaled", "15", "init")
	assert read(folder, "log") == ""


def test_time_limit(folder):
	shim(folder, *sh("sleep 60"), limit=1)
	assert ended(folder, 8) == ("timeout", "run")


def test_log_has_a_cap_and_keeps_the_last_words(folder):
	shim(folder, *sh("i=0; while [ $i -lt 3000 ]; do echo 'line of some forty characters number' $i; i=$((i+1)); done; "
		"echo 'error: the reason'; exit 2"), cap=1000)
	assert ended(folder) == ("exited", "2", "run")
	log = read(folder, "log")
	assert log.startswith("line of some") and log.endswith("error: the reason\n")
	assert "[log cut: " in log and len(log) < 1000 + 4096 + 100


def processes_in(folder):
	found = []
	for pid in (int(p) for p in os.listdir("/proc") if p.isdigit()):
		try:
			if os.readlink("/proc/%d/cwd" % pid) == str(folder) and proc.alive(pid):
				found.append(pid)
		except OSError:
			pass
	return found


def test_descendants_that_left_the_group_are_killed(folder):
	shim(folder, *sh("setsid sleep 300 & (sleep 301 &) ; sleep 0.3; exit 0"), env={"PATH": os.environ["PATH"]})
	proc.wait_until(lambda: len(processes_in(folder)) >= 3, "started")
	assert ended(folder) == ("exited", "0", "run")
	proc.wait_until(lambda: not processes_in(folder), "all gone", 2)


def test_second_start_does_nothing(folder):
	shim(folder, *sh("echo once; sleep 1"))
	assert shim(folder, *sh("echo twice")).returncode == 0
	ended(folder)
	assert shim(folder, *sh("echo thrice")).returncode == 0
	time.sleep(0.2)
	assert read(folder, "log") == "once\n"


def test_many_starts_at_once_are_one(folder):
	command = [proc.program("modelops-shim"), str(folder), "1000", "0", *sh("echo ran; sleep 0.5")]
	racers = [subprocess.Popen(command, env={}) for _ in range(8)]
	assert [p.wait(20) for p in racers] == [0] * 8
	ended(folder)
	assert read(folder, "log") == "ran\n"


def test_survives_the_starters_death(folder):
	starter = subprocess.Popen(["/bin/sh", "-c", '"$0" "$@"; sleep 60', proc.program("modelops-shim"), str(folder),
		"1000", "0", *sh("sleep 1; echo done")], env={"PATH": os.environ["PATH"]}, start_new_session=True)
	pid_of(folder, "child.pid")
	os.killpg(starter.pid, signal.SIGKILL)
	starter.wait()
	assert ended(folder) == ("exited", "0", "run")
	assert read(folder, "log") == "done\n"


def test_child_dies_with_its_shim(folder):
	shim(folder, *sh("exec sleep 60"))
	child, parent = pid_of(folder, "child.pid"), pid_of(folder, "shim.pid")
	os.kill(parent, signal.SIGKILL)
	proc.wait_until(lambda: not proc.alive(child), "child gone", 5)
	assert not (folder / "exit").exists()


def test_confinement(folder):
	shim(folder, *sh("/bin/cat /proc/self/status /proc/self/limits; exit 0"))
	ended(folder)
	log = read(folder, "log")
	assert "NoNewPrivs:\t1" in log
	core = [line for line in log.splitlines() if line.startswith("Max core file size")][0].split()
	assert core[4:6] == ["0", "0"]


@pytest.mark.parametrize("args", [[], ["/tmp"], ["/tmp", "x", "0", "--", "/bin/true"],
	["/tmp", "1", "-1", "--", "/bin/true"], ["/tmp", "1", "1", "--init", "/bin/true"], ["/tmp", "1", "1", "/bin/true", "x"]])
def test_wrong_arguments(args):
	result = subprocess.run([proc.program("modelops-shim"), *args], capture_output=True, text=True, check=False)
	assert result.returncode == 64 and "usage:" in result.stderr


def test_folder_that_is_not_there(tmp_path):
	result = shim(tmp_path / "no", *sh("true"))
	assert result.returncode == 1 and "error:" in result.stderr
