"""install-deps and build: nothing to do means nothing said, and quickly; programs are linked into the bin folder."""
import json
import os
import shutil
import subprocess
import time

import pytest

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


def small_project(folder, source):
	"""A tree of one program with the real tools/build; returns a function that runs it."""
	for name in ("build", "link-programs"):
		(folder / "tools").mkdir(exist_ok=True)
		shutil.copy(os.path.join(proc.ROOT, "tools", name), folder / "tools" / name)
	for name in ("src", "apps", "tests", "build"):
		(folder / name).mkdir()
	(folder / "meson.build").write_text("project('x', 'c', meson_version: '>=1.0.0', default_options: ['warning_level=2'])\n"
		"executable('x', 'src/x.c', install: true)\n")
	(folder / "meson_options.txt").write_text("option('tests', type: 'boolean', value: true)\n")
	(folder / "src" / "x.c").write_text(source)

	def build(*args):
		done = subprocess.run([folder / "tools" / "build", *args], capture_output=True, text=True, timeout=120, check=False)
		return done.returncode, done.stdout + done.stderr
	return build


WARNS = "int main(void)\n{\n\tint unused;\n\treturn 0;\n}\n"


def test_a_warning_stops_the_tests_build_and_no_other(tmp_path):
	build = small_project(tmp_path, WARNS)
	status, out = build("release")
	assert status == 0 and "unused" in out and os.access(tmp_path / "build" / "bin" / "x", os.X_OK)
	status, out = build("--tests", "release")
	assert status != 0 and "unused" in out
	(tmp_path / "build" / "clang").mkdir()
	status, out = build("clang")
	assert status != 0 and "unused" in out


def test_verbs_that_share_a_folder_do_not_configure_it_by_turns(tmp_path):
	build = small_project(tmp_path, "int main(void)\n{\n\treturn 0;\n}\n")
	object_file = tmp_path / "build" / "release" / "x.p" / "src_x.c.o"
	assert build("release")[0] == 0 and build("--tests", "release")[0] == 0
	compiled = object_file.stat().st_mtime_ns
	for args in (("release",), ("--tests", "release")) * 2:
		assert build(*args) == (0, "")
	assert object_file.stat().st_mtime_ns == compiled


@pytest.mark.parametrize("verb", ["demo", "up"])
def test_a_data_folder_with_blanks_stays_one_word(tmp_path, verb):
	"""Stand-ins for the programs that the two verbs start say which folder they were given."""
	for name in ("tools/demo", "build/bin/modelops"):
		program = tmp_path / name
		program.parent.mkdir(parents=True)
		program.write_text("#!/bin/sh\nprintf '%s|%s|%s\\n' \"$PORT\" \"$DATA\" \"$MODELOPS_DATA\"\n")
		program.chmod(0o755)
	data = tmp_path / "with space" / "it's"
	done = subprocess.run(["make", "-s", "-f", os.path.join(proc.ROOT, "Makefile"), "-o", "build", verb, "PORT=8123", "DATA=%s" % data],
		cwd=tmp_path, env=proc.clean_environment(), capture_output=True, text=True, timeout=60, check=False)
	assert done.returncode == 0, done.stderr
	assert done.stdout == "8123|%s|%s\n" % (data, data if verb == "up" else "")
