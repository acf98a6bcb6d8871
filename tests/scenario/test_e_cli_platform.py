# databases: sqlite postgres
# timeout: 300
"""The command line against the real platform: from a file on disk to an explained prediction and an invoice, and what it says when it cannot."""
import hashlib
import json
import os

import pytest
from lib import flow, platform, proc

IRIS = os.path.join(proc.ROOT, "examples", "data", "iris.csv")
PIPELINE = os.path.join(proc.ROOT, "examples", "pipelines", "iris.yaml")


class Cli:
	"""`modelops` as one actor in one project."""

	def __init__(self, place, actor, **env):
		self.env = dict({"MODELOPS_DATA": place.folder, "MODELOPS_ACTOR": actor, "HOME": "/nonexistent"}, **env)

	def run(self, *args, status=0, text=None, seconds=120, **more):
		done = proc.run("modelops", *args, env=self.env, input_text=text, seconds=seconds, **more)
		assert done.returncode == status, "%s ended with %d\n%s\n%s" % (args, done.returncode, done.stdout, done.stderr)
		return done

	def json(self, *args, **more):
		return json.loads(self.run(*args, "-o", "json", **more).stdout)

	def name(self, *args, **more):
		return self.run(*args, "-o", "name", **more).stdout.split()


@pytest.fixture(scope="module")
def place():
	with platform.running() as p:
		flow.cpu_pool(p.server)
		flow.price_plan(p.server)
		yield p


@pytest.fixture(scope="module")
def trained(place):
	"""A tenant whose pipeline has run: (its CLI, the run's id, what the run said)."""
	root = Cli(place, "admin|tenant=platform|role=admin")
	root.run("tenant", "create", "cli-co")
	ana = Cli(place, "ana|tenant=cli-co|role=admin", MODELOPS_PROJECT="flowers")
	ana.run("project", "create", "flowers")
	ana.run("artifact", "upload", IRIS, "--name", "iris.csv")
	ana.run("pipeline", "create", PIPELINE)
	done = ana.run("run", "create", "--pipeline", "iris", "--param", "dataset=iris.csv", "--wait", "--wait-timeout", "100")
	run = ana.name("run", "list", "--state", "SUCCEEDED")[0]
	return ana, run, done.stdout


def test_a_run_followed_to_its_end(trained):
	ana, run, said = trained
	assert said.splitlines()[-1] == "run %s SUCCEEDED" % run
	assert [line.split()[0] for line in ana.run("run", "steps", run).stdout.splitlines()[1:]] == [
		"train", "evaluate", "register", "deploy"]
	assert "valid-mlogloss" in ana.run("run", "metrics", run, "--all").stdout
	assert "round 1 of" in ana.run("run", "logs", run, "--step", "train").stdout
	assert ana.run("run", "watch", run).stdout.splitlines()[-1] == said.splitlines()[-1]


def test_names_stand_for_ids(trained):
	ana = trained[0]
	assert ana.json("deployment", "get", "iris")["name"] == "iris"
	assert ana.json("project", "get", "flowers")["name"] == "flowers"
	assert ana.name("model", "versions", "iris") == ana.name("model", "versions", ana.name("model", "list")[0])
	assert "no model 'roses' that you may see" in ana.run("model", "get", "roses", status=1).stderr
	ana.run("artifact", "upload", PIPELINE, "--name", "twice", "--kind", "report")
	ana.run("artifact", "upload", PIPELINE, "--name", "twice", "--kind", "report")
	assert "give its id" in ana.run("artifact", "get", "twice", status=1).stderr


def test_bytes_come_back_as_they_went(trained, tmp_path):
	ana = trained[0]
	data = os.urandom(5 << 20)
	(tmp_path / "big.bin").write_bytes(data)
	made = ana.json("artifact", "upload", tmp_path / "big.bin", "--kind", "output")
	assert made["sha256"] == hashlib.sha256(data).hexdigest() and made["size"] == len(data)
	ana.run("artifact", "download", "big.bin", "--to", tmp_path / "again")
	assert (tmp_path / "again").read_bytes() == data
	ana.run("artifact", "delete", made["id"])
	assert "not_found" in ana.run("artifact", "get", made["id"], status=1).stderr


