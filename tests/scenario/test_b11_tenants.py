"""Tenants and projects: made, read, changed, removed; each tenant in its own world."""
# databases: sqlite postgres
from lib import api


def test_tenants_and_projects():
	with api.running() as server:
		admin = server.client()
		tenant = admin.post("/v1/tenants", {"name": "acme"}).json()
		assert tenant["state"] == "ACTIVE" and tenant["id"].startswith("ten_")
		admin.problem("POST", "/v1/tenants", {"name": "acme"}, status=409)
		assert admin.get("/v1/tenants/" + tenant["id"]).json() == tenant
		assert admin.get("/v1/tenants/acme").json() == tenant
		assert {t["name"] for t in admin.items("/v1/tenants")} == {"platform", "acme"}

		ann = server.client("ann", "acme", "admin")
		assert ann.get("/v1/tenants/acme").json() == tenant
		ann.get("/v1/tenants/platform", status=404)
		ann.get("/v1/tenants", status=403)
		project = ann.post("/v1/projects", {"name": "iris"}).json()
		assert project["tenant_id"] == tenant["id"] and project["name"] == "iris"
		assert ann.get("/v1/projects/" + project["id"]).json() == project
		assert ann.items("/v1/projects") == [project]
		assert ann.get("/v1/projects", params={"name": "iris"}).json()["items"] == [project]
		ann.problem("POST", "/v1/projects", {"name": "iris"}, status=409)
		ann.delete("/v1/projects/" + project["id"])
		ann.get("/v1/projects/" + project["id"], status=404)


def test_names_are_checked():
	with api.running() as server:
		admin = server.client()
		for name in ("", "A", "a b", "../x", "-a", "a" * 64, "a/b", "a\u0000"):
			admin.problem("POST", "/v1/tenants", {"name": name}, status=(422, 400))
		admin.problem("POST", "/v1/tenants", {"name": "ok", "state": "ACTIVE", "nome": "x"}, field="nome")
		admin.problem("POST", "/v1/tenants", {}, field="name")
		admin.problem("POST", "/v1/tenants", {"name": 7}, field="name")
		admin.problem("POST", "/v1/tenants", {"name": "ok", "id": "ten_x"}, field="id")
		admin.problem("POST", "/v1/tenants", ["name"])


def test_platform_admin_acts_in_a_tenant():
	with api.running() as server:
		tenant, project, _ = server.tenant("acme")
		server.tenant("beta")
		admin = server.client()
		assert len(admin.items("/v1/projects")) == 2
		assert admin.items("/v1/projects", tenant_id="acme") == [project]
		assert admin.items("/v1/projects", tenant_id=tenant["id"]) == [project]
		made = admin.post("/v1/projects", {"name": "by-admin"}, params={"tenant_id": "acme"}).json()
		assert made["tenant_id"] == tenant["id"]
		admin.get("/v1/projects", params={"tenant_id": "none"}, status=404)
		ann = server.client("ann", "acme", "user")
		ann.get("/v1/projects", params={"tenant_id": "beta"}, status=404)
		ann.post("/v1/projects", {"name": "x"}, params={"tenant_id": "beta"}, status=404)
		assert ann.get("/v1/projects", params={"tenant_id": "acme"}).json()["items"]


def test_suspended_tenants_are_out_within_seconds():
	with api.running() as server:
		tenant, _, _ = server.tenant("acme")
		ann = server.client("ann", "acme", "user")
		ann.get("/v1/whoami")
		admin = server.client()
		changed = admin.patch("/v1/tenants/acme", {"state": "SUSPENDED"}).json()
		assert changed["state"] == "SUSPENDED" and changed["id"] == tenant["id"]
		ann.get("/v1/whoami", status=401)
		admin.patch("/v1/tenants/acme", {"state": "ACTIVE"})
		ann.get("/v1/whoami")
		admin.problem("PATCH", "/v1/tenants/acme", {"name": "new"}, field="name")


def test_removal_needs_an_empty_tenant():
	with api.running() as server:
		tenant, project, _ = server.tenant("acme")
		admin = server.client()
		admin.delete("/v1/tenants/" + tenant["id"], status=409)
		admin.delete("/v1/projects/" + project["id"])
		admin.delete("/v1/tenants/" + tenant["id"])
		admin.get("/v1/tenants/" + tenant["id"], status=404)
		admin.delete("/v1/tenants/platform", status=409)


def test_other_tenants_ids_look_absent():
	with api.running() as server:
		_, project, _ = server.tenant("acme")
		bob = server.client("bob", "beta", "admin")
		server.tenant("beta")
		there = bob.get("/v1/projects/" + project["id"], status=404)
		absent = bob.get("/v1/projects/prj_00000000000000000000000000", status=404)

		def masked(reply, ident):
			text = reply.text.replace(ident, "ID").replace(reply.headers["X-Request-Id"], "R")
			return text, sorted(k for k in reply.headers)
		assert masked(there, project["id"]) == masked(absent, "prj_00000000000000000000000000")
		bob.delete("/v1/projects/" + project["id"], status=404)
