"""A modelops-api on a scratch folder, and a client that holds every reply to the API's own OpenAPI document.

	with api.running() as server:
		admin = server.client()                          # the platform admin of demo mode
		tenant = admin.post("/v1/tenants", {"name": "acme"}).json()
		user = server.client("ann", "acme", "user")
		user.get("/v1/projects").json()["items"]
		user.post("/v1/projects", {"nome": "x"}, status=422)

A reply with another status than the one asked for, or one that its schema does not allow, fails the test.
"""
import contextlib
import json
import os
import re
import secrets
import shutil
import sqlite3
import tempfile
import time

import jsonschema
import referencing
import referencing.jsonschema
import requests

from lib import pg, proc

TIMEOUT = 30


SIGNATURE = json.dumps({"format": 1, "task": "regression", "label": "y", "features": [{"name": "a", "type": "float"}], "classes": None})


def new_id(prefix):
	"""An id of the form the platform makes."""
	return prefix + "_01" + "".join(secrets.choice("0123456789ABCDEFGHJKMNPQRSTVWXYZ") for _ in range(24))


def execute(url, statement, *values):
	"""Rows of one statement (placeholders: ?) on the database at URL, committed."""
	if url.startswith("sqlite:"):
		with contextlib.closing(sqlite3.connect(url[len("sqlite:"):], timeout=20)) as db:
			with db:
				return db.execute(statement, values).fetchall()
	import psycopg
	with psycopg.connect(url, autocommit=True) as db:
		cursor = db.execute(statement.replace("?", "%s"), values)
		return cursor.fetchall() if cursor.description else []


class Wrong(AssertionError):
	"""A reply is not what the test or the API's own document says."""


class Document:
	"""The OpenAPI document as a judge of replies."""

	def __init__(self, document):
		self.document = document
		resource = referencing.Resource(contents=document, specification=referencing.jsonschema.DRAFT202012)
		self.registry = referencing.Registry().with_resource("doc", resource)
		self.operations = []
		self.validators = {}
		for path, item in document["paths"].items():
			pattern = re.sub(r"\\\{[a-z_]+\\\}", "([^/]+)", re.escape(path))
			if path.endswith("{key}") or path.endswith("{file}"):
				pattern = pattern[:-len("([^/]+)")] + "(.+)"
			self.operations.append((re.compile(pattern + "$"), path, item))
		self.operations.sort(key=lambda entry: entry[1].count("{"))

	def operation(self, method, path):
		for pattern, _, item in self.operations:
			if pattern.match(path) and method.lower() in item:
				return item[method.lower()]
		return None

	def validator(self, schema):
		key = json.dumps(schema, sort_keys=True)
		if key not in self.validators:
			wrapped = {"$schema": "https://json-schema.org/draft/2020-12/schema", **_absolute(schema)}
			self.validators[key] = jsonschema.Draft202012Validator(wrapped, registry=self.registry)
		return self.validators[key]

	def check(self, method, path, reply):
		operation = self.operation(method, path)
		kind = reply.headers.get("Content-Type", "").split(";")[0]
		if operation is None:
			schema = {"$ref": "#/components/schemas/Problem"} # no route: still a problem document
			if reply.status_code < 400:
				raise Wrong("%s %s answers %d but is not in the document" % (method, path, reply.status_code))
		else:
			answers = operation["responses"]
			answer = answers.get(str(reply.status_code))
			if answer is None and reply.status_code < 400:
				raise Wrong("%s %s: status %d is not in the document" % (method, path, reply.status_code))
			content = (answer or answers["default"]).get("content", {})
			if not content:
				if reply.content:
					raise Wrong("%s %s: a body where the document has none" % (method, path))
				return
			if kind not in content and "*/*" not in content:
				raise Wrong("%s %s answers %s, the document says %s" % (method, path, kind, list(content)))
			schema = content.get(kind, content.get("*/*"))["schema"]
		if kind.endswith("json") and method != "HEAD":
			errors = sorted(self.validator(schema).iter_errors(reply.json()), key=str)
			if errors:
				raise Wrong("%s %s (%d): %s\n%s" % (method, path, reply.status_code, errors[0].message, reply.text[:2000]))


def _absolute(schema):
	"""#/... of the document, seen from a schema that stands alone."""
	return json.loads(json.dumps(schema).replace('"#/', '"doc#/'))


class Client:
	"""One actor. Without an actor and a key: nobody."""

	def __init__(self, server, headers):
		self.server, self.headers = server, headers
		self.session = requests.Session()
		self.session.trust_env = False

	def request(self, method, path, body=None, status=None, headers=None, data=None, params=None, **more):
		"""STATUS: the one expected, a tuple of them, or None for any success."""
		sent = dict(self.headers, **(headers or {}))
		reply = self.session.request(method, self.server.url + path, json=body, data=data, params=params, headers=sent,
			timeout=TIMEOUT, **more)
		if not more.get("stream"):
			self.server.document().check(method, path.split("?")[0], reply)
		expected = (status,) if isinstance(status, int) else status
		if reply.status_code not in expected if expected else reply.status_code >= 400:
			raise Wrong("%s %s answered %d, not %s\n%s" % (method, path, reply.status_code, status or "a success",
				"" if more.get("stream") else reply.text[:2000]))
		if "X-Request-Id" not in reply.headers:
			raise Wrong("%s %s: no X-Request-Id" % (method, path))
		return reply

	def get(self, path, **more):
		return self.request("GET", path, **more)

	def post(self, path, body=None, **more):
		return self.request("POST", path, body, **more)

	def put(self, path, body=None, **more):
		return self.request("PUT", path, body, **more)

	def patch(self, path, body=None, **more):
		return self.request("PATCH", path, body, **more)

	def delete(self, path, **more):
		return self.request("DELETE", path, **more)

	def items(self, path, **params):
		"""All items of a list, page by page."""
		found, cursor = [], None
		while True:
			page = self.get(path, params=dict(params, **({"cursor": cursor} if cursor else {}))).json()
			found += page["items"]
			cursor = page["next"]
			if not cursor:
				return found

	def problem(self, method, path, body=None, status=422, field=None, code=None, **more):
		"""The problem document of a request that must fail with STATUS."""
		answer = self.request(method, path, body, status=status, **more).json()
		if field is not None and answer.get("field") != field:
			raise Wrong("%s %s: the problem names field %r, not %r: %s" % (method, path, answer.get("field"), field,
				answer["detail"]))
		if code is not None and answer["code"] != code:
			raise Wrong("%s %s: code %r, not %r: %s" % (method, path, answer["code"], code, answer["detail"]))
		return answer


