"""The whole platform on a scratch folder: api, controller and agent as separate programs that a test may kill and restart.

	with platform.running() as p:
		tenant, project, admin = p.server.tenant()
		p.kill("controller")
		p.start("controller")

What still runs when the block ends is stopped; a workload that is left behind fails the test.
"""
import contextlib
import os
import shutil
import tempfile
import time

from lib import api, proc

PROGRAMS = ("api", "controller", "agent")


class Platform:
	def __init__(self, folder, url, **env):
		self.folder, self.url, self.env = folder, url, env
		self.programs, self.server = {}, None
		self.port = proc.free_port()

	def settings(self):
		return api.settings(self.folder, self.url, **dict({"PORT": self.port}, **self.env))

	def start(self, name):
		"""Starts one program; waits until the API answers."""
		if name == "api":
			with contextlib.suppress(FileNotFoundError):
				os.unlink(self.folder + "/run/api.address")
		log = "%s/%s.log" % (self.folder, name)
		self.programs[name] = proc.Program("modelops-" + name, env=self.settings(), log=log)
		if name == "api":
			self.server = api.Server(self.folder, self.programs[name], self.url)

	def kill(self, name):
		"""kill -9 of one program, nothing else; its exit status."""
		return self.programs.pop(name).kill()

	def start_all(self):
		for name in PROGRAMS:
			self.start(name)

	def stop_all(self):
		"""SIGTERM in the order of `modelops up`: the API drains, the controller ends its workloads, the agent closes the books."""
		for name in ("api", "controller", "agent"):
			if name in self.programs:
				status = self.programs.pop(name).stop(40)
				assert status == 0, "modelops-%s ended with %d:\n%s" % (name, status, self.tail(name))

	def tail(self, name, lines=40):
		with open("%s/%s.log" % (self.folder, name), encoding="utf-8", errors="replace") as f:
			return "".join(f.readlines()[-lines:])

	def workloads(self):
		"""Pids of processes that work in this platform's folder."""
		found, prefix = [], self.folder + "/work/"
		for pid in filter(str.isdigit, os.listdir("/proc")):
			with contextlib.suppress(OSError):
				if os.readlink("/proc/%s/cwd" % pid).startswith(prefix) and proc.alive(int(pid)):
					found.append(int(pid))
		return found

	def serving(self):
		"""Pids of serving processes."""
		return [pid for pid in self.workloads() if _name(pid) == "modelops-serving"]


def _name(pid):
	try:
		with open("/proc/%d/cmdline" % pid, "rb") as f:
			return os.path.basename(f.read().split(b"\0")[0].decode())
	except OSError:
		return ""


@contextlib.contextmanager
def running(**env):
	"""A started platform on the database that MODELOPS_TEST_DB names."""
	folder = tempfile.mkdtemp(prefix="mo-", dir=os.environ.get("MODELOPS_TEST_TMP"))
	try:
		api.make_data(folder)
		with api.database(folder) as url:
			api.migrate(folder, url)
			platform = Platform(folder, url, **env)
			try:
				platform.start_all()
				yield platform
				platform.stop_all()
				proc.wait_until(lambda: not platform.workloads(), lambda: "workloads left: %s" % [
					(pid, _name(pid)) for pid in platform.workloads()], 10)
			finally:
				for program in platform.programs.values():
					program.kill()
				_end(platform)
	finally:
		if not os.environ.get("MODELOPS_TEST_KEEP"):
			shutil.rmtree(folder, ignore_errors=True)


def _end(platform):
	"""After a failure: nothing of this platform may outlive the test."""
	for _ in range(50):
		left = platform.workloads()
		if not left:
			return
		for pid in left:
			with contextlib.suppress(OSError):
				os.kill(pid, 9)
		time.sleep(0.1)
