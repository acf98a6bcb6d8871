"""Lists: pages that miss nothing and repeat nothing, newest first."""
# databases: sqlite postgres
import http.client
import itertools

from lib import api

ACTOR = {"X-Actor": "v|tenant=acme|role=viewer"}
LISTS = {
	"/v1/runs": ["state=RUNNING", "project_id=main"],
	"/v1/models": ["project_id=main"],
	"/v1/deployments": ["project_id=main"],
}


def queries():
	"""Each list with each page size, and with all its filters by turns."""
	for path, filters in LISTS.items():
		choices = [f for n in range(len(filters) + 1) for f in itertools.combinations(filters, n)]
		for limit in range(1, 501):
			yield "%s?%s" % (path, "&".join(("limit=%d" % limit, *choices[limit % len(choices)])))


def test_every_page_size_of_every_list():
	with api.running() as server:
		server.tenant("acme")
		conn = http.client.HTTPConnection(server.url.split("/")[-1], timeout=30)
		for query in queries():
			conn.request("GET", query, headers=ACTOR)
			reply = conn.getresponse()
			assert (reply.status, reply.read()) == (200, b'{"items":[],"next":null}'), query


def test_cursors():
	with api.running() as server:
		_, _, admin = server.tenant("acme")
		names = ["main"] + ["p%02d" % n for n in range(24)]
		for name in names[1:]:
			admin.post("/v1/projects", {"name": name})
		for limit in (1, 7, 24, 25, 26, 500):
			assert [p["name"] for p in admin.items("/v1/projects", limit=limit)] == names[::-1]
		assert admin.get("/v1/projects", params={"limit": 25}).json()["next"] is None
		page = admin.get("/v1/projects", params={"limit": 5}).json()
		admin.post("/v1/projects", {"name": "new"}) # newer than the cursor: not in the pages after it
		rest = admin.get("/v1/projects", params={"limit": 500, "cursor": page["next"]}).json()["items"]
		assert [p["name"] for p in page["items"] + rest] == names[::-1]
		admin.get("/v1/projects", params={"cursor": "x" * 500}, status=422)


def test_quotas_page_too():
	with api.running() as server:
		root = server.client()
		for n in range(5):
			root.post("/v1/gpu-pools", {"name": "p%d" % n, "card_model": "cpu", "mode": "CPU", "capacity_shares": 2,
				"price_class": "cpu"})
			root.put("/v1/quotas/platform/p%d" % n, {"max_shares": n})
		assert sorted(q["max_shares"] for q in root.items("/v1/quotas", limit=2)) == [0, 1, 2, 3, 4]


def test_audit_and_events():
	with api.running() as server:
		_, project, admin = server.tenant("acme")
		entries = admin.items("/v1/audit-log", limit=1)
		assert ("create", "project", project["id"], "adm") in [(e["action"], e["noun"], e["noun_id"], e["actor"])
			for e in entries]
		assert all(e["request_id"] for e in entries)
		server.client("u", "acme", "user").get("/v1/audit-log", status=403)
		assert admin.items("/v1/events") == []
		_, _, other = server.tenant("beta")
		assert project["id"] not in [e["noun_id"] for e in other.items("/v1/audit-log")]