class Server:
	"""One started API."""

	def __init__(self, data, program, database_url, address="api.address"):
		self.data, self.program, self.database_url = data, program, database_url
		self.url = program.wait_for_file(data + "/run/" + address)
		self._document = None

	def document(self):
		if self._document is None:
			reply = requests.get(self.url + "/openapi.json", timeout=TIMEOUT)
			self._document = Document(reply.json())
		return self._document

	def client(self, name="admin", tenant="platform", role="admin", **headers):
		return Client(self, {"X-Actor": "%s|tenant=%s|role=%s" % (name, tenant, role), **headers})

	def key_client(self, key):
		return Client(self, {"Authorization": "Bearer " + key})

	def nobody(self):
		return Client(self, {})

	def sql(self, statement, *values):
		"""Rows of one statement on the API's own database (placeholders: ?): for states only a controller makes."""
		return execute(self.database_url, statement, *values)

	@contextlib.contextmanager
	def held(self, lock="none"):
		"""While the block runs writes wait: on SQLite all (then they ride in one commit), on Postgres those that take LOCK."""
		if self.database_url.startswith("sqlite:"):
			with contextlib.closing(sqlite3.connect(self.database_url[len("sqlite:"):], isolation_level=None)) as db:
				db.execute("BEGIN IMMEDIATE")
				yield
				db.execute("ROLLBACK")
			return
		import psycopg
		with psycopg.connect(self.database_url) as db:
			db.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", (lock,))
			yield

	def row(self, table, **columns):
		self.sql("INSERT INTO %s (%s) VALUES (%s)" % (table, ", ".join(columns), ", ".join("?" * len(columns))),
			*columns.values())

	def model(self, project, name="iris", version=1, state="READY"):
		"""A model with one version, as a register step would leave it; (model id, version id)."""
		now, made = time.time_ns() // 1000, {k: project[k] for k in ("tenant_id",)}
		model, one = new_id("mdl"), new_id("mv")
		self.row("models", id=model, project_id=project["id"], name=name, created_at=now, **made)
		self.row("model_versions", id=one, project_id=project["id"], model_id=model, version=version, state=state,
			object_prefix="tenants/x/attempts/att", size=1, framework="xgboost", created_at=now, metrics='{"valid-rmse": 0.5}',
			signature=SIGNATURE, **made)
		return model, one

	def tenant(self, name=None, project="main"):
		"""A new tenant with a project: (tenant, project, client of its admin)."""
		name = name or "t-" + secrets.token_hex(4)
		tenant = self.client().post("/v1/tenants", {"name": name}).json()
		admin = self.client("adm", name, "admin")
		return tenant, admin.post("/v1/projects", {"name": project}).json(), admin


def make_data(folder):
	"""What `modelops up` makes before it starts services: folders and secrets."""
	os.makedirs(folder + "/secrets", mode=0o700, exist_ok=True)
	for name in ("workload.key", "presign.key"):
		path = "%s/secrets/%s" % (folder, name)
		if not os.path.exists(path):
			with open(path, "w", encoding="ascii") as f:
				f.write(secrets.token_hex(32) + "\n")
			os.chmod(path, 0o600)
	os.makedirs(folder + "/artifacts", exist_ok=True)
	os.makedirs(folder + "/run", exist_ok=True)


@contextlib.contextmanager
def database(folder):
	"""URL of an empty database of the kind that MODELOPS_TEST_DB names."""
	if os.environ.get("MODELOPS_TEST_DB", "sqlite") == "postgres":
		with pg.server() as server:
			yield server.new_database()
	else:
		yield "sqlite:%s/modelops.db" % folder


def settings(data, url, **more):
	return {"MODELOPS_DATA": data, "DATABASE_URL": url, "PORT": "0", "OPS_PORT": "0", "AUTH_MODE": "demo",
		"MODELOPS_REPO_ROOT": proc.ROOT, **more}


def migrate(data, url):
	done = proc.run("modelops-admin", "db", "migrate", env={"MODELOPS_DATA": data, "DATABASE_URL": url})
	assert done.returncode == 0, done.stdout + done.stderr


@contextlib.contextmanager
def running(folder=None, url=None, **env):
	"""A migrated database and an API in demo mode on a free port; both gone afterwards."""
	own = folder is None
	folder = folder or tempfile.mkdtemp(prefix="modelops-api-", dir=os.environ.get("MODELOPS_TEST_TMP"))
	try:
		make_data(folder)
		with contextlib.ExitStack() as stack:
			url = url or stack.enter_context(database(folder))
			migrate(folder, url)
			program = stack.enter_context(proc.Program("modelops-api", env=settings(folder, url, **env)))
			yield Server(folder, program, url, "gateway.address" if env.get("API_ROLES") == "gateway" else "api.address")
	finally:
		if own:
			shutil.rmtree(folder, ignore_errors=True)
