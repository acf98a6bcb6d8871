"""Keys where several processes and lost stores are concerned: what one API changes holds in another within seconds, a lost store
closes the control plane, and role bindings limit the keys of their principal."""
# databases: sqlite postgres
# timeout: 120
import contextlib
import tempfile
import time

from lib import api, pg, proc

SEEN_S = 5.0


@contextlib.contextmanager
def two_apis():
	"""Two APIs on one database and one folder of secrets."""
	with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as two, api.database(one) as url:
		with api.running(one, url) as first:
			api.make_data(two)
			for name in ("workload.key", "presign.key"):
				with open("%s/secrets/%s" % (one, name), "rb") as a, open("%s/secrets/%s" % (two, name), "wb") as b:
					b.write(a.read())
			with api.running(two, url) as second:
				yield first, second


def setup(server, role="user", name="acme"):
	tenant, project, admin = server.tenant(name)
	robot = admin.post("/v1/principals", {"kind": "service_account", "name": "robot"}).json()
	made = admin.post("/v1/api-keys", {"principal_id": robot["id"], "name": "k", "role": role}).json()
	return tenant, project, admin, robot, made


def turns(client, status, method="GET", path="/v1/whoami", body=None):
	"""Waits until the reply has STATUS; no later than the promise."""
	started = time.monotonic()
	while client.session.request(method, client.server.url + path, json=body, headers=client.headers,
			timeout=api.TIMEOUT).status_code != status:
		assert time.monotonic() - started < SEEN_S, "%s %s is not %d after %.0f s" % (method, path, status, SEEN_S)
		time.sleep(0.1)


def test_another_process_sees_a_revoked_key():
	with two_apis() as (first, second):
		_, _, admin, _, made = setup(first)
		key = second.key_client(made["key"])
		key.get("/v1/whoami")
		admin.delete("/v1/api-keys/" + made["id"])
		turns(key, 401)


def test_another_process_sees_a_suspended_tenant():
	with two_apis() as (first, second):
		tenant, _, _, _, made = setup(first)
		key = second.key_client(made["key"])
		key.get("/v1/whoami")
		first.client().patch("/v1/tenants/" + tenant["id"], {"state": "SUSPENDED"})
		turns(key, 401)
		first.client().patch("/v1/tenants/" + tenant["id"], {"state": "ACTIVE"})
		turns(key, 200)


def test_another_process_sees_a_changed_role():
	with two_apis() as (first, second):
		_, _, admin, robot, made = setup(first)
		key = second.key_client(made["key"])
		assert key.get("/v1/whoami").json()["role"] == "user"
		low = admin.post("/v1/role-bindings", {"principal_id": robot["id"], "role": "viewer"}).json()
		started = time.monotonic()
		while key.get("/v1/whoami").json()["role"] != "viewer":
			assert time.monotonic() - started < SEEN_S
			time.sleep(0.1)
		high = admin.post("/v1/role-bindings", {"principal_id": robot["id"], "role": "tenant_admin"}).json()
		started = time.monotonic()
		while key.get("/v1/whoami").json()["role"] != "user": # a binding gives no more than the key has
			assert time.monotonic() - started < SEEN_S
			time.sleep(0.1)
		admin.delete("/v1/role-bindings/" + high["id"])
		started = time.monotonic()
		while key.get("/v1/whoami").json()["role"] != "viewer":
			assert time.monotonic() - started < SEEN_S
			time.sleep(0.1)
		assert admin.items("/v1/role-bindings") == [low]
		admin.delete("/v1/role-bindings/" + low["id"]) # the last one: nothing is left, not everything
		turns(key, 401)
		assert [p["limited"] for p in admin.items("/v1/principals") if p["id"] == robot["id"]] == [True]
		admin.post("/v1/role-bindings", {"principal_id": robot["id"], "role": "user"})
		turns(key, 200)


def test_a_binding_of_another_project_gives_nothing():
	with api.running() as server:
		_, project, admin, robot, made = setup(server)
		other = admin.post("/v1/projects", {"name": "other"}).json()
		bound = server.key_client(admin.post("/v1/api-keys", {"principal_id": robot["id"], "name": "p", "role": "user",
			"project_id": project["id"]}).json()["key"])
		everywhere = server.key_client(made["key"])
		binding = {"principal_id": robot["id"], "role": "user"}
		admin.post("/v1/role-bindings", dict(binding, project_id=other["id"]))
		turns(bound, 401)
		turns(everywhere, 401)
		admin.post("/v1/role-bindings", dict(binding, project_id=project["id"]))
		turns(bound, 200)
		everywhere.get("/v1/whoami", status=401)


def test_demo_mode_binds_loopback_only():
	with tempfile.TemporaryDirectory() as folder:
		api.make_data(folder)
		url = "sqlite:%s/modelops.db" % folder
		api.migrate(folder, url)
		env = api.settings(folder, url, HOST="0.0.0.0")
		done = proc.run("modelops-api", env=env)
		assert done.returncode != 0 and "DEMO_ALLOW_REMOTE" in done.stdout + done.stderr
		with proc.Program("modelops-api", env=dict(env, DEMO_ALLOW_REMOTE="1")) as program:
			program.wait_for_file(folder + "/run/api.address")


def test_a_lost_store_closes_the_control_plane():
	with pg.server(own=True) as database, tempfile.TemporaryDirectory() as folder:
		with api.running(folder, database.new_database()) as server:
			_, _, _, _, made = setup(server)
			key = server.key_client(made["key"])
			key.get("/v1/projects")
			database.stop()
			key.get("/v1/projects", status=503)
			turns(key, 503)
			time.sleep(5) # past what a control request takes from the cache
			key.get("/v1/whoami", status=503)
			database.start()
			turns(key, 200)
			key.get("/v1/projects")