def test_predict_explain_and_bursts(trained, tmp_path):
	ana = trained[0]
	ana.run("deployment", "wait", "iris", "--wait-timeout", "60")
	assert ana.json("predict", "iris", "--data", "[5.1,3.5,1.4,0.2]")["predictions"] == ["setosa"]
	whole = ana.json("predict", "iris", "--file", IRIS, "--drop", "species")
	assert len(whole["predictions"]) == 150
	row = {"sepal_length": 6.3, "sepal_width": None, "petal_length": 6.0, "petal_width": 2.5}
	(tmp_path / "row.json").write_text(json.dumps(row))
	text = ana.run("explain", "iris", "--file", tmp_path / "row.json").stdout
	lines = [line.split() for line in text.splitlines()]
	assert lines[1] == ["FEATURE", "VALUE", "CONTRIBUTION"] and len(lines) == 7
	weights = [abs(float(line[2])) for line in lines[2:6]]
	assert weights == sorted(weights, reverse=True) and ["sepal_width", "missing"] in [line[:2] for line in lines]
	figures = ana.json("predict", "iris", "--data", "[5.1,3.5,1.4,0.2]", "--repeat", "200", "--concurrency", "4")
	assert figures["failed"] == 0 and figures["p50_ms"] <= figures["p95_ms"] <= figures["p99_ms"] <= figures["max_ms"]
	assert "instances" in ana.run("predict", "iris", "--data", "[[1,2]]", status=1).stderr


def test_an_update_is_waited_for(trained):
	ana = trained[0]
	before = ana.json("deployment", "get", "iris")
	after = ana.json("deployment", "update", "iris", "--concurrency", "2", "--wait", "--wait-timeout", "60")
	assert after["state"] == "READY" and after["generation"] == before["generation"] + 1
	newest = max(ana.json("deployment", "revisions", "iris")["items"], key=lambda r: r["number"])
	assert newest["state"] == "READY" and newest["concurrency"] == 2
	late = ana.run("deployment", "update", "iris", "--concurrency", "3", "--wait", "--wait-timeout", "0", status=5)
	assert "is still" in late.stderr
	ana.run("deployment", "wait", "iris")


def test_a_failed_run_is_status_4(trained):
	ana = trained[0]
	done = ana.run("job", "create", "wrong", "--with", "dataset=iris.csv", "--with", "label=colour", "--pool", "cpu", "--wait",
		"--wait-timeout", "60", status=4)
	assert "FAILED" in done.stdout and "colour" in done.stdout


def test_money(trained):
	ana = trained[0]
	cost = ana.json("cost")
	assert cost["lines"] and "TOTAL" not in ana.run("ledger", "list").stdout
	text = ana.run("cost").stdout
	assert "how each amount came about" in text and "share-hour" in text
	invoice = ana.name("invoice", "create")[0]
	text = ana.run("invoice", "show", invoice).stdout
	assert invoice in text and "DRAFT" in text and "Plan    " in text and "gpu_share_us" in text
	checked = ana.json("ledger", "verify")
	assert checked["valid"] is True, checked
	assert "error:" in ana.run("invoice", "issue", invoice, status=1).stderr # the platform's people do that


def test_a_dashboard_changed_in_place(trained, tmp_path):
	ana = trained[0]
	(tmp_path / "d.json").write_text(json.dumps({"title": "mine", "panels": []}))
	made = ana.json("dashboard", "create", "mine", "--scope", "user", "--title", "Mine", "--definition", "@%s" % (tmp_path / "d.json"))
	changed = ana.json("dashboard", "update", made["id"], "--title", "Ours")
	assert changed["title"] == "Ours" and changed["definition"] == made["definition"] and changed["version"] == made["version"] + 1
	assert "ConfigMap" in ana.run("dashboard", "export", made["id"]).stdout
	ana.run("dashboard", "delete", made["id"])


def test_every_list_is_a_table(trained, place):
	ana = trained[0]
	root = Cli(place, "admin|tenant=platform|role=admin", MODELOPS_TENANT="cli-co")
	for who, nouns in ((ana, "project principal role-binding key quota pool allocation artifact pipeline run job model deployment ledger "
			"price-plan invoice dashboard event audit"), (root, "tenant project run")):
		for noun in nouns.split():
			text = who.run(noun, "list").stdout
			assert text == "none\n" or text.splitlines()[0].isupper(), noun
			assert json.loads(who.run(noun, "list", "-o", "json", "--limit", "1").stdout)["items"] is not None
	assert "ok" in ana.run("status").stdout and "cli-co" in ana.run("whoami").stdout


def test_refusals(trained):
	ana = trained[0]
	done = ana.run("project", "create", "Not A Name", status=1)
	assert done.stdout == "" and "name" in done.stderr and len(done.stderr.splitlines()) <= 4
	assert "(not_found, 404)" in ana.run("run", "get", "run_01M859SK6GAM1JZR986A0FT6X1", status=1).stderr
	viewer = Cli.__new__(Cli)
	viewer.env = dict(ana.env, MODELOPS_ACTOR="eve|tenant=cli-co|role=viewer")
	assert "403" in viewer.run("project", "create", "p", status=1).stderr
