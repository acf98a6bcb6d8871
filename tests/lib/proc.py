"""Programs under test: start, wait until ready, stop by pid, and say clearly what went wrong.

	with proc.Program("modelops-api", env={"PORT": "0", "MODELOPS_DATA": data}) as api:
		api.wait_for_file(data + "/run/api.address")
"""
import contextlib
import os
import signal
import socket
import subprocess
import tempfile
import time

ROOT = os.environ.get("MODELOPS_ROOT") or os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BIN = os.environ.get("MODELOPS_BIN") or os.path.join(ROOT, "build", "bin")

# A sanitizer's reports must come through; everything else of the tester's environment stays out.
KEPT = ("PATH", "LANG", "LC_ALL", "TZ", "TMPDIR", "ASAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS", "LD_LIBRARY_PATH")


class Failed(AssertionError):
	"""A program did not do what the test waited for; the text holds the end of its log."""


def program(name):
	"""Path of one of our programs."""
	path = os.path.join(BIN, name)
	if not os.access(path, os.X_OK):
		raise Failed("no program %s: run `make build`" % path)
	return path


def free_port():
	with socket.socket() as s:
		s.bind(("127.0.0.1", 0))
		return s.getsockname()[1]


def clean_environment(extra=None):
	env = {name: os.environ[name] for name in KEPT if name in os.environ}
	env.update({name: str(value) for name, value in (extra or {}).items()})
	return env


def wait_until(condition, what, seconds=20.0, step=0.02):
	"""The first true value of condition(); Failed with WHAT (a text or a function giving one) when time is up."""
	deadline = time.monotonic() + seconds
	while True:
		value = condition()
		if value:
			return value
		if time.monotonic() > deadline:
			raise Failed("not within %.0f s: %s" % (seconds, what() if callable(what) else what))
		time.sleep(step)


def alive(pid):
	"""PID exists and is no zombie."""
	try:
		with open("/proc/%d/stat" % pid, encoding="utf-8", errors="replace") as f:
			return f.read().rsplit(")", 1)[1].split()[0] not in "ZX"
	except (FileNotFoundError, ProcessLookupError):
		return False


def descendants(pid):
	"""Pids below PID in the tree of processes, at this moment."""
	found, todo = [], [pid]
	while todo:
		parent = todo.pop()
		for task in _listdir("/proc/%d/task" % parent):
			with contextlib.suppress(OSError):
				with open("/proc/%d/task/%s/children" % (parent, task), encoding="ascii") as f:
					children = [int(word) for word in f.read().split()]
				found += children
				todo += children
	return found


def _listdir(path):
	try:
		return os.listdir(path)
	except OSError:
		return []


class Program:
	"""One started program; its stdout and stderr go to one log file. Leaving the block stops it and, when it ended
	badly by itself, fails the test."""

	def __init__(self, name, *args, env=None, cwd=None, log=None, check=True):
		self.name, self.check = name, check
		path = name if "/" in name else program(name)
		self._own_log = log is None
		if log is None:
			handle, log = tempfile.mkstemp(prefix=os.path.basename(name) + "-", suffix=".log",
				dir=os.environ.get("MODELOPS_TEST_TMP"))
			os.close(handle)
		self.log_path = log
		with open(log, "ab") as out:
			self.process = subprocess.Popen([path] + [str(a) for a in args], env=clean_environment(env), cwd=cwd,
				stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT, start_new_session=True)
		self.pid = self.process.pid
		self._expected_end = False

	def __enter__(self):
		return self

	def __exit__(self, kind, value, trace):
		ended = None if self._expected_end else self.process.poll()
		self.kill() if kind else self.stop()
		if kind is None and self.check and ended not in (None, 0):
			raise Failed("%s ended by itself with status %d\n%s" % (self.name, ended, self.tail()))
		if kind is not None and isinstance(value, Exception) and hasattr(value, "add_note"):
			value.add_note("log of %s:\n%s" % (self.name, self.tail()))
		if self._own_log:
			with contextlib.suppress(OSError):
				os.unlink(self.log_path)

	def log(self):
		with open(self.log_path, encoding="utf-8", errors="replace") as f:
			return f.read()

	def tail(self, lines=30):
		return "\n".join(self.log().splitlines()[-lines:])

	def running(self):
		return self.process.poll() is None

	def _check_running(self):
		if not self.running():
			raise Failed("%s ended with status %d\n%s" % (self.name, self.process.returncode, self.tail()))

	def wait_until(self, condition, what, seconds=20.0):
		"""Like wait_until, but ends at once when the program does."""
		def probe():
			value = condition()
			if not value:
				self._check_running()
			return value
		return wait_until(probe, lambda: "%s: %s\n%s" % (self.name, what, self.tail()), seconds)

	def wait_for_file(self, path, seconds=20.0):
		"""Waits until PATH has text, and returns it."""
		def read():
			try:
				with open(path, encoding="utf-8") as f:
					return f.read().strip()
			except FileNotFoundError:
				return None
		return self.wait_until(read, "no file %s" % path, seconds)

	def wait_for_port(self, port, seconds=20.0, host="127.0.0.1"):
		def connect():
			try:
				socket.create_connection((host, port), 1).close()
				return True
			except OSError:
				return False
		return self.wait_until(connect, "nothing listens on %s:%d" % (host, port), seconds)

	def wait_for_log(self, text, seconds=20.0):
		return self.wait_until(lambda: text in self.log(), "no '%s' in its log" % text, seconds)

	def wait(self, seconds=20.0):
		"""The exit status once it ends by itself (negative: the signal)."""
		self._expected_end = True
		try:
			return self.process.wait(seconds)
		except subprocess.TimeoutExpired:
			raise Failed("%s did not end within %.0f s\n%s" % (self.name, seconds, self.tail())) from None

	def signal(self, signum):
		if self.running():
			os.kill(self.pid, signum)

	def stop(self, seconds=20.0):
		"""SIGTERM, and the exit status; a program that does not end in time is killed and fails the test."""
		self._expected_end = True
		if self.running():
			os.kill(self.pid, signal.SIGTERM)
		try:
			return self.process.wait(seconds)
		except subprocess.TimeoutExpired:
			self.kill()
			raise Failed("%s did not stop within %.0f s of SIGTERM\n%s" % (self.name, seconds, self.tail())) from None

	def kill(self):
		"""SIGKILL to the program alone: what it leaves running is the test's matter."""
		self._expected_end = True
		if self.running():
			os.kill(self.pid, signal.SIGKILL)
		return self.process.wait()


def run(name, *args, env=None, cwd=None, seconds=60.0, input_text=None):
	"""Runs a program to its end: the CompletedProcess with text output, whatever its status."""
	path = name if "/" in name else program(name)
	return subprocess.run([path] + [str(a) for a in args], env=clean_environment(env), cwd=cwd, input=input_text,
		stdin=None if input_text is not None else subprocess.DEVNULL, capture_output=True, text=True,
		timeout=seconds, check=False)
