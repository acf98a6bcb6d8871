"""Objects without a row go once they are old; nothing that a row needs, or may come to need, ever does."""
# databases: sqlite postgres
import contextlib
import os
import re
import time
import urllib.request

import requests
import test_b14_artifacts as artifacts
import test_b16_runs as runs
from lib import api, proc

OLD = 25 * 3600


@contextlib.contextmanager
def agent(server, **env):
	settings = {"MODELOPS_DATA": server.data, "DATABASE_URL": server.database_url, "OPS_PORT": "0", "AGENT_INTERVAL": "50ms", **env}
	with proc.Program("modelops-agent", env=settings) as program:
		yield program


def put(server, key, age=OLD, size=10):
	"""An object of that age, as if its process had been killed after the upload."""
	path = "%s/artifacts/%s" % (server.data, key)
	os.makedirs(os.path.dirname(path), exist_ok=True)
	with open(path, "wb") as f:
		f.write(b"x" * size)
	os.utime(path, (time.time() - age,) * 2)
	return key


def keys(server):
	root = server.data + "/artifacts/"
	return sorted(os.path.join(d, f)[len(root):] for d, _, files in os.walk(root) for f in files)


def metric(server, name):
	with open(server.data + "/run/agent.ops", encoding="ascii") as f:
		text = urllib.request.urlopen(f.read().strip() + "/metrics", timeout=10).read().decode()
	return float(re.search(r"^modelops_agent_%s (\S+)$" % name, text, re.M).group(1))


def swept(server, kept):
	"""An agent runs until only KEPT is left; then it has had time for more, and took none."""
	with agent(server) as program:
		proc.wait_until(lambda: keys(server) == sorted(kept), lambda: "kept %s, there is %s" % (sorted(kept), keys(server)), 20)
		program.wait_for_log("object store swept")
		time.sleep(0.3)
		assert keys(server) == sorted(kept)
		return metric(server, "swept_objects_total"), metric(server, "swept_bytes_total")


def age_all(server):
	for key in keys(server):
		os.utime("%s/artifacts/%s" % (server.data, key), (time.time() - OLD,) * 2)


def attempt(server, admin, state, run_state="RUNNING"):
	"""A training job whose step is in STATE: (run, attempt id, prefix of its outputs, prefix of its logs)."""
	run = admin.post("/v1/training-jobs", runs.job()).json()
	ident = api.new_id("att")
	server.sql("UPDATE run_steps SET state = ?, attempt_id = ?, attempt = 1 WHERE run_id = ?", state, ident, run["id"])
	server.sql("UPDATE runs SET state = ? WHERE id = ?", run_state, run["id"])
	tenant = "tenants/" + run["tenant_id"]
	return run, ident, "%s/projects/%s/attempts/%s/" % (tenant, run["project_id"], ident), "%s/logs/%s/" % (tenant, ident)


def log_row(server, run, ident, key, chunk=0):
	server.row("run_logs", attempt_id=ident, chunk=chunk, tenant_id=run["tenant_id"], run_id=run["id"], step_id="stp_1", object_key=key,
		size=10, at=1)


def test_what_is_needed_stays():
	with api.running() as server:
		project, admin, data = runs.setup(server)
		base = "tenants/%s/projects/%s/" % (data["tenant_id"], project["id"])
		kept = [base + "artifacts/" + data["id"]]
		deleted = artifacts.upload(admin).json() # its row went, the object could not be removed
		admin.delete("/v1/artifacts/" + deleted["id"])
		put(server, base + "artifacts/" + deleted["id"])
		put(server, base + "artifacts/" + api.new_id("art")) # killed before the row
		kept.append(put(server, base + "artifacts/" + api.new_id("art"), age=23 * 3600)) # its row may be on the way
		for state in ("ALLOCATED", "RUNNING", "REGISTERING"):
			_, _, out, log = attempt(server, admin, state)
			kept += [put(server, out + "model.json"), put(server, out + "manifest.json"), put(server, log + "000000")]
		for state in ("FAILED", "CANCELLED", "QUEUED"):
			run, ident, out, log = attempt(server, admin, state)
			put(server, out + "model.json")
			put(server, out + "manifest.json")
			put(server, log + "000001")
			kept.append(put(server, log + "000000"))
			log_row(server, run, ident, kept[-1])
		run, ident, out, _ = attempt(server, admin, "SUCCEEDED", "SUCCEEDED")
		kept += [put(server, out + "model.json"), put(server, out + "manifest.json")]
		put(server, out + "not-in-the-manifest")
		server.row("artifacts", id=api.new_id("art"), tenant_id=run["tenant_id"], project_id=run["project_id"], name="model.json",
			kind="model", state="READY", object_key=out + "model.json", size=10, run_id=run["id"], step="train", created_at=1)
		_, version = server.model(project)
		package = base + "attempts/" + api.new_id("att")
		server.sql("UPDATE model_versions SET object_prefix = ? WHERE id = ?", package, version)
		kept += [put(server, package + "/" + name) for name in ("model.json", "features.json", "manifest.json")]
		put(server, base + "attempts/" + api.new_id("att") + "/model.json") # an attempt that was tried again long ago
		# What the platform did not make, and what belongs to another database, is not ours to remove.
		kept += [put(server, "tenants/%s/backup/x" % data["tenant_id"]), put(server, "notes/x"), put(server, base + "artifacts/x/y"),
			put(server, "tenants/%s/projects/%s/artifacts/%s" % (api.new_id("ten"), project["id"], api.new_id("art")))]
		os.utime("%s/artifacts/%s" % (server.data, kept[0]), (0, 0))
		count, size = swept(server, kept)
		assert (count, size) == (13, 130)


