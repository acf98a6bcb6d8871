"""Principals, roles and API keys: shown once, hashed, scoped, expiring, revocable."""
# databases: sqlite postgres
import datetime
import time

from lib import api


def setup(server, name="acme"):
	_, project, admin = server.tenant(name)
	robot = admin.post("/v1/principals", {"kind": "service_account", "name": "robot"}).json()
	return project, admin, robot


def make_key(admin, robot, **more):
	made = admin.post("/v1/api-keys", {"principal_id": robot["id"], "name": "k", "role": "user", **more}).json()
	assert made["key"].startswith("mok_")
	return made


def test_key_life():
	with api.running() as server:
		_, admin, robot = setup(server)
		made = make_key(admin, robot)
		client = server.key_client(made["key"])
		me = client.get("/v1/whoami").json()
		assert me["name"] == "robot" and me["role"] == "user" and me["tenant"] == "acme"
		assert client.items("/v1/projects")
		shown = admin.get("/v1/api-keys/" + made["id"])
		assert "key" not in shown.json() and made["key"] not in shown.text
		assert made["key"][31:] not in admin.get("/v1/api-keys").text
		admin.delete("/v1/api-keys/" + made["id"])
		client.get("/v1/whoami", status=401)
		assert admin.get("/v1/api-keys/" + made["id"]).json()["revoked_at"]
		assert made["key"] not in server.program.log()


def test_scopes_and_roles_cut():
	with api.running() as server:
		_, admin, robot = setup(server)
		reader = server.key_client(make_key(admin, robot, role="tenant_admin", scopes=["project.read"])["key"])
		reader.get("/v1/projects")
		reader.post("/v1/projects", {"name": "x"}, status=403)
		reader.get("/v1/principals", status=403)
		viewer = server.key_client(make_key(admin, robot, role="viewer")["key"])
		viewer.get("/v1/projects")
		viewer.post("/v1/projects", {"name": "x"}, status=403)
		body = {"principal_id": robot["id"], "name": "k", "role": "user"}
		admin.problem("POST", "/v1/api-keys", dict(body, scopes=["project.reed"]), field="scopes")
		admin.problem("POST", "/v1/api-keys", dict(body, role="root"), field="role")
		admin.problem("POST", "/v1/api-keys", dict(body, role="platform_admin"), status=(403, 422), field="role")
		admin.problem("POST", "/v1/api-keys", dict(body, principal_id="usr_00000000000000000000000000"), status=(404, 422))


def test_a_key_grants_no_more_than_it_may():
	with api.running() as server:
		_, admin, robot = setup(server)
		mine = ["tenant.admin", "project.read"]
		cut = server.key_client(make_key(admin, robot, role="tenant_admin", scopes=mine)["key"])
		body = {"principal_id": robot["id"], "name": "k", "role": "tenant_admin"}
		cut.problem("POST", "/v1/api-keys", body, field="scopes")
		cut.problem("POST", "/v1/api-keys", dict(body, role="viewer"), field="scopes")
		cut.problem("POST", "/v1/api-keys", dict(body, scopes=["project.read", "project.write"]), field="scopes")
		cut.post("/v1/api-keys", dict(body, scopes=mine))
		narrow = server.key_client(cut.post("/v1/api-keys", dict(body, role="viewer", scopes=["project.read"])).json()["key"])
		narrow.get("/v1/projects")
		server.key_client(make_key(admin, robot, role="tenant_admin")["key"]).post("/v1/api-keys", body)


def test_project_keys_stay_in_their_project():
	with api.running() as server:
		project, admin, robot = setup(server)
		other = admin.post("/v1/projects", {"name": "other"}).json()
		key = server.key_client(make_key(admin, robot, project_id="main")["key"])
		assert key.items("/v1/projects") == [project]
		key.get("/v1/projects/" + project["id"])
		key.get("/v1/projects/" + other["id"], status=404)
		key.post("/v1/projects", {"name": "x"}, status=403)
		key.post("/v1/artifacts", data=b"a", params={"project_id": "other", "name": "x", "kind": "dataset"}, status=404)
		key.post("/v1/artifacts", data=b"a", params={"project_id": "main", "name": "x", "kind": "dataset"})
		assert len(key.items("/v1/artifacts")) == 1
		admin.post("/v1/artifacts", data=b"a", params={"project_id": "other", "name": "x", "kind": "dataset"})
		assert len(key.items("/v1/artifacts")) == 1
		key.get("/v1/artifacts", params={"project_id": "other"}, status=404)
		key.get("/v1/gpu-pools")
		for path in ("/v1/pool-allocations", "/v1/events", "/v1/ledger", "/v1/invoices", "/v1/cost"): # of all projects
			key.problem("GET", path, status=403, code="project_key")


