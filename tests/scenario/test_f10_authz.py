"""The authorisation matrix: every route x every kind of caller against the reviewed file tests/golden/authz.tsv.

`python tests/scenario/test_f10_authz.py` prints the file as the server behaves now: for review, never copied unread.
"""
# databases: sqlite postgres
# timeout: 600
import itertools
import json
import os
import re
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "tests"))
from lib import api, proc

GOLDEN = os.path.join(ROOT, "tests", "golden", "authz.tsv")
CALLERS = ("nobody", "viewer", "user", "tenant_admin", "other_tenant", "platform_admin")
DASH = "/v1/observability/dashboards"


def routes():
	return json.loads(proc.run("modelops-api", "--routes").stdout)


def golden():
	with open(GOLDEN, encoding="utf-8") as f:
		lines = [line.rstrip("\n").split("\t") for line in f if line.strip() and not line.startswith("#")]
	return {(line[0], line[1]): line[2:] for line in lines}


class World:
	"""One tenant that owns one of everything; requests on it that would succeed for whoever may."""

	def __init__(self, server):
		self.server, self.numbers = server, itertools.count(1)
		self.root = server.client()
		self.tenant, self.project, self.admin = server.tenant("acme")
		server.tenant("beta")
		self.root.post("/v1/price-plans", {"name": "standard", "currency": "EUR", "is_default": True, "rules": []})
		self.root.post("/v1/gpu-pools", self.pool_body("cpu"))
		self.data = self.make("/v1/artifacts", data=b"a,b\n1,2\n", params=self.upload())
		self.root.put("/v1/quotas/acme/cpu", {"max_shares": 2})
		self.model, _ = server.model(self.project)
		self.robot = self.make("/v1/principals", {"name": "robot"})
		self.bound = self.make("/v1/principals", {"name": "bound"}) # bindings limit keys: not the robot's
		self.pipeline = self.make("/v1/pipelines", self.pipeline_body("base"))
		self.run = self.make("/v1/training-jobs", self.job_body())
		self.deployment = self.make("/v1/deployments", self.deployment_body())
		self.alias = self.admin.put("/v1/models/%s/aliases/best" % self.model, {"version": 1})
		self.dashboard = self.make(DASH, self.dashboard_body())
		self.invoice = self.make("/v1/invoices", {})

	def name(self):
		return "n%d" % next(self.numbers)

	def make(self, path, body=None, **more):
		return self.admin.post(path, body, **more).json()

	def upload(self):
		return {"project_id": self.project["id"], "name": self.name(), "kind": "dataset"}

	def pool_body(self, name=None):
		return {"name": name or self.name(), "card_model": "cpu", "mode": "CPU", "capacity_shares": 2, "price_class": "cpu"}

	def pipeline_body(self, name=None):
		return {"project_id": self.project["id"], **self.spec_body(name or self.name())}

	def spec_body(self, name="base"):
		return {"name": name, "steps": [{"name": "t", "kind": "train", "pool": "cpu",
			"with": {"dataset": self.data["id"], "label": "b"}}]}

	def job_body(self):
		return {"project_id": self.project["id"], "name": "job", "pool": "cpu",
			"with": {"dataset": self.data["id"], "label": "b"}}

	def deployment_body(self):
		return {"project_id": self.project["id"], "name": self.name(), "model": self.model, "version": 1, "pool": "cpu"}

	def dashboard_body(self):
		return {"scope": "user", "name": self.name(), "title": "t", "definition": {}}

	def fresh(self, path, body):
		"""A new object of acme, for a route that ends it."""
		return self.make(path, body)["id"]

	def request(self, method, path):
		"""(real path, keyword arguments) of a request that its rightful caller can make at any time."""
		key, a = (method, path), self
		fresh = {
			("DELETE", "/v1/tenants/{id}"): lambda: a.root.post("/v1/tenants", {"name": a.name()}).json()["id"],
			("DELETE", "/v1/projects/{id}"): lambda: a.fresh("/v1/projects", {"name": a.name()}),
			("DELETE", "/v1/principals/{id}"): lambda: a.fresh("/v1/principals", {"name": a.name()}),
			("DELETE", "/v1/role-bindings/{id}"): lambda: a.fresh("/v1/role-bindings",
				{"principal_id": a.bound["id"], "role": "viewer"}),
			("DELETE", "/v1/api-keys/{id}"): lambda: a.fresh("/v1/api-keys", a.key_body()),
			("GET", "/v1/api-keys/{id}"): lambda: a.fresh("/v1/api-keys", a.key_body()),
			("DELETE", "/v1/gpu-pools/{id}"): lambda: a.root.post("/v1/gpu-pools", a.pool_body()).json()["id"],
			("DELETE", "/v1/artifacts/{id}"): lambda: a.make("/v1/artifacts", data=b"x", params=a.upload())["id"],
			("DELETE", "/v1/pipelines/{id}"): lambda: a.fresh("/v1/pipelines", a.pipeline_body()),
			("POST", "/v1/runs/{id}/cancel"): lambda: a.fresh("/v1/training-jobs", a.job_body()),
			("POST", "/v1/training-jobs/{id}/cancel"): lambda: a.fresh("/v1/training-jobs", a.job_body()),
			("DELETE", "/v1/deployments/{id}"): lambda: a.fresh("/v1/deployments", a.deployment_body()),
			("PATCH", "/v1/deployments/{id}"): lambda: a.fresh("/v1/deployments", a.deployment_body()),
			("DELETE", DASH + "/{id}"): lambda: a.fresh(DASH, a.dashboard_body()),
			("POST", "/v1/invoices/{id}/issue"): lambda: a.fresh("/v1/invoices", {"period": "2020-02"}),
			("POST", "/v1/invoices/{id}/void"): lambda: a.fresh("/v1/invoices", {}),
		}
		nouns = {"tenants": a.tenant["id"], "projects": a.project["id"], "gpu-pools": "cpu", "artifacts": a.data["id"],
			"pipelines": a.pipeline["id"], "runs": a.run["id"], "training-jobs": a.run["id"], "models": a.model,
			"deployments": a.deployment["id"], "price-plans": "standard", "invoices": a.invoice["id"],
			"dashboards": a.dashboard["id"]}
		if key in fresh:
			path = path.replace("{id}", fresh[key]())
		words = path.split("/")
		path = path.replace("{id}", nouns.get(words[words.index("{id}") - 1], "x") if "{id}" in words else "")
		path = path.replace("{version}", "1").replace("{tenant_id}", a.tenant["id"]).replace("{pool_id}", "cpu")
		path = path.replace("{alias}", "best").replace("{file...}", "start.js").replace("{key...}", "tenants/x")
		if key == ("DELETE", "/v1/models/{id}/aliases/{alias}"):
			a.admin.put("/v1/models/%s/aliases/best" % a.model, {"version": 1})
		if key == ("DELETE", "/v1/quotas/{tenant_id}/{pool_id}"):
			a.root.put("/v1/quotas/acme/cpu", {"max_shares": 2})
		return path, self.body(method, key[1])

	def key_body(self):
		return {"principal_id": self.robot["id"], "name": "k", "role": "viewer"}

	def body(self, method, path):
		bodies = {
			("POST", "/v1/tenants"): {"name": self.name()}, ("PATCH", "/v1/tenants/{id}"): {"state": "ACTIVE"},
			("POST", "/v1/projects"): {"name": self.name()}, ("POST", "/v1/principals"): {"name": self.name()},
			("POST", "/v1/role-bindings"): {"principal_id": self.bound["id"], "role": "viewer"},
			("POST", "/v1/api-keys"): self.key_body(), ("PUT", "/v1/quotas/{tenant_id}/{pool_id}"): {"max_shares": 2},
			("POST", "/v1/gpu-pools"): self.pool_body(), ("PATCH", "/v1/gpu-pools/{id}"): {"price_class": "cpu"},
			("POST", "/v1/pipelines"): self.pipeline_body(), ("POST", "/v1/pipelines/{id}/versions"): self.spec_body(),
			("POST", "/v1/runs"): {"project_id": self.project["id"], "pipeline_id": self.pipeline["id"]},
			("POST", "/v1/training-jobs"): self.job_body(),
			("PUT", "/v1/models/{id}/aliases/{alias}"): {"version": 1},
			("POST", "/v1/deployments"): self.deployment_body(), ("PATCH", "/v1/deployments/{id}"): {"concurrency": 2},
			("POST", "/v1/deployments/{id}/predict"): {"instances": [[1]]},
			("POST", "/v1/deployments/{id}/explain"): {"instances": [[1]]},
			("POST", "/v1/price-plans"): {"name": self.name(), "currency": "EUR", "rules": []},
			("POST", "/v1/invoices"): {"tenant_id": self.tenant["id"]}, ("POST", DASH): self.dashboard_body(),
			("PUT", DASH + "/{id}"): self.dashboard_body(),
			("POST", "/v1/workload/progress"): {"progress": 0.5}, ("POST", "/v1/workload/metrics"): {"metrics": []},
			("POST", "/v1/workload/outputs"): {"path": "x", "size": 1, "sha256": "0" * 64},
		}
		more = {}
		if (method, path) in bodies:
			more["body"] = bodies[method, path]
		if (method, path) == ("POST", "/v1/artifacts"):
			more.update(data=b"x", params=self.upload())
		if path.startswith("/v1/blobs"):
			body = {"size": "1", "sha256": "0" * 64} if method == "PUT" else {}
			more.update(data=b"x" if body else None, params={"expires": "1", "method": method, "sig": "x", **body})
		if path == "/v1/workload/logs":
			more.update(data=b"x", params={"chunk": 0})
		if path.endswith("/logs") and "runs" in path:
			more.update(params={"step": "train"})
		if path == "/v1/projects/{id}" and method == "DELETE":
			more.pop("body", None)
		return more


