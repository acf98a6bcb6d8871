"""A database that does not answer in time: the request fails by STATEMENT_TIMEOUT, and later ones work."""
# databases: sqlite postgres
import time

from lib import api

PLAN = {"name": "standard", "currency": "EUR", "is_default": True, "rules": []}


def test_a_write_waits_no_longer_than_it_may():
	with api.running(STATEMENT_TIMEOUT="200ms") as server:
		root = server.client()
		with server.held("price_plans:default"):
			began = time.monotonic()
			root.problem("POST", "/v1/price-plans", PLAN, status=504, code="deadline_exceeded")
			assert 0.2 <= time.monotonic() - began < 4
		assert root.items("/v1/price-plans") == []
		root.post("/v1/price-plans", PLAN)
