"""Start, health, settings and stop of modelops-api."""
# databases: sqlite postgres
import json
import os
import signal
import socket
import tempfile
import time

import pytest
import requests
from lib import api, proc


def test_health_and_ready():
	with api.running() as server:
		nobody = server.nobody()
		assert nobody.get("/healthz").json() == {"status": "ok", "detail": None}
		assert nobody.get("/readyz").json() == {"status": "ok", "detail": None}
		assert nobody.get("/v1/whoami", status=401).headers["WWW-Authenticate"] == "Bearer"
		me = server.client().get("/v1/whoami").json()
		assert (me["name"], me["tenant"], me["role"]) == ("admin", "platform", "platform_admin")


def test_metrics_on_both_doors():
	with api.running() as server:
		with open(server.data + "/run/modelops-api.ops", encoding="ascii") as f:
			ops = f.read().strip()
		for url in (ops, server.url):
			text = requests.get(url + "/metrics", timeout=10).text
			assert "http_requests_total" in text and "# TYPE" in text
		assert requests.get(ops + "/readyz", timeout=10).status_code == 200


def test_stops_on_sigterm():
	with api.running() as server:
		pid = server.data + "/run/modelops-api.pid"
		assert int(open(pid, encoding="ascii").read()) == server.program.pid
		server.program.signal(signal.SIGTERM)
		assert server.program.wait() == 0
		assert not os.path.exists(pid) and not os.path.exists(server.data + "/run/api.address")


def test_a_request_under_way_is_finished():
	with api.running() as server:
		host, port = server.url[len("http://"):].split(":")
		body = json.dumps({"name": "late"}).encode()
		with socket.create_connection((host, int(port)), 10) as s:
			s.sendall(b"POST /v1/tenants HTTP/1.1\r\nHost: localhost\r\nX-Actor: a|tenant=platform|role=admin\r\n"
				b"Content-Length: %d\r\n\r\n" % len(body) + body[:5])
			time.sleep(0.3)
			server.program.signal(signal.SIGTERM)
			time.sleep(0.3)
			s.sendall(body[5:])
			s.settimeout(10)
			assert s.recv(4096).startswith(b"HTTP/1.1 201 ")
		assert server.program.wait() == 0


def refused(*args, **env):
	with tempfile.TemporaryDirectory() as data:
		api.make_data(data)
		url = "sqlite:%s/modelops.db" % data
		api.migrate(data, url)
		return proc.run("modelops-api", *args, env=api.settings(data, url, **env))


def test_bad_settings_stop_the_start():
	cases = [("PORT", "80a"), ("AUTH_MODE", "open"), ("API_ROLES", "all"), ("API_WORKERS", "0"), ("HTTP_MAX_HEAD", "1")]
	for name, value in cases:
		done = refused(**{name: value})
		assert done.returncode != 0 and name in done.stderr and value in done.stderr, (name, done.stderr)
	done = refused("PROT=1")
	assert done.returncode != 0 and "PROT" in done.stderr


def test_a_mistyped_variable_stops_the_start():
	for name, nearest in (("HTTP_MAX_HAED", "HTTP_MAX_HEAD"), ("API_WORKER", "API_WORKERS"), ("MODELOPS_REPO_ROT", "MODELOPS_REPO_ROOT")):
		done = refused(**{name: "1"})
		assert done.returncode == 2 and name + " is a setting of no program" in done.stderr and nearest in done.stderr, done.stderr
	with api.running(API_KEY="x", HTTP_PROXY="http://127.0.0.1:1", API_PORT="tcp://10.0.0.1:80", MODELOPS_URL="http://127.0.0.1:1") as server:
		server.nobody().get("/readyz")


SERVICES = ["modelops-api", "modelops-controller", "modelops-agent"]


@pytest.mark.parametrize("program", [*SERVICES, "modelops-admin", "modelops", "modelops-trainer", "modelops-fetch", "modelops-serving"])
def test_a_secret_setting_is_one_everywhere(program):
	"""What is called secret in one program's table is called so in all: nothing prints such a value."""
	for line in proc.run(program, "--settings").stdout.splitlines():
		name, kind = line.split("\t")[:2]
		assert (kind == "secret") == (name == "DATABASE_URL" or name.endswith(("_TOKEN", "_SECRET"))), line


@pytest.mark.parametrize("program", SERVICES)
def test_no_secret_is_logged(program):
	"""Neither of a setting whose name is mistyped nor of an address that cannot be read."""
	secret = "S3CRETPW"
	with tempfile.TemporaryDirectory() as data:
		api.make_data(data)
		env = api.settings(data, "", OPS_PORT="0")
		urls = ["postgres://u:%s@127.0.0.1:1/db", "postgres://u:%s@[h/db", "postgres://u:%s/x@h/db", "postgres://u:%s", "mysql://u:%s@h/db",
			"postgres://u:a@%s@h/db", "postgres://u:%%zz%s@h/db"]
		tries = [(["DATABASE_URl=postgres://u:%s@h/db" % secret], env), (["postgres://u:%s@h/db" % secret], env)]
		tries += [([], dict(env, DATABASE_URL=url % secret)) for url in urls]
		for args, settings in tries:
			done = proc.run(program, *args, env=settings)
			assert done.returncode != 0 and done.stderr, (program, args, settings["DATABASE_URL"])
			assert secret not in done.stderr + done.stdout, done.stderr


def test_demo_mode_stays_on_loopback():
	done = refused(HOST="0.0.0.0")
	assert done.returncode != 0 and "demo" in done.stderr and "0.0.0.0" in done.stderr


def test_refuses_a_database_without_migrations():
	with tempfile.TemporaryDirectory() as data:
		api.make_data(data)
		done = proc.run("modelops-api", env=api.settings(data, "sqlite:%s/modelops.db" % data))
		assert done.returncode != 0 and "migrate" in done.stderr


def test_keys_mode_knows_no_actor_header():
	with api.running(AUTH_MODE="keys") as server:
		server.client().get("/v1/whoami", status=401)
		assert requests.get(server.url + "/metrics", timeout=10).status_code == 404


def test_roles():
	with api.running(API_ROLES="gateway") as server:
		server.client().get("/v1/projects", status=404)
		server.client().post("/v1/deployments/dep_x/predict", {"instances": [[1]]}, status=404)
		server.nobody().get("/readyz")
	with api.running(API_ROLES="control") as server:
		server.client().get("/v1/projects")
		answer = server.client().post("/v1/deployments/dep_x/predict", {"instances": [[1]]}, status=404).json()
		assert answer["code"] == "no_route"