def clients(server):
	return {"nobody": server.nobody(), "viewer": server.client("v", "acme", "viewer"),
		"user": server.client("u", "acme", "user"), "tenant_admin": server.client("t", "acme", "admin"),
		"other_tenant": server.client("o", "beta", "admin"), "platform_admin": server.client()}


def adapt(caller, method, path, more):
	"""The platform admin says which tenant it acts in where the route takes it."""
	creates = {"/v1/projects", "/v1/principals", "/v1/role-bindings", "/v1/api-keys", "/v1/artifacts", "/v1/pipelines",
		"/v1/runs", "/v1/training-jobs", "/v1/deployments"}
	if caller == "platform_admin" and method == "POST" and path in creates:
		more["params"] = dict(more.get("params") or {}, tenant_id="acme")
	return more


def measure(server):
	world, rows = World(server), {}
	for route in routes():
		statuses = []
		for caller, client in clients(server).items():
			path, more = world.request(route["method"], route["path"])
			adapt(caller, route["method"], route["path"], more)
			reply = client.request(route["method"], path, status=tuple(range(200, 600)), **more)
			statuses.append(str(reply.status_code))
		rows[route["method"], route["path"]] = [route["permission"] if route["auth"] == "actor" else route["auth"]] + statuses
	return rows


def agrees(table, expected):
	"""Problems of a route table (as --routes prints it) against the reviewed file: permission, and who may pass."""
	problems = []
	for route in table:
		row = expected.get((route["method"], route["path"]))
		if row is None:
			problems.append("%s %s is not in the file" % (route["method"], route["path"]))
			continue
		said = route["permission"] if route["auth"] == "actor" else route["auth"]
		if said != row[0]:
			problems.append("%s %s: %s, not %s" % (route["method"], route["path"], said, row[0]))
		for caller, status in zip(CALLERS, row[1:]):
			if route["auth"] != "actor" or caller in ("nobody", "other_tenant"):
				continue
			if (caller in route["roles"]) != (status != "403"):
				problems.append("%s %s: %s gets %s" % (route["method"], route["path"], caller, status))
	return problems


