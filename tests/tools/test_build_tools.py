"""install-deps and build: nothing to do means nothing said, and quickly; programs are linked into the bin folder."""
import json
import os
import subprocess
import time

from lib import proc


def tool(name, *args, **kwargs):
	return subprocess.run([os.path.join(proc.ROOT, "tools", name), *args], capture_output=True, text=True, timeout=120,
		check=False, **kwargs)


def test_install_deps_does_nothing_when_all_is_there():
	tool("install-deps", "test")
	started = time.monotonic()
	done = tool("install-deps", "test")
	assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
	assert time.monotonic() - started < 2


def test_install_deps_names_its_purposes():
	done = tool("install-deps", "everything")
	assert done.returncode == 2 and "build|test|bench|all" in done.stderr


def test_swagger_ui_lies_where_programs_find_it():
	folder = os.path.join(proc.ROOT, "build", "share", "swagger-ui")
	for name in ("swagger-ui-bundle.js", "swagger-ui.css", "swagger-ui-standalone-preset.js"):
		assert os.path.getsize(os.path.join(folder, name)) > 1000


def test_every_python_package_is_pinned():
	for name in ("requirements.txt", "requirements-test.txt", "requirements-bench.txt"):
		with open(os.path.join(proc.ROOT, "tools", name), encoding="utf-8") as f:
			lines = [line.strip() for line in f if line.strip() and not line.startswith("#")]
		assert lines and all("==" in line for line in lines)


def target(path, installed=True, kind="executable"):
	return {"type": kind, "installed": installed, "filename": [str(path)]}


def test_programs_are_linked_and_old_ones_removed(tmp_path):
	built, bin_folder = tmp_path / "built", tmp_path / "bin"
	bin_folder.mkdir()
	(bin_folder / "gone").write_text("old")
	(bin_folder / "modelops-api").write_text("old")
	built.mkdir()
	for name in ("modelops-api", "test_x", "lib.a"):
		(built / name).write_text("new")
	targets = [target(built / "modelops-api"), target(built / "test_x", False),
		target(built / "lib.a", kind="static library")]
	for _ in range(2):
		assert tool("link-programs", str(bin_folder), input=json.dumps(targets)).returncode == 0
		assert os.listdir(bin_folder) == ["modelops-api"]
		assert os.path.samefile(bin_folder / "modelops-api", built / "modelops-api")


def test_make_help_names_every_verb():
	done = subprocess.run(["make", "-s", "-C", proc.ROOT, "help"], capture_output=True, text=True, check=True)
	for verb in "build demo up test verify bench bench-report fuzz soak asan tsan coverage debug clean install-deps".split():
		assert "make %s " % verb in done.stdout
