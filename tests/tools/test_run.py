"""tests/run itself: what counts as passed, as failed, once per database, and its last line."""
import os
import shutil
import subprocess
import textwrap

from lib import proc


def tree(tmp_path, files):
	"""A small repository with the real runner, this checkout's virtual environment and no C tests."""
	(tmp_path / "tests").mkdir()
	shutil.copy(os.path.join(proc.ROOT, "tests", "run"), tmp_path / "tests" / "run")
	shutil.copy(os.path.join(proc.ROOT, "tests", "pytest.ini"), tmp_path / "tests" / "pytest.ini")
	(tmp_path / "build" / "release").mkdir(parents=True)
	(tmp_path / "build" / "venv").symlink_to(os.path.join(proc.ROOT, "build", "venv"))
	(tmp_path / "bin").mkdir()
	meson = tmp_path / "bin" / "meson"
	meson.write_text("#!/bin/sh\necho \"${C_TESTS:-[]}\"\n")
	meson.chmod(0o755)
	for name, text in files.items():
		path = tmp_path / "tests" / name
		path.parent.mkdir(exist_ok=True)
		path.write_text(textwrap.dedent(text))
	return tmp_path


def run(folder, *args, env=None):
	path = "%s:%s" % (folder / "bin", os.environ["PATH"])
	environment = {k: v for k, v in os.environ.items() if not k.startswith("MODELOPS_")}
	done = subprocess.run(["/usr/bin/env", "python3", str(folder / "tests" / "run"), "--no-build", "--no-fuzz", *args],
		env=dict(environment, PATH=path, **(env or {})), capture_output=True, text=True, timeout=120, check=False)
	return done.returncode, done.stdout + done.stderr


def last(out):
	return out.rstrip("\n").split("\n")[-1]


def test_counts_files_and_ends_with_the_plain_line(tmp_path):
	status, out = run(tree(tmp_path, {"scenario/test_b01.py": "def test_a(): pass\ndef test_b(): pass\n",
		"tools/test_x.py": "def test_c(): pass\n"}))
	assert status == 0, out
	assert last(out) == "3 passed, 0 failed"
	assert any(line.split()[:4] == ["scenario/test_b01", "-", "2", "passed"] for line in out.split("\n"))


def test_failures_errors_and_skips_all_fail(tmp_path):
	status, out = run(tree(tmp_path, {
		"scenario/test_b01.py": "def test_a(): assert 1 == 2\ndef test_b(): pass\n",
		"scenario/test_b02.py": "import pytest\n@pytest.mark.skip\ndef test_a(): pass\n",
		"scenario/test_b03.py": "import pytest\n@pytest.mark.xfail\ndef test_a(): assert 0\n",
		"scenario/test_b04.py": "import nothing_like_it\n",
		"scenario/test_b05.py": "import pytest\n@pytest.fixture\ndef f():\n\traise OSError\ndef test_a(f): pass\n"}))
	assert status == 1
	assert last(out) == "1 passed, 5 failed"
	assert "assert 1 == 2" in out and "log: build/test-logs/scenario-test_b01.log" in out


def test_a_file_without_a_test_fails(tmp_path):
	status, out = run(tree(tmp_path, {"fault/test_empty.py": "x = 1\n"}))
	assert status == 1 and "no test collected" in out
	assert last(out) == "0 passed, 1 failed"


def test_a_file_past_its_time_is_ended_with_what_it_started(tmp_path):
	folder = tree(tmp_path, {"fault/test_slow.py": """
		# timeout: 2
		import subprocess, time
		def test_a():
			child = subprocess.Popen(["sleep", "60"])
			open("child.pid", "w").write(str(child.pid))
			time.sleep(60)
		"""})
	status, out = run(folder)
	assert status == 1 and "timed out after 2 s" in out
	child = int((folder / "child.pid").read_text())
	proc.wait_until(lambda: not proc.alive(child), "child %d goes on" % child, seconds=5)