def test_every_route_is_reviewed():
	table = routes()
	assert agrees(table, golden()) == []
	assert set(golden()) == {(r["method"], r["path"]) for r in table}, "the file names a route that is gone"


def test_a_flipped_permission_is_seen():
	"""Each route with each other permission in its place, in a copy of the table; and each route left out of the file."""
	table, expected = routes(), golden()
	holders = {r["permission"]: r["roles"] for r in table if r["auth"] == "actor"}
	flips = 0
	for index, route in enumerate(table):
		for permission, roles in holders.items():
			if route["auth"] != "actor" or permission == route["permission"]:
				continue
			flipped = table[:index] + [dict(route, permission=permission, roles=roles)] + table[index + 1:]
			assert agrees(flipped, expected), (route["path"], permission)
			if sorted(roles) != sorted(route["roles"]): # seen by the statuses alone, too
				blind = {key: [permission if key == (route["method"], route["path"]) else row[0]] + row[1:]
					for key, row in expected.items()}
				assert agrees(flipped, blind), (route["path"], permission)
			flips += 1
		opened = table[:index] + [dict(route, auth="public")] + table[index + 1:]
		assert route["auth"] == "public" or agrees(opened, expected)
		less = {key: row for key, row in expected.items() if key != (route["method"], route["path"])}
		assert agrees(table, less)
	assert flips > 1000


