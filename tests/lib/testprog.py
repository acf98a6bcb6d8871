"""Test programs built from tests/lib/*.c: where the build that is under test put them."""
import os

from lib import proc


def path(name):
	"""build/bin belongs to build/release, build/KIND/bin to build/KIND."""
	above = os.path.dirname(os.path.abspath(proc.BIN))
	for build in (above, os.path.join(above, "release"), os.path.join(above, "debug")):
		found = os.path.join(build, "tests", "lib", name)
		if os.access(found, os.X_OK):
			return found
	raise proc.Failed("no test program %s beside %s: run `make test`" % (name, proc.BIN))
