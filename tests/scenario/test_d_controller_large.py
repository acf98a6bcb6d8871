# databases: sqlite postgres
# timeout: 300
"""Large runs of one tenant: they take no memory from the others, and one that cannot be loaded fails alone."""
import contextlib
import sqlite3

import psycopg
import pytest

from lib import fake_workloads, flow, platform, proc

DATA = b"a,label\n1,x\n2,y\n"
SMALL, LARGE = 200_000, 1_500_000 # bytes of one run's documents


@pytest.fixture(scope="module", name="p")
def _p(tmp_path_factory):
	folder = tmp_path_factory.mktemp("bin") / "bin"
	with platform.running(WORKLOAD_BIN_DIR=str(folder), CONTROLLER_OBJECT_MEMORY="1m", CONTROLLER_STOP_GRACE="1s",
			API_MAX_LIVE_RUNS="20") as p:
		fake_workloads.make(str(folder), p.folder)
		p.kill("controller") # it was started before its programs were there
		p.start("controller")
		flow.cpu_pool(p.server, shares=2)
		yield p


def widen(p, run, size):
	"""The run's parameters become SIZE bytes long."""
	sqlite = p.url.startswith("sqlite:")
	connect = sqlite3.connect(p.url[len("sqlite:"):], timeout=20) if sqlite else psycopg.connect(p.url)
	with contextlib.closing(connect) as db:
		mark = "?" if sqlite else "%s"
		db.execute("UPDATE runs SET params = %s WHERE id = %s" % (mark, mark), ('{"p":"%s"}' % ("x" * size), run["id"]))
		db.commit()


def job(project, client, dataset, status=201):
	return client.post("/v1/training-jobs", {"project_id": project["id"], "name": "job", "pool": "cpu",
		"with": {"dataset": dataset["id"], "label": "ok"}}, status=status).json()


def test_large_runs_go_one_by_one(p):
	_, project, client = p.server.tenant()
	dataset = flow.upload(client, project, "d.csv", DATA)
	p.kill("controller")
	stuck = job(project, client, dataset)
	widen(p, stuck, LARGE)
	runs = [job(project, client, dataset) for _ in range(15)]
	for run in runs: # 3 MB of documents, live at once
		widen(p, run, SMALL)
	p.start("controller")
	for run in runs:
		flow.wait_run(client, run, seconds=120)
	assert flow.steps(client, stuck)[0]["state"] == "QUEUED"
	assert "id=%s" % stuck["id"] in p.tail("controller", 400), "the one that cannot be loaded is told"
	proc.wait_until(lambda: p.server.client().get("/v1/gpu-pools/cpu/capacity").json()["used_shares"] == 0, "shares given back", 10)
	widen(p, stuck, 1)
	flow.wait_run(client, stuck)


def test_a_tenant_has_so_many_live_runs(p):
	_, project, client = p.server.tenant()
	_, other_project, other = p.server.tenant()
	dataset, other_dataset = (flow.upload(c, j, "d.csv", DATA) for c, j in ((client, project), (other, other_project)))
	p.kill("controller")
	runs = [job(project, client, dataset) for _ in range(20)]
	refused = job(project, client, dataset, status=403)
	assert refused["code"] == "quota_exceeded" and "API_MAX_LIVE_RUNS" in refused["detail"], refused
	job(other_project, other, other_dataset) # another tenant's are counted by themselves
	p.start("controller")
	for run in runs:
		flow.wait_run(client, run)
	job(project, client, dataset)