def test_the_server_does_what_the_file_says():
	with api.running() as server:
		measured, expected = measure(server), golden()
		wrong = {key: (row, expected.get(key)) for key, row in measured.items() if row != expected.get(key)}
		assert not wrong, json.dumps({" ".join(k): v for k, v in wrong.items()}, indent="\t")


ID = re.compile(r"\b[a-z]{2,4}_[0-9A-HJKMNP-TV-Z]{26}\b")


def owned_ids(server, tenant):
	"""Every id that stands in a row of TENANT, whatever the table and column."""
	if server.database_url.startswith("sqlite:"):
		find = "SELECT m.name FROM sqlite_master m JOIN pragma_table_info(m.name) c WHERE m.type = 'table' AND c.name = 'tenant_id'"
	else:
		find = "SELECT table_name FROM information_schema.columns WHERE column_name = 'tenant_id' AND table_schema = 'public'"
	found, tables = set(), [name for (name,) in server.sql(find)]
	for table in tables:
		for row in server.sql("SELECT * FROM %s WHERE tenant_id = ?" % table, tenant):
			found.update(ID.findall(" ".join(str(value) for value in row)))
	assert len(tables) > 20 and len(found) > 20
	return {one for one in found if not one.startswith(("pool_", "pp_"))} # shared by all


def fill_books(server, world):
	"""What only the controller, the agent and the gateway write, so that no list of the tenant is empty."""
	tenant, project = world.tenant["id"], world.project["id"]
	pool = world.root.get("/v1/gpu-pools/cpu").json()["id"]
	server.row("pool_allocations", id=api.new_id("alc"), tenant_id=tenant, project_id=project, pool_id=pool, shares=1, owner_kind="step",
		owner_id=api.new_id("att"), resource_id=world.run["id"], state="RESERVED", created_at=1, reserved_at=1)
	window = api.new_id("use")
	server.row("usage_windows", id=window, tenant_id=tenant, project_id=project, source_kind="gateway", source_id="gw_1",
		resource_id=world.deployment["id"], price_class="*", metric="predict_rows", quantity=1, start_at=1, end_at=2, reason="billable",
		created_at=2, posted=1)
	server.row("ledger_entries", tenant_id=tenant, seq=1, window_id=window, project_id=project, resource_id=world.deployment["id"],
		metric="predict_rows", price_class="*", quantity=1, start_at=1, end_at=2, reason="billable", billable=1, prev_hash="0" * 64,
		hash="1" * 64, created_at=2)
	server.row("revisions", id=api.new_id("rev"), tenant_id=tenant, deployment_id=world.deployment["id"], number=1,
		model_version_id=api.new_id("mv"), spec="{}", replicas=1, concurrency=1, shares=1, state="STARTING", weight=0, created_at=1)