def test_a_stopped_run_leaves_no_process(tmp_path):
	slow = "import os, time\ndef test_a():\n\topen('pid-%s', 'w').write(str(os.getpid()))\n\ttime.sleep(60)\n"
	folder = tree(tmp_path, {"fault/test_%d.py" % n: slow % n for n in range(4)})
	path = "%s:%s" % (folder / "bin", os.environ["PATH"])
	with proc.Program("/usr/bin/env", "python3", folder / "tests" / "run", "--no-build", "--no-fuzz",
			env={"PATH": path}) as p:
		pids = [int(p.wait_for_file(folder / ("pid-%d" % n))) for n in (0, 1)]
		p.stop(seconds=10)
	assert not any(proc.alive(pid) for pid in pids)
	assert not (folder / "pid-2").exists()


def test_databases_line_runs_the_file_once_for_each(tmp_path):
	folder = tree(tmp_path, {"scenario/test_b01.py": """
		# databases: sqlite other
		import os
		def test_a():
			open(os.environ["MODELOPS_TEST_DB"], "w").close()
		"""})
	status, out = run(folder)
	assert status == 0 and last(out) == "2 passed, 0 failed"
	assert (folder / "sqlite").exists() and (folder / "other").exists()


def test_a_file_for_one_build_is_no_part_of_another(tmp_path):
	folder = tree(tmp_path, {"scenario/test_cost.py": "# build: release\ndef test_a(): pass\n",
		"scenario/test_b01.py": "def test_b(): pass\n"})
	assert last(run(folder)[1]) == "2 passed, 0 failed"
	status, out = run(folder, "--build=asan")
	assert status == 0 and last(out) == "1 passed, 0 failed" and "test_cost" not in out


def c_test(folder, text, status, database=None):
	program = folder / "test_c"
	program.write_text("#!/bin/sh\ncat <<'E'\n%s\nE\necho $# arguments $1\nexit %d\n" % (text, status))
	program.chmod(0o755)
	env = '{"MODELOPS_TEST_DB": "%s"}' % database if database else "{}"
	entry = '[{"cmd": ["%s"], "env": %s, "timeout": 30, "name": "c"}]' % (program, env)
	return run(folder, env={"C_TESTS": entry})


def test_cmocka_counts_are_read(tmp_path):
	folder = tree(tmp_path, {})
	good = "[==========] 3 test(s) run.\n[  PASSED  ] 3 test(s)."
	bad = "[==========] 3 test(s) run.\n[  PASSED  ] 2 test(s).\n[  FAILED  ] 1 test(s), listed below:"
	skipped = "[==========] 3 test(s) run.\n[  PASSED  ] 3 test(s).\n[  SKIPPED ] 1 test(s), listed below:"
	assert c_test(folder, good, 0)[0] == 0
	assert last(c_test(folder, good, 0)[1]) == "3 passed, 0 failed"
	assert last(c_test(folder, bad, 1)[1]) == "2 passed, 1 failed"
	assert last(c_test(folder, good, 134)[1]) == "3 passed, 1 failed"
	assert last(c_test(folder, "", 0)[1]) == "0 passed, 1 failed"
	assert c_test(folder, skipped, 0)[0] == 1


def test_c_tests_name_their_database(tmp_path):
	"""On Postgres the program gets the URL of an empty database; a signal that ends it is a failure there too."""
	folder = tree(tmp_path, {})
	(folder / "tests" / "lib").symlink_to(os.path.join(proc.ROOT, "tests", "lib"))
	good = "[==========] 3 test(s) run.\n[  PASSED  ] 3 test(s)."
	for database, said in (("sqlite", "0 arguments"), ("postgres", "1 arguments postgres://")):
		status, out = c_test(folder, good, 0, database)
		assert status == 0 and last(out) == "3 passed, 0 failed" and "test_c" in out
		assert any(line.split()[1:2] == [database] for line in out.split("\n")), out
		[log] = (folder / "build" / "test-logs").glob("*.%s.log" % database)
		assert said in log.read_text()
	assert last(c_test(folder, good, 134, "postgres")[1]) == "3 passed, 1 failed"


def test_filter_that_matches_nothing_fails(tmp_path):
	status, out = run(tree(tmp_path, {"tools/test_x.py": "def test_c(): pass\n"}), "scenario/")
	assert status == 1 and last(out) == "0 passed, 1 failed"
