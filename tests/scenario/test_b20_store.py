# databases: sqlite postgres
# timeout: 300
"""The store from outside: kill -9 at any point of a commit, fairness between processes."""
import os
import random
import sqlite3
import subprocess
import threading
import time

import pytest

from lib import pg, proc, testprog

DATABASE = os.environ.get("MODELOPS_TEST_DB", "sqlite")


@pytest.fixture(name="new_database")
def _new_database(tmp_path):
	"""A function that makes an empty database and returns its URL."""
	made = []

	def on_sqlite():
		folder = tmp_path / str(len(made))
		folder.mkdir()
		made.append(folder)
		return "sqlite:%s/modelops.db" % folder
	if DATABASE == "sqlite":
		yield on_sqlite
		return
	with pg.server() as server:
		def on_postgres():
			made.append(server.new_database())
			return made[-1]
		yield on_postgres
		for url in made:
			server.drop_database(url)


def migrate(url, count=1):
	started = [subprocess.Popen([proc.program("modelops-admin"), "db", "migrate", "DATABASE_URL=" + url],
		env=proc.clean_environment(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) for _ in range(count)]
	for one in started:
		out = one.communicate(timeout=60)[0]
		assert one.returncode == 0, out
	return started


def probe(*args, env=None):
	return subprocess.Popen([testprog.path("store_probe"), *[str(a) for a in args]], stdout=subprocess.PIPE,
		stderr=subprocess.PIPE, text=True, env=proc.clean_environment(env))


def rows(url):
	"""Ids of all projects, read without our code; on SQLite after an integrity check."""
	if DATABASE == "sqlite":
		with sqlite3.connect(url[len("sqlite:"):]) as db:
			assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
			return {row[0] for row in db.execute("SELECT id FROM projects")}
	import psycopg
	with psycopg.connect(url) as db:
		return {row[0] for row in db.execute("SELECT id FROM projects")}


def test_migrations_started_at_once(new_database):
	url = new_database()
	migrate(url, 4)
	status = proc.run("modelops-admin", "db", "status", "DATABASE_URL=" + url)
	assert status.returncode == 0 and "state current" in status.stdout


def test_service_refuses_an_empty_database(new_database):
	one = probe("ack", new_database(), 1, 1)
	out, errors = one.communicate(timeout=30)
	assert one.returncode == 1 and out == ""
	assert "the database has schema 0" in errors


@pytest.mark.parametrize("point", ["store.commit", "store.committed", "store.sql"])
def test_kill_9_loses_nothing_acknowledged(new_database, point):
	url = new_database()
	migrate(url)
	acknowledged = set()
	for n in (1, 7, 40):
		one = probe("ack", url, 8, 20, env={"MODELOPS_FAULT": "%s:%d:kill" % (point, n)})
		out = one.communicate(timeout=60)[0]
		assert one.returncode == -9
		acknowledged |= set(out.split("\n")[:-1])
		assert acknowledged <= rows(url)
	assert acknowledged


def test_kill_9_at_any_moment(new_database):
	url = new_database()
	migrate(url)
	acknowledged = set()
	for _ in range(8):
		one = probe("ack", url, 8, 20)
		timer = threading.Timer(random.uniform(0.05, 0.3), one.kill)
		timer.start()
		out = one.communicate(timeout=60)[0]
		timer.join()
		acknowledged |= set(out.split("\n")[:-1])
		assert acknowledged <= rows(url)
	assert acknowledged


def test_a_saturated_process_does_not_starve_another(new_database):
	url = new_database()
	migrate(url)
	busy = [probe("saturate", url, 16, 4) for _ in range(2)]
	time.sleep(0.3)
	quiet = probe("latency", url, 1, 3)
	p50, p99, longest, n = [int(word) for word in quiet.communicate(timeout=60)[0].split()]
	rates = [one.communicate(timeout=60)[0].strip() for one in busy]
	print("wait p50 %d us, p99 %d us, longest %d us of %d; busy: %s" % (p50, p99, longest, n, rates))
	assert all(one.returncode == 0 for one in busy)
	assert n > 50 and p99 <= 100_000


def test_a_killed_writer_gives_its_turn_back(new_database):
	url = new_database()
	migrate(url)
	waiting = probe("saturate", url, 4, 3)
	for _ in range(5):
		one = probe("ack", url, 8, 20, env={"MODELOPS_FAULT": "store.commit:3:kill"})
		one.communicate(timeout=60)
		assert one.returncode == -9
	out, errors = waiting.communicate(timeout=60)
	assert waiting.returncode == 0, errors
	assert float(out.split()[0]) > 10


def test_key_is_made_once_and_kept_secret(new_database, tmp_path):
	url, path = new_database(), str(tmp_path / "admin.key")
	migrate(url)
	words = ["modelops-admin", "key", "create", "--tenant", "platform", "--role", "platform_admin", "DATABASE_URL=" + url]
	done = proc.run(*words, "--file", path)
	assert done.returncode == 0 and os.stat(path).st_mode & 0o777 == 0o600
	with open(path, encoding="ascii") as f:
		key = f.read().strip()
	assert key.startswith("mok_") and len(key) == 74 and key not in done.stdout + done.stderr
	again = proc.run(*words, "--file", path)
	assert again.returncode == 1 and "exists" in again.stderr
	wrong = proc.run("modelops-admin", "key", "create", "--tenant", "nobody", "--role", "user", "--file", path + "2",
		"DATABASE_URL=" + url)
	assert wrong.returncode == 1 and "nobody" in wrong.stderr and not os.path.exists(path + "2")
	if DATABASE == "sqlite":
		with open(url[len("sqlite:"):] + ("-wal" if os.path.exists(url[len("sqlite:"):] + "-wal") else ""), "rb") as f:
			assert key[31:].encode() not in f.read()
