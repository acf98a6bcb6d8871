"""Dashboards: built-in ones, own ones, and the ConfigMap that Grafana's sidecar takes."""
# databases: sqlite postgres
import glob
import json
import re

import yaml
from lib import api, proc

PATH = "/v1/observability/dashboards"
BODY = {"scope": "user", "name": "mine", "title": "Mine", "definition": {"title": "Mine", "panels": [{"id": 1, "x": 1.5}],
	"text": "quote \" colon: # ünï ${x} \\ \n tab\t"}}


def test_built_in():
	with api.running() as server:
		root = server.client()
		found = {(d["scope"], d["name"]): d for d in root.items(PATH)}
		assert set(found) == {("admin", "platform-overview"), ("admin", "gpu-pool-capacity"), ("user", "runtime-resources")}
		assert all(d["builtin"] and d["tenant_id"] is None for d in found.values())
		_, _, admin = server.tenant("acme")
		assert [d["name"] for d in admin.items(PATH)] == ["runtime-resources"]
		admin.get(PATH, params={"scope": "admin"}, status=403)
		hidden = found[("admin", "platform-overview")]["id"]
		admin.get(PATH + "/" + hidden, status=404)
		root.delete(PATH + "/" + hidden, status=(403, 409))
		root.put(PATH + "/" + hidden, dict(BODY, scope="admin"), status=(403, 409))


def test_seeding_again_changes_nothing():
	import tempfile
	with tempfile.TemporaryDirectory() as folder:
		with api.database(folder) as url:
			with api.running(folder, url) as server:
				first = server.client().items(PATH)
			with api.running(folder, url) as server:
				assert server.client().items(PATH) == first


def test_life():
	with api.running() as server:
		tenant, _, admin = server.tenant("acme")
		reply = admin.post(PATH, BODY)
		made = reply.json()
		assert made["version"] == 1 and made["definition"] == BODY["definition"] and made["tenant_id"] == tenant["id"]
		path = PATH + "/" + made["id"]
		admin.problem("POST", PATH, BODY, status=409)
		changed = admin.put(path, dict(BODY, title="New"), headers={"If-Match": reply.headers["ETag"]}).json()
		assert changed["title"] == "New" and changed["version"] == 2 and admin.get(path).json() == changed
		admin.put(path, BODY, headers={"If-Match": reply.headers["ETag"]}, status=412)
		admin.problem("PUT", path, dict(BODY, scope="admin"), field="scope")
		_, _, other = server.tenant("beta")
		other.get(path, status=404)
		other.put(path, BODY, status=404)
		assert [d["name"] for d in other.items(PATH)] == ["runtime-resources"]
		root = server.client()
		assert made["id"] in [d["id"] for d in root.items(PATH, scope="user", tenant_id="acme")]
		admin.delete(path)
		admin.get(path, status=404)


def test_scopes():
	with api.running() as server:
		_, _, admin = server.tenant("acme")
		root = server.client()
		admin.post(PATH, dict(BODY, scope="admin"), status=403)
		made = root.post(PATH, dict(BODY, scope="admin"), params={"scope": "admin"}).json()
		assert made["tenant_id"] is None
		root.problem("POST", PATH, BODY, params={"scope": "admin"}, field="scope")
		assert root.post(PATH, dict(BODY, tenant_id="acme")).json()["tenant_id"] == admin.get("/v1/whoami").json()["tenant_id"]
		admin.post(PATH, dict(BODY, name="x", tenant_id="platform"), status=404)
		admin.problem("POST", PATH, dict(BODY, definition=[1]), field="definition")


def test_configmap():
	with api.running() as server:
		_, _, admin = server.tenant("acme")
		made = admin.post(PATH, BODY).json()
		reply = admin.get(PATH + "/%s/export_configmap" % made["id"], params={"namespace": "grafana"})
		assert reply.headers["Content-Type"] == "application/yaml"
		document = yaml.safe_load(reply.text)
		assert (document["apiVersion"], document["kind"]) == ("v1", "ConfigMap")
		assert document["metadata"]["labels"]["grafana_dashboard"] == "1"
		assert document["metadata"]["namespace"] == "grafana" and document["metadata"]["annotations"]["grafana_folder"]
		((key, text),) = document["data"].items()
		assert key == "acme.mine.json" and json.loads(text) == BODY["definition"]
		admin.problem("GET", PATH + "/%s/export_configmap" % made["id"], params={"namespace": "Bad_"}, field="namespace")
		for built_in in server.client().items(PATH):
			text = server.client().get(PATH + "/%s/export_configmap" % built_in["id"]).text
			((key, value),) = yaml.safe_load(text)["data"].items()
			assert json.loads(value) == built_in["definition"] and key.endswith(".json")


