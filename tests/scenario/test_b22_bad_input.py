"""Bad input: a clear 4xx that names the offending value, nothing half-written, no crash."""
# databases: sqlite postgres
import json
import socket

from lib import api

JSON = {"Content-Type": "application/json"}


def raw(server, data):
	host, port = server.url[len("http://"):].split(":")
	with socket.create_connection((host, int(port)), 10) as s:
		s.sendall(data)
		s.settimeout(10)
		reply = b""
		while b"\r\n\r\n" not in reply:
			piece = s.recv(65536)
			if not piece:
				break
			reply += piece
		return reply


def test_bodies_that_are_no_json():
	with api.running() as server:
		root = server.client()
		whole = b'{"name": "acme"}'
		for cut in range(len(whole)):
			root.post("/v1/tenants", data=whole[:cut], headers=JSON, status=(400, 422))
		for wrong in (b'{"name": "a", "name": "b"}', b'{"name": NaN}', b'{"name": "a"} x', b"\xff\xfe", b'{"name": "\x00"}',
			b'{"name": "\xc3\x28"}', b"[" * 100000, b'{"a":' * 5000 + b"1" + b"}" * 5000, b'{"name": 1e999}', b"nul", b"'a'"):
			root.post("/v1/tenants", data=wrong, headers=JSON, status=(400, 422))
		root.post("/v1/tenants", data=b'{"name": "' + b"a" * 2000000 + b'"}', headers=JSON, status=413)
		assert [t["name"] for t in root.items("/v1/tenants")] == ["platform"]


def test_wrong_types_name_their_field():
	with api.running() as server:
		root = server.client()
		for value in (None, 1, 1.5, True, [], {}, "", " ", "a" * 64):
			root.problem("POST", "/v1/tenants", {"name": value}, field="name")
		for field, value in (("capacity_shares", 1.5), ("capacity_shares", "2"), ("capacity_shares", 2 ** 62),
			("capacity_shares", True), ("allow_cpu_on_gpu", 1), ("mode", "cpu"), ("node_selector", "x"),
			("default_max_runtime", "10 parsecs"), ("default_max_runtime", 5), ("id", "pool_x"), ("created_at", None)):
			body = {"name": "p", "card_model": "cpu", "mode": "CPU", "capacity_shares": 2, "price_class": "cpu", field: value}
			root.problem("POST", "/v1/gpu-pools", body, field=field)


def test_unknown_query_parameters():
	with api.running() as server:
		root = server.client()
		answer = root.problem("GET", "/v1/tenants", params={"limt": 1}, field="limt")
		assert "limt" in answer["detail"]
		for params, field in ((("limit", "0"), "limit"), (("limit", "501"), "limit"), (("limit", "x"), "limit"),
			(("limit", ""), "limit"), (("limit", "-1"), "limit"), (("cursor", ""), "cursor")):
			root.problem("GET", "/v1/tenants", params=dict([params]), field=field)
		root.problem("GET", "/v1/tenants?limit=1&limit=2", field="limit")
		root.problem("GET", "/v1/tenants?limit=%zz", status=(400, 422))
		root.problem("GET", "/v1/usage", params={"from": "yesterday"}, field="from")
		root.problem("GET", "/v1/usage", params={"group_by": "moon"}, field="group_by")
		root.get("/healthz?x=1", status=422)


def test_paths():
	with api.running() as server:
		root = server.client()
		for path in ("/v1/nothing", "/v1/projects/a/b/c", "/V1/tenants", "/v1//tenants"):
			root.get(path, status=404)
		for path in ("/v1/projects/%00", "/v1/projects/%ff", "/v1/projects/%2e%2e", "/v1/projects/%zz"):
			root.get(path, status=(400, 404))
		root.get("/v1/projects/" + "x" * 5000, status=404)
		root.get("/v1/projects/' OR 1=1 --", status=404)
		assert root.request("DELETE", "/v1/whoami", status=405).headers["Allow"]
		root.request("BREW", "/v1/whoami", status=501)


def test_heads():
	with api.running() as server:
		assert raw(server, b"GET /v1/whoami HTTP/1.1\r\nHost: localhost\r\nX-Big: " + b"a" * 40000 + b"\r\n\r\n").startswith(
			b"HTTP/1.1 431")
		assert raw(server, b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n").startswith(b"HTTP/1.1 414")
		assert raw(server, b"GET / HTTP/1.1\r\n\r\n").startswith(b"HTTP/1.1 400")
		for actor in ("", "|", "a|tenant=platform", "a|tenant=platform|role=admin|x", "a" * 5000, "a|tenant=none|role=admin",
			"a|tenant=platform|role=root", "ä|tenant=platform|role=admin"):
			api.Client(server, {"X-Actor": actor.encode()}).get("/v1/whoami", status=401)
		two = raw(server, b"GET /v1/whoami HTTP/1.1\r\nHost: localhost\r\nX-Actor: a|tenant=platform|role=admin\r\n"
			b"X-Actor: b|tenant=platform|role=viewer\r\n\r\n")
		assert two.startswith(b"HTTP/1.1 401")
		server.client().get("/v1/whoami")


def test_a_body_where_none_belongs():
	with api.running() as server:
		assert b" 413 " in raw(server, b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\nhello")[:20]
		server.client().get("/healthz")


def test_server_owned_fields_are_refused():
	"""Mass assignment: every read-only field of every create body, by the document itself."""
	with api.running() as server:
		root = server.client()
		_, _, admin = server.tenant("acme")
		document = server.document().document
		tried = 0
		for path, item in document["paths"].items():
			if "post" not in item or "{" in path or "workload" in path:
				continue
			body = item["post"].get("requestBody", {}).get("content", {}).get("application/json")
			if not body:
				continue
			create = body["schema"]["$ref"].rsplit("/", 1)[1]
			shown = item["post"]["responses"]["201"]["content"]["application/json"]["schema"]["$ref"].rsplit("/", 1)[1]
			known = document["components"]["schemas"][create]["properties"]
			for field in set(document["components"]["schemas"][shown]["properties"]) - set(known):
				sample = {name: value["examples"][0] for name, value in known.items() if "examples" in value}
				answer = root.problem("POST", path, dict(sample, **{field: "x"}))
				assert answer["field"] == field, (path, field, answer)
				tried += 1
		assert tried > 40, json.dumps(tried)
		assert admin.items("/v1/runs") == []
