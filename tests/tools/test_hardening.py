"""Every program in build/bin is built hardened: PIE, full RELRO, no executable stack, stack protector, _FORTIFY_SOURCE."""
import os
import re
import subprocess

import pytest

from lib import proc

BIN = os.path.join(proc.ROOT, "build", "bin")
PROGRAMS = sorted(os.listdir(BIN))


def readelf(option, program):
	return subprocess.run(["readelf", "-W", option, os.path.join(BIN, program)], capture_output=True, text=True,
		check=True).stdout


def test_there_are_programs():
	assert PROGRAMS


@pytest.mark.parametrize("program", PROGRAMS)
def test_program_is_hardened(program):
	segments, dynamic = readelf("-l", program), readelf("-d", program)
	assert "DYN (Position-Independent Executable file)" in readelf("-h", program)
	assert "GNU_RELRO" in segments
	assert "BIND_NOW" in dynamic or "NOW" in dynamic
	stack = next(line for line in segments.split("\n") if "GNU_STACK" in line)
	assert " RWE" not in stack and " RW " in stack
	symbols = readelf("-s", program)
	assert "__stack_chk_fail" in symbols
	assert re.search(r" UND __(snprintf|vsnprintf|fprintf|memcpy|read)_chk@", symbols) # _FORTIFY_SOURCE


@pytest.mark.parametrize("program", PROGRAMS)
def test_program_looks_for_libraries_only_where_the_system_keeps_them(program):
	assert "RPATH" not in readelf("-d", program) and "RUNPATH" not in readelf("-d", program)
