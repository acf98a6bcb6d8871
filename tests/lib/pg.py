"""Throw-away Postgres: Debian's programs, a scratch folder, a loopback port, never root.

	with pg.server() as s:
		url = s.new_database()

By hand, or for a C test: `tests/lib/pg.py PROGRAM [ARG...]` adds the URL of an empty database and ends as the program does.
Under tests/run the server is shared by all files (MODELOPS_TEST_PG); `pg.server(own=True)` always starts a new one,
for tests that stop, kill or pause it.
"""
import contextlib
import glob
import itertools
import json
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

START_SECONDS = 30
_numbers = itertools.count(1)


def bin_folder():
	folders = sorted(glob.glob("/usr/lib/postgresql/*/bin"), key=lambda p: float(p.split("/")[4]))
	if not folders:
		raise RuntimeError("no Postgres server under /usr/lib/postgresql: run tools/install-deps test")
	return folders[-1]


def free_port():
	with socket.socket() as s:
		s.bind(("127.0.0.1", 0))
		return s.getsockname()[1]


def server_user():
	"""Postgres refuses to run as root; then it runs as `postgres`, else as `nobody`."""
	if os.geteuid() != 0:
		return None
	for name in ("postgres", "nobody"):
		with contextlib.suppress(KeyError):
			return pwd.getpwnam(name)
	raise RuntimeError("root needs a user postgres or nobody to run a Postgres server")


class Server:
	"""One server process. admin_url is a superuser's; new_database gives the URL of a plain owner."""

	def __init__(self, port, data=None, process=None):
		self.port, self.data, self.process = port, data, process
		self.bin = bin_folder()

	@property
	def admin_url(self):
		return self.url("postgres", "postgres")

	def url(self, user, database):
		return "postgres://%s@127.0.0.1:%d/%s" % (user, self.port, database)

	def describe(self):
		return json.dumps({"port": self.port})

	def execute(self, sql, database="postgres", user="postgres"):
		"""Rows of one statement, run by psycopg outside of any transaction."""
		import psycopg
		with psycopg.connect(self.url(user, database), autocommit=True) as connection:
			cursor = connection.execute(sql)
			return cursor.fetchall() if cursor.description else []

	def new_database(self, template=None):
		"""Makes an empty database (or a copy of the database TEMPLATE) owned by a new plain role; returns its URL.
		The role may make roles, is no superuser and does not pass row-level security."""
		name = "t%d_%d" % (os.getpid(), next(_numbers))
		self.execute("create role %s login createrole" % name)
		self.execute("create database %s owner %s%s" % (name, name, " template " + template if template else ""))
		return self.url(name, name)

	def drop_database(self, url):
		name = url.rsplit("/", 1)[1]
		self.execute("drop database if exists %s with (force)" % name)

	def start(self):
		command = [os.path.join(self.bin, "postgres"), "-D", self.data]
		with open(os.path.join(os.path.dirname(self.data), "server.log"), "ab") as log:
			self.process = subprocess.Popen(_as_server(command), stdin=subprocess.DEVNULL, stdout=log, stderr=log,
				cwd="/", start_new_session=True)
		self._wait()

	def _wait(self):
		deadline = time.monotonic() + START_SECONDS
		while time.monotonic() < deadline:
			if self.process.poll() is not None:
				raise RuntimeError("Postgres ended at start:\n" + self.log())
			with contextlib.suppress(OSError):
				with open(os.path.join(self.data, "postmaster.pid"), encoding="ascii") as f:
					lines = f.read().split("\n")
				if len(lines) > 7 and lines[7].strip() == "ready":
					return
			time.sleep(0.02)
		raise RuntimeError("Postgres was not ready after %d s:\n%s" % (START_SECONDS, self.log()))

	def log(self):
		with open(os.path.join(os.path.dirname(self.data), "server.log"), encoding="utf-8", errors="replace") as f:
			return f.read()[-4000:]

	def stop(self, how=signal.SIGINT):
		"""SIGINT is a fast shutdown, SIGQUIT an immediate one (as after a crash)."""
		if self.process.poll() is not None:
			return
		self.process.send_signal(how)
		try:
			self.process.wait(20)
		except subprocess.TimeoutExpired:
			self.process.send_signal(signal.SIGQUIT)
			self.process.wait(20)

	def pause(self):
		self._signal_all(signal.SIGSTOP)

	def resume(self):
		self._signal_all(signal.SIGCONT)

	def _signal_all(self, signum):
		"""The server and its children: they share its session."""
		pids = subprocess.run(["ps", "-o", "pid=", "-s", str(self.process.pid)], capture_output=True, text=True,
			check=True).stdout.split()
		children = subprocess.run(["ps", "-o", "pid=", "--ppid", str(self.process.pid)], capture_output=True,
			text=True, check=False).stdout.split()
		for pid in set(pids + children):
			with contextlib.suppress(ProcessLookupError):
				os.kill(int(pid), signum)


