"""tests/lib/proc: a program's end, log and lateness are told in words."""
import signal

import pytest

from lib import proc


def test_waits_for_a_file_and_stops_by_sigterm(tmp_path):
	ready = tmp_path / "ready"
	with proc.Program("/bin/sh", "-c", "echo 42 >%s; exec sleep 60" % ready) as p:
		assert p.wait_for_file(ready) == "42"
		assert p.stop() == -signal.SIGTERM
	assert not proc.alive(p.pid)


def test_a_program_that_ends_while_waited_for_shows_its_log(tmp_path):
	with pytest.raises(proc.Failed, match="status 3") as failure:
		with proc.Program("/bin/sh", "-c", "echo no disk here; exit 3") as p:
			p.wait_for_file(tmp_path / "never")
	assert "no disk here" in str(failure.value)


def test_a_program_that_died_by_itself_fails_the_block():
	with pytest.raises(proc.Failed, match="ended by itself with status 5"):
		with proc.Program("/bin/sh", "-c", "exit 5") as p:
			proc.wait_until(lambda: not p.running(), "end")


def test_a_program_that_ignores_sigterm_is_killed_and_named(tmp_path):
	ready = tmp_path / "ready"
	with pytest.raises(proc.Failed, match="did not stop within"):
		with proc.Program("/bin/sh", "-c", "trap '' TERM; echo 1 >%s; while :; do sleep 0.1; done" % ready) as p:
			p.wait_for_file(ready)
			p.stop(seconds=0.3)
	assert not proc.alive(p.pid)


def test_the_environment_is_clean_but_for_what_is_asked(monkeypatch):
	monkeypatch.setenv("MODELOPS_SECRET_OF_TESTER", "x")
	out = proc.run("/usr/bin/env", env={"PORT": 0}).stdout
	assert "PORT=0" in out and "MODELOPS_SECRET_OF_TESTER" not in out


def test_descendants_are_found(tmp_path):
	ready = tmp_path / "ready"
	with proc.Program("/bin/sh", "-c", "sleep 60 & echo $! >%s; wait" % ready) as p:
		child = int(p.wait_for_file(ready))
		assert child in proc.descendants(p.pid)
		proc.run("/bin/sh", "-c", "kill %d" % child)
		p.wait()