def test_keys_expire():
	with api.running() as server:
		_, admin, robot = setup(server)
		soon = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=2)
		key = server.key_client(make_key(admin, robot, expires_at=soon.isoformat().replace("+00:00", "Z"))["key"])
		key.get("/v1/whoami")
		time.sleep(2.2)
		key.get("/v1/whoami", status=401)
		body = {"principal_id": robot["id"], "name": "k", "role": "user", "expires_at": "2020-01-01T00:00:00Z"}
		admin.problem("POST", "/v1/api-keys", body, field="expires_at")


def test_wrong_keys():
	with api.running() as server:
		_, admin, robot = setup(server)
		secret = make_key(admin, robot)["key"]
		changed = secret[:-1] + ("A" if secret[-1] != "A" else "B")
		for wrong in (changed, secret[:-1], secret + "A", "mok_", "", "mok_" + "0" * 26 + "_" + "A" * 43, "x" * 5000):
			server.key_client(wrong).get("/v1/whoami", status=401)
		both = api.Client(server, {"Authorization": "Bearer " + secret, "X-Actor": "a|tenant=acme|role=admin"})
		both.get("/v1/whoami", status=401)


def test_role_bindings():
	with api.running() as server:
		_, admin, robot = setup(server)
		binding = admin.post("/v1/role-bindings", {"principal_id": robot["id"], "role": "viewer"}).json()
		assert admin.items("/v1/role-bindings") == [binding]
		admin.problem("POST", "/v1/role-bindings", {"principal_id": robot["id"], "role": "boss"}, field="role")
		admin.delete("/v1/role-bindings/" + binding["id"])
		assert admin.items("/v1/role-bindings") == []


def test_a_removed_principal_loses_its_keys():
	with api.running() as server:
		_, admin, robot = setup(server)
		key = server.key_client(make_key(admin, robot)["key"])
		key.get("/v1/whoami")
		admin.delete("/v1/principals/" + robot["id"])
		key.get("/v1/whoami", status=401)


def test_no_key_of_another_tenant():
	with api.running() as server:
		_, admin, robot = setup(server)
		_, beta, _ = setup(server, "beta")
		beta.problem("POST", "/v1/api-keys", {"principal_id": robot["id"], "name": "k", "role": "user"}, status=(404, 422))
		made = make_key(admin, robot)
		beta.get("/v1/api-keys/" + made["id"], status=404)
		beta.delete("/v1/api-keys/" + made["id"], status=404)


def test_the_last_use_is_noted():
	import tempfile
	with tempfile.TemporaryDirectory() as folder:
		with api.database(folder) as url:
			with api.running(folder, url) as server:
				_, admin, robot = setup(server)
				used, unused = make_key(admin, robot), make_key(admin, robot)
				server.key_client(used["key"]).get("/v1/whoami")
			with api.running(folder, url) as server:
				admin = server.client("adm", "acme", "admin")
				assert admin.get("/v1/api-keys/" + used["id"]).json()["last_used_at"]
				assert admin.get("/v1/api-keys/" + unused["id"]).json()["last_used_at"] is None


def test_demo_actors_come_from_this_machine_only():
	"""A proxy's request, or a browser's under a foreign name, is not the loopback that demo mode trusts."""
	others = [{"X-Forwarded-For": "203.0.113.9"}, {"Forwarded": "for=203.0.113.9"}, {"X-Real-IP": "203.0.113.9"}, {"Via": "1.1 proxy"},
		{"Host": "evil.example"}, {"Host": "evil.example:8000"}]
	own = [{}, {"Host": "localhost:8000"}, {"Host": "LOCALHOST"}, {"Host": "127.0.0.1"}, {"Host": "[::1]:8000"}]
	with api.running() as server:
		for headers in others:
			server.client().get("/v1/whoami", headers=headers, status=401)
		for headers in own:
			server.client().get("/v1/whoami", headers=headers)
	with api.running(DEMO_ALLOW_REMOTE="1") as server:
		server.client().get("/v1/whoami", headers=others[0])