def shown(reply):
	"""A reply as a caller may compare it: without what differs between any two."""
	headers = {k.lower(): v for k, v in reply.headers.items() if k.lower() not in ("date", "x-request-id", "connection")}
	return reply.status_code, headers, re.sub(r'"request_id":"[^"]*"', "", ID.sub("ID", reply.text))


def with_ids(text, change):
	return json.loads(ID.sub(lambda m: change(m.group()), json.dumps(text)))


def test_nothing_of_another_tenant_is_shown():
	"""No reply to another tenant holds an id of acme's that was not asked for; its ids answer like ids that never were."""
	with api.running() as server:
		world, compared = World(server), 0
		fill_books(server, world)
		foreign = server.client("o", "beta", "admin")
		foreign.post("/v1/projects", {"name": "own"})
		everything = tuple(range(200, 600))
		for route in (r for r in routes() if r["auth"] == "actor"):
			path, more = world.request(route["method"], route["path"])
			mine = owned_ids(server, world.tenant["id"])
			assert mine & set(ID.findall(world.admin.get("/v1/runs").text))
			body = more.pop("data", None)
			asked = json.dumps([path, more])
			reply = foreign.request(route["method"], path, status=everything, data=body, **more)
			leaked = (set(ID.findall(reply.text)) & mine) - set(ID.findall(asked))
			assert not leaked, (route["method"], route["path"], leaked)
			if reply.status_code != 404:
				continue
			gone = lambda one: one.split("_")[0] + "_" + "0" * 26 if one in mine else one
			path, more = with_ids([path, more], gone)
			absent = foreign.request(route["method"], path, status=everything, data=body, **more)
			assert shown(absent) == shown(reply), (route["method"], route["path"])
			compared += 1
		assert compared > 40


def test_a_scoped_key_opens_its_routes_only():
	"""The permission that is enforced is the one in the table: one key per permission, every route."""
	with api.running() as server:
		world = World(server)
		table = [r for r in routes() if r["auth"] == "actor" and "tenant_admin" in r["roles"] and r["permission"] != "any"]
		for permission in sorted({r["permission"] for r in table}):
			body = {"principal_id": world.robot["id"], "name": "k", "role": "tenant_admin", "scopes": [permission]}
			client = server.key_client(world.make("/v1/api-keys", body)["key"])
			for route in table:
				path, more = world.request(route["method"], route["path"])
				reply = client.request(route["method"], path, status=tuple(range(200, 600)), **more)
				assert (reply.status_code != 403) == (route["permission"] == permission), (permission, route["path"], reply.text)


def test_every_write_is_done_once_per_key():
	"""Idempotency-Key on each write of the table: sent twice, the first answer comes again."""
	with api.running() as server:
		world, wrong, done = World(server), [], 0
		for number, route in enumerate(routes()):
			reads = route["method"] == "GET" or route["path"].endswith(("/predict", "/explain"))
			if route["auth"] != "actor" or reads:
				continue
			path, more = world.request(route["method"], route["path"])
			more["headers"] = dict(more.get("headers") or {}, **{"Idempotency-Key": "w-%d" % number})
			client = world.admin if "tenant_admin" in route["roles"] else world.root
			done += 1
			replies = [client.request(route["method"], path, status=tuple(range(200, 600)), **more) for _ in range(2)]
			if replies[0].status_code >= 300 or replies[1].content != replies[0].content or \
					replies[1].status_code != replies[0].status_code or "Idempotency-Replayed" not in replies[1].headers:
				wrong.append((route["method"], route["path"], [(r.status_code, r.text[:200]) for r in replies]))
		assert not wrong and done >= 30, json.dumps([done, wrong], indent="\t")


if __name__ == "__main__":
	os.environ.setdefault("MODELOPS_TEST_DB", "sqlite")
	with api.running() as one:
		print("# Reviewed: what each kind of caller gets on a request that its rightful caller can make. See test_f10_authz.py.")
		print("# other_tenant is the admin of another tenant, asking for acme's things.")
		print("#" + "\t".join(("method", "path", "permission") + CALLERS))
		for (verb, where), row in measure(one).items():
			print("\t".join((verb, where, *row)))
