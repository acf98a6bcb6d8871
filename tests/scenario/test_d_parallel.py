# databases: sqlite postgres
# timeout: 300
"""Many tenants at once: CRUD, uploads, downloads, logs, lists and predicts on many connections; every answer is right and the books add up.

Most of all for the sanitizer builds (`make asan`, `make tsan`): a report ends the program that makes it, and the test.
"""
import concurrent.futures
import os
import random

from lib import flow, ledger_check, platform, proc

TENANTS = 4
PER_TENANT = 4 # connections
ROUNDS = 12
IRIS = os.path.join(proc.ROOT, "examples", "data", "iris.csv")
ROW = {"instances": [[5.1, 3.5, 1.4, 0.2]]}


class Tenant:
	"""One tenant with a finished run, a READY deployment and what its threads need."""

	def __init__(self, place, number):
		self.number = number
		tenant, self.project, self.admin = place.server.tenant("many-%d" % number)
		self.client = lambda: place.server.client("adm", tenant["name"], "admin")
		with open(IRIS, "rb") as f:
			dataset = flow.upload(self.admin, self.project, "iris.csv", f.read())
		self.run = flow.train(self.admin, self.project, dataset, "species", register="iris", rounds=30)
		flow.wait_run(self.admin, self.run)
		self.deployment = flow.deploy(self.admin, self.project, "iris", seconds=120)
		self.log = self.admin.get("/v1/runs/%s/logs" % self.run["id"], params={"step": flow.steps(self.admin, self.run)[0]["name"]},
			stream=True).content
		assert b"round" in self.log


def one_thread(tenant, seed):
	"""Mixed requests on one keep-alive connection; the number of predicts answered."""
	rng, mine = random.Random(seed), tenant.client()
	run = "/v1/runs/" + tenant.run["id"]
	step = flow.steps(mine, tenant.run)[0]["name"]
	predict = "/v1/deployments/%s/predict" % tenant.deployment["id"]
	predicts = 0
	for n in range(ROUNDS):
		data = rng.randbytes(rng.choice([10, 5000, 300000]))
		made = flow.upload(mine, tenant.project, "a-%d-%d" % (seed, n), data)
		log = mine.get(run + "/logs", params={"step": step}, stream=True)
		assert log.content == tenant.log
		assert mine.get(run).json()["state"] == "SUCCEEDED" # right behind a stream, on the same connection
		assert mine.get("/v1/artifacts/%s/content" % made["id"], stream=True).content == data
		assert mine.get("/v1/artifacts/" + made["id"]).json()["size"] == len(data)
		for _ in range(5):
			assert len(mine.post(predict, ROW).json()["predictions"]) == 1
			predicts += 1
		project = mine.post("/v1/projects", {"name": "p-%d-%d" % (seed, n)}).json()
		mine.problem("POST", "/v1/projects", {"name": project["name"]}, status=409)
		mine.problem("POST", predict, {"instances": [["x"]]}, status=422)
		mine.problem("POST", "/v1/projects", {"nome": "x"}, status=422)
		assert any(p["id"] == project["id"] for p in mine.items("/v1/projects", limit=7))
		mine.delete("/v1/projects/" + project["id"])
		mine.delete("/v1/artifacts/" + made["id"])
		mine.get("/v1/artifacts/" + made["id"], status=404)
	return predicts


def test_many_tenants_at_once():
	with platform.running() as place:
		flow.cpu_pool(place.server, shares=2 * TENANTS)
		with concurrent.futures.ThreadPoolExecutor(TENANTS * PER_TENANT) as pool:
			tenants = list(pool.map(lambda n: Tenant(place, n), range(TENANTS)))
			work = [(t, pool.submit(one_thread, t, t.number * PER_TENANT + i)) for t in tenants for i in range(PER_TENANT)]
			sums = {}
			for tenant, future in work:
				sums[tenant] = sums.get(tenant, 0) + future.result()
		for tenant, answered in sums.items():
			def counted(admin=tenant.admin):
				return sum(e["quantity"] for e in admin.items("/v1/ledger") if e["metric"] == "predict_requests")
			proc.wait_until(lambda: counted() >= answered, lambda: "%d predicts in the ledger, now %d" % (answered, counted()), 60, 0.3)
			assert counted() == answered
			for instance in tenant.admin.items("/v1/deployments/%s/instances" % tenant.deployment["id"]):
				assert instance["state"] == "READY" and instance["restarts"] == 0, instance
		ledger_check.check(place.url)