def test_exports_of_two_tenants_stay_apart():
	with api.running() as server:
		exports = []
		for tenant in ("acme", "beta"):
			_, _, admin = server.tenant(tenant)
			for name in ("mine", "runtime-resources"): # the second is also the name of a built-in one
				made = admin.post(PATH, dict(BODY, name=name)).json()
				exports.append(yaml.safe_load(admin.get(PATH + "/%s/export_configmap" % made["id"]).text))
		exports += [yaml.safe_load(server.client().get(PATH + "/%s/export_configmap" % d["id"]).text)
			for d in server.client().items(PATH) if d["builtin"]]
		names = [e["metadata"]["name"] for e in exports]
		files = [(e["metadata"]["annotations"]["grafana_folder"], key) for e in exports for key in e["data"]]
		assert len(set(names)) == len(names) == 7 and len(set(files)) == 7


def test_an_export_fits_into_a_configmap():
	"""Numbers keep their spelling; what is too large with indentation goes out compact."""
	with api.running() as server:
		_, _, admin = server.tenant("acme")
		deep = leaf = {}
		for _ in range(12):
			leaf["x"] = [{}]
			leaf = leaf["x"][0]
		leaf["list"] = [0.1] * 40000
		made = admin.post(PATH, dict(BODY, definition=deep)).json()
		reply = admin.get(PATH + "/%s/export_configmap" % made["id"])
		((_, text),) = yaml.safe_load(reply.text)["data"].items()
		assert len(reply.content) < 1 << 20 and json.loads(text) == deep and "0.10000" not in text
		worst = ['"' * 16] * 14500 # JSON and then YAML write each quote twice as long
		for _ in range(20):
			worst = {"x": worst}
		made = admin.post(PATH, dict(BODY, name="big", definition=worst)).json()
		reply = admin.get(PATH + "/%s/export_configmap" % made["id"])
		((_, text),) = yaml.safe_load(reply.text)["data"].items()
		assert 900000 < len(reply.content) < 1 << 20 and json.loads(text) == worst


def test_a_platform_admin_changes_what_it_made():
	with api.running() as server:
		server.tenant("acme")
		root = server.client()
		made = root.post(PATH, dict(BODY, tenant_id="acme")).json()
		path = PATH + "/" + made["id"]
		for tenant in ("acme", made["tenant_id"]):
			root.put(path, dict(BODY, tenant_id=tenant))
		root.problem("PUT", path, dict(BODY, tenant_id="platform"), field="tenant_id")
		own = root.post(PATH, dict(BODY, scope="admin")).json()
		root.problem("PUT", PATH + "/" + own["id"], dict(BODY, scope="admin", tenant_id="acme"), field="tenant_id")


def test_built_in_ones_keep_to_the_labels():
	"""Shares of different pools are never added up, and a selector names only labels that the metric has."""
	for path in glob.glob(proc.ROOT + "/deploy/addons/observability/dashboards/*.json"):
		with open(path, encoding="utf-8") as f:
			for expr in re.findall(r'"expr": "(.*)",?$', f.read(), re.M):
				assert not re.search(r"\b(sum|avg|max)\s*\(\s*modelops_pool", expr), (path, expr)
				for metric, labels in re.findall(r"(modelops_serving_\w+|process_\w+)\{([^}]*)\}", expr):
					assert set(re.findall(r"(\w+)=~?", labels)) <= {"tenant", "deployment", "kind", "code", "instance_id"}, expr
				for metric, labels in re.findall(r"(modelops_gateway_\w+)\{([^}]*)\}", expr):
					assert set(re.findall(r"(\w+)=~?", labels)) <= {"tenant", "deployment", "kind", "code"}, expr


def test_the_metrics_they_show_exist():
	with api.running() as server:
		known = server.nobody().get("/metrics").text
	with open(proc.program("modelops-serving"), "rb") as f:
		known += f.read().decode("latin-1")
	for path in glob.glob(proc.ROOT + "/deploy/addons/observability/dashboards/*.json"):
		with open(path, encoding="utf-8") as f:
			text = f.read()
		names = set(re.findall(r"\b(?:modelops|http|process)_[a-z_]+", " ".join(re.findall(r'"expr": "(.*)"', text))))
		for name in names:
			assert re.sub("_(bucket|sum|count)$", "", name) in known, (path, name)
		assert names, path