def _as_server(command):
	user = server_user()
	if user is None:
		return command
	return ["setpriv", "--reuid", str(user.pw_uid), "--regid", str(user.pw_gid), "--clear-groups",
		"--pdeathsig", "INT", "--"] + command


def _settings(port, sockets, durable):
	lines = ["listen_addresses = '127.0.0.1'", "port = %d" % port, "unix_socket_directories = '%s'" % sockets,
		"max_connections = 200", "shared_buffers = 32MB", "log_min_messages = warning", "timezone = 'UTC'",
		"max_wal_size = 256MB", "lc_messages = 'C'"]
	if not durable: # nothing here outlives the test; a crash of the process, not of the machine, is what tests make
		lines += ["fsync = off", "full_page_writes = off"]
	return "\n".join(lines) + "\n"


def _prepare(base, durable):
	"""initdb and the configuration; returns (data folder, port)."""
	data, sockets, port = os.path.join(base, "data"), os.path.join(base, "s"), free_port()
	os.mkdir(sockets)
	user = server_user()
	if user is not None:
		for folder in (base, sockets):
			os.chown(folder, user.pw_uid, user.pw_gid)
	done = subprocess.run(_as_server([os.path.join(bin_folder(), "initdb"), "-D", data, "-U", "postgres", "-A", "trust",
		"--no-sync", "--encoding=UTF8", "--locale=C"]), cwd="/", capture_output=True, text=True, check=False)
	if done.returncode != 0:
		raise RuntimeError("initdb failed:\n" + done.stdout + done.stderr)
	with open(os.path.join(data, "postgresql.conf"), "a", encoding="ascii") as f:
		f.write(_settings(port, sockets, durable))
	return data, port


@contextlib.contextmanager
def server(own=False, durable=False):
	"""A running server; stopped and removed at the end unless it is the shared one of tests/run."""
	shared = os.environ.get("MODELOPS_TEST_PG")
	if shared and not own and not durable:
		yield Server(json.loads(shared)["port"])
		return
	base = tempfile.mkdtemp(prefix="modelops-pg-", dir="/tmp") # short: a socket's path has 107 bytes
	try:
		data, port = _prepare(base, durable)
		one = Server(port, data)
		one.start()
		try:
			yield one
		finally:
			one.resume()
			one.stop()
	finally:
		shutil.rmtree(base, ignore_errors=True)


@contextlib.contextmanager
def settings():
	"""What a program needs to be told to run on an empty database of MODELOPS_TEST_DB's kind; sqlite: nothing."""
	if os.environ.get("MODELOPS_TEST_DB") != "postgres":
		yield {}
		return
	with server() as one:
		url = one.new_database()
		yield {"DATABASE_URL": url}
		one.drop_database(url)


def main():
	with server() as one:
		url = one.new_database()
		status = subprocess.call([*sys.argv[1:], url])
		one.drop_database(url)
	sys.exit(status if status >= 0 else 128 - status)


if __name__ == "__main__":
	main()