def test_killed_between_object_and_row():
	"""The API dies at one of its commits: the object of an upload without a row goes, one with its row stays."""
	with api.running() as server:
		_, admin, data = runs.setup(server)
		url, folder = server.database_url, server.data
		actor = {"X-Actor": "adm|tenant=acme|role=admin"}
		orphans = 0
		for n in range(1, 9):
			env = api.settings(folder, url, MODELOPS_FAULT="store.commit:%d:kill" % n)
			if os.path.exists(folder + "/run/api.address"):
				os.remove(folder + "/run/api.address")
			before = len(keys(server))
			with proc.Program("modelops-api", env=env) as second:
				second.check = False
				try:
					address = second.wait_for_file(folder + "/run/api.address")
					requests.post(address + "/v1/artifacts", data=b"0123456789", headers=actor, timeout=10,
						params={"project_id": "main", "name": "x", "kind": "dataset"})
				except (proc.Failed, requests.RequestException, AssertionError):
					pass
				second.kill()
			rows = server.sql("SELECT count(*) FROM artifacts WHERE state = 'READY'")[0][0]
			orphans = len(keys(server)) - rows
			if len(keys(server)) > before and orphans:
				break
		assert orphans == 1, "no kill fell between the object and its row"
		age_all(server)
		rows = [row[0] for row in server.sql("SELECT object_key FROM artifacts WHERE state = 'READY'")]
		assert swept(server, rows) == (1, 10)
		assert admin.get("/v1/artifacts/%s/content" % data["id"]).content == b"a,species\n1,x\n"


def test_pages_and_left_over_uploads():
	with api.running() as server:
		project, _, data = runs.setup(server)
		base = "tenants/%s/projects/%s/artifacts/" % (data["tenant_id"], project["id"])
		kept = [base + data["id"]]
		for n in range(700):
			ident = api.new_id("art")
			put(server, base + ident)
			if n % 3 == 0:
				kept.append(base + ident)
				server.row("artifacts", id=ident, tenant_id=data["tenant_id"], project_id=project["id"], name="x", kind="dataset",
					state="READY", object_key=base + ident, size=10, created_at=1)
		put(server, ".tmp/put_dead", size=1000)
		kept.append(put(server, ".tmp/put_alive", age=60))
		count, size = swept(server, kept)
		assert (count, size) == (467, 4660 + 1000)


def test_a_deposed_agent_removes_nothing():
	with api.running() as server:
		project, _, data = runs.setup(server)
		for _ in range(8000):
			put(server, "tenants/%s/projects/%s/artifacts/%s" % (data["tenant_id"], project["id"], api.new_id("art")))
		all_of_them = len(keys(server))
		with agent(server, AGENT_RENEW="1h", AGENT_LEASE="1h", AGENT_INTERVAL="1s"):
			proc.wait_until(lambda: len(keys(server)) < all_of_them, "the sweep to begin", 20, 0.01)
			server.sql("UPDATE leaders SET holder = 'other', epoch = epoch + 1, expires_at = ?", int((time.time() + 3600) * 1e6))
			time.sleep(0.5) # what one page takes
			left = len(keys(server))
			assert left > 1, "the sweep was over too soon to say anything"
			time.sleep(2.5)
			assert len(keys(server)) == left
