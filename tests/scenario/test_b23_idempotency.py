"""Idempotency-Key: one effect, the same bytes again, another body refused, effect and answer in one commit."""
# databases: sqlite postgres
import threading
import time

import pytest

from lib import api


def key(text):
	return {"Idempotency-Key": text}


def same(first, again):
	assert again.content == first.content and again.status_code == first.status_code
	assert again.headers["Idempotency-Replayed"] == "true" and "Idempotency-Replayed" not in first.headers
	assert again.headers.get("ETag") == first.headers.get("ETag")


def test_the_same_bytes_again():
	with api.running() as server:
		root = server.client()
		first = root.post("/v1/tenants", {"name": "acme"}, headers=key("k1"))
		assert first.headers["ETag"]
		same(first, root.post("/v1/tenants", {"name": "acme"}, headers=key("k1")))
		root.problem("POST", "/v1/tenants", {"name": "beta"}, headers=key("k1"), code="idempotency_mismatch")
		root.problem("POST", "/v1/tenants", {"name": "acme"}, headers=key("k2"), status=409)
		root.post("/v1/tenants", {"name": "beta"}, headers=key("k2")) # a failure is not kept
		assert len(root.items("/v1/tenants")) == 3


def test_scope_is_tenant_principal_and_route():
	with api.running() as server:
		_, _, one = server.tenant("acme")
		_, _, two = server.tenant("beta")
		body = {"name": "p"}
		made = {client.post("/v1/projects", body, headers=key("k")).json()["id"] for client in (one, two)}
		assert len(made) == 2
		other = server.client("bob", "acme", "user")
		other.post("/v1/projects", body, headers=key("k"), status=409) # another principal: its own request
		one.post("/v1/principals", {"name": "p"}, headers=key("k"))


def test_every_kind_of_write():
	with api.running() as server:
		_, _, admin = server.tenant("acme")
		root = server.client()
		pool = {"name": "cpu", "card_model": "cpu", "mode": "CPU", "capacity_shares": 2, "price_class": "cpu"}
		same(root.post("/v1/gpu-pools", pool, headers=key("1")), root.post("/v1/gpu-pools", pool, headers=key("1")))
		put = "/v1/quotas/acme/cpu"
		same(root.put(put, {"max_shares": 1}, headers=key("2")), root.put(put, {"max_shares": 1}, headers=key("2")))
		patch = {"capacity_shares": 3}
		same(root.patch("/v1/gpu-pools/cpu", patch, headers=key("3")), root.patch("/v1/gpu-pools/cpu", patch, headers=key("3")))
		same(root.delete(put, headers=key("4")), root.delete(put, headers=key("4")))
		params = {"project_id": "main", "name": "a", "kind": "dataset"}
		first = admin.post("/v1/artifacts", data=b"xyz", params=params, headers=key("5"))
		same(first, admin.post("/v1/artifacts", data=b"xyz", params=params, headers=key("5")))
		admin.problem("POST", "/v1/artifacts", data=b"abc", params=params, headers=key("5"), code="idempotency_mismatch")
		assert len(admin.items("/v1/artifacts")) == 1
		assert admin.get("/v1/artifacts/%s/content" % first.json()["id"]).content == b"xyz"


@pytest.mark.parametrize("name", ["k", "mok_x", "mok_01ARZ3NDEKTSV4RRFFQ69G5FAV_" + "s" * 20, "_" + "*" * 43])
def test_keys_are_shown_again_but_not_stored(name):
	with api.running() as server:
		_, _, admin = server.tenant("acme")
		robot = admin.post("/v1/principals", {"kind": "service_account", "name": "robot"}).json()
		body = {"principal_id": robot["id"], "name": name, "role": "user"}
		first = admin.post("/v1/api-keys", body, headers=key("k"))
		same(first, admin.post("/v1/api-keys", body, headers=key("k")))
		secret = first.json()["key"]
		server.key_client(secret).get("/v1/whoami")
		(stored,) = server.sql("SELECT response FROM idempotency_keys")
		assert secret[-43:] not in stored[0] and secret[:-43] + "*" * 43 in stored[0]
		assert first.json()["name"] == name


def test_a_replay_makes_secrets_for_nobody_else():
	"""A client's own text that looks like a hidden key comes back as it was sent."""
	with api.running() as server:
		_, _, admin = server.tenant("acme")
		robot = admin.post("/v1/principals", {"kind": "service_account", "name": "robot"}).json()
		made = admin.post("/v1/api-keys", {"principal_id": robot["id"], "name": "k", "role": "user"}, headers=key("k")).json()
		user = server.client("eve", "acme", "user")
		body = {"scope": "user", "name": "d", "title": "mok_%s_%s" % (made["id"][4:], "*" * 43), "definition": {}}
		first = user.post("/v1/observability/dashboards", body, headers=key("d"))
		again = user.post("/v1/observability/dashboards", body, headers=key("d"))
		assert made["key"] not in again.text
		same(first, again)


def test_a_key_is_free_again_after_a_day():
	with api.running() as server:
		root = server.client()
		root.post("/v1/tenants", {"name": "acme"}, headers=key("k"))
		day = 24 * 3600 * 1000000
		server.sql("UPDATE idempotency_keys SET created_at = created_at - ?", day - 3600 * 1000000)
		root.problem("POST", "/v1/tenants", {"name": "beta"}, headers=key("k"), code="idempotency_mismatch")
		server.sql("UPDATE idempotency_keys SET created_at = created_at - ?", day)
		first = root.post("/v1/tenants", {"name": "beta"}, headers=key("k"))
		assert "Idempotency-Replayed" not in first.headers
		same(first, root.post("/v1/tenants", {"name": "beta"}, headers=key("k")))
		assert server.sql("SELECT count(*) FROM idempotency_keys") == [(1,)]


def test_the_etag_is_of_the_write_that_counts():
	"""A request that fails after it wrote makes a SQLite batch run again: versions made in the first run are gone."""
	with api.running() as server:
		root, replies = server.client(), []
		plan = {"name": "standard", "currency": "EUR", "is_default": True, "rules": []}
		root.post("/v1/price-plans", plan)
		tenant = server.tenant()[0]
		requests = [threading.Thread(target=lambda: replies.append(
			server.client().patch("/v1/tenants/" + tenant["id"], {"state": "ACTIVE"})), daemon=True),
			threading.Thread(target=lambda: server.client().post("/v1/price-plans", plan, status=409), daemon=True)]
		with server.held():
			for one in requests:
				one.start()
				time.sleep(0.3)
		for one in requests:
			one.join()
		assert replies[0].headers["ETag"] == root.get("/v1/tenants/" + tenant["id"]).headers["ETag"]


def test_bad_keys():
	with api.running() as server:
		root = server.client()
		root.problem("POST", "/v1/tenants", {"name": "a"}, headers=key("x" * 201), field="Idempotency-Key")
		root.problem("POST", "/v1/tenants", {"name": "a"}, headers=key(""), field="Idempotency-Key")


def test_all_at_once():
	with api.running() as server:
		root, answers = server.client(), []

		def fire(n):
			client = server.client()
			reply = client.post("/v1/tenants", {"name": "t%d" % n}, headers=key("k%d" % n))
			answers.append((n, reply.content))
		threads = [threading.Thread(target=fire, args=(n % 10,)) for n in range(100)]
		for t in threads:
			t.start()
		for t in threads:
			t.join()
		assert len(answers) == 100 and len(set(answers)) == 10
		assert len(root.items("/v1/tenants")) == 11
