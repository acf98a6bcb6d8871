"""Artifacts: bytes in and out in constant memory, digests verified, nothing half-visible."""
# databases: sqlite postgres
# timeout: 600
import base64
import hashlib
import os
import socket
import threading
import time

import requests
import test_b16_runs as runs
from lib import api, proc

DATA = b"a,b\n1,2\n" * 1000
SHA = hashlib.sha256(DATA).hexdigest()


def upload(client, data=DATA, status=None, headers=None, **params):
	params = {"project_id": "main", "name": "x.csv", "kind": "dataset", **params}
	return client.post("/v1/artifacts", data=data, params=params, status=status, headers=headers)


def objects(server):
	return [os.path.join(d, f) for d, _, files in os.walk(server.data + "/artifacts") for f in files]


def test_up_and_down():
	with api.running() as server:
		_, project, admin = server.tenant()
		made = upload(admin).json()
		assert (made["size"], made["sha256"], made["state"]) == (len(DATA), SHA, "READY")
		assert made["project_id"] == project["id"] and made["created_by"] == "adm"
		assert admin.get("/v1/artifacts/" + made["id"]).json() == made
		got = admin.get("/v1/artifacts/%s/content" % made["id"])
		assert got.content == DATA and got.headers["Content-Length"] == str(len(DATA))
		assert got.headers["Content-Digest"] == "sha-256=:%s:" % base64.b64encode(hashlib.sha256(DATA).digest()).decode()
		assert admin.items("/v1/artifacts", project_id="main") == [made]
		assert admin.items("/v1/artifacts", name="y") == []
		empty = upload(admin, data=b"", name="empty").json()
		assert empty["size"] == 0 and admin.get("/v1/artifacts/%s/content" % empty["id"]).content == b""
		chunked = upload(admin, data=iter([DATA[:10], DATA[10:]]), name="chunked").json()
		assert chunked["sha256"] == SHA
		admin.delete("/v1/artifacts/" + made["id"])
		admin.get("/v1/artifacts/" + made["id"], status=404)
		admin.get("/v1/artifacts/%s/content" % made["id"], status=404)
		assert len(objects(server)) == 2


def test_digests():
	with api.running() as server:
		_, _, admin = server.tenant()
		upload(admin, sha256=SHA)
		good = base64.b64encode(hashlib.sha256(DATA).digest()).decode()
		upload(admin, headers={"Content-Digest": "sha-256=:%s:" % good})
		before = len(objects(server))
		upload(admin, sha256="0" * 64, status=422)
		upload(admin, sha256=SHA.upper(), status=422)
		upload(admin, headers={"Content-Digest": "sha-256=:%s:" % base64.b64encode(b"x" * 32).decode()}, status=422)
		for wrong in ("md5=:abc:", "sha-256=:%s" % good, "sha-256=::", ""):
			upload(admin, headers={"Content-Digest": wrong}, status=422)
		assert len(admin.items("/v1/artifacts")) == 2 and len(objects(server)) == before


def test_names_and_parameters():
	with api.running() as server:
		_, _, admin = server.tenant()
		for name in ("../x", "a/b", "a\\b", ".x", "-x", "a\nb", "x" * 201):
			answer = admin.problem("POST", "/v1/artifacts", data=b"x", params={"project_id": "main", "name": name,
				"kind": "dataset"})
			assert answer["field"] == "name"
		admin.problem("POST", "/v1/artifacts", data=b"x", params={"project_id": "main", "name": "x", "kind": "virus"},
			field="kind")
		admin.problem("POST", "/v1/artifacts", data=b"x", params={"name": "x", "kind": "dataset"}, field="project_id")
		upload(admin, project_id="none", status=404)
		upload(admin, name="ümläut ok.csv")
		assert len(objects(server)) == 1


def test_a_broken_upload_leaves_nothing():
	with api.running() as server:
		_, _, admin = server.tenant("acme")
		host, port = server.url[len("http://"):].split(":")
		with socket.create_connection((host, int(port)), 10) as s:
			s.sendall(b"POST /v1/artifacts?project_id=main&name=half&kind=dataset HTTP/1.1\r\nHost: localhost\r\n"
				b"X-Actor: a|tenant=acme|role=user\r\nContent-Length: 1000000\r\n\r\n" + b"x" * 100000)
			time.sleep(0.3)
		proc.wait_until(lambda: not objects(server), "the temporary file to go", 10)
		assert admin.items("/v1/artifacts") == []


def test_too_large():
	with api.running(API_MAX_ARTIFACT="100k") as server:
		_, _, admin = server.tenant()
		upload(admin, data=b"x" * 200000, status=413)
		upload(admin, data=iter([b"x" * 70000] * 3), status=413)
		upload(admin, data=b"x" * 100000)
		proc.wait_until(lambda: len(objects(server)) == 1, "one object", 10)


def rss(pid):
	with open("/proc/%d/status" % pid, encoding="ascii") as f:
		return next(int(line.split()[1]) for line in f if line.startswith("VmHWM:"))


def test_constant_memory():
	"""512 MiB up and down again cost the API at most 8 MiB more than a small upload did."""
	block, blocks = os.urandom(1 << 20), 512
	digest = hashlib.sha256()
	for _ in range(blocks):
		digest.update(block)
	with api.running() as server:
		_, _, admin = server.tenant()
		upload(admin)
		before = rss(server.program.pid)
		made = upload(admin, data=(block for _ in range(blocks)), name="big").json()
		assert made["size"] == blocks << 20 and made["sha256"] == digest.hexdigest()
		seen = hashlib.sha256()
		with admin.get("/v1/artifacts/%s/content" % made["id"], stream=True) as reply:
			for piece in reply.iter_content(1 << 20):
				seen.update(piece)
		assert seen.hexdigest() == digest.hexdigest()
		grown = rss(server.program.pid) - before
		assert grown <= 8 << 10, "%d KiB more than before" % grown


def test_head_reads_nothing():
	with api.running() as server:
		tenant, _, admin = server.tenant()
		made = upload(admin, data=b"x" * (32 << 20)).json()
		actor = {"X-Actor": "u|tenant=%s|role=user" % tenant["name"]}

		def read():
			with open("/proc/%d/io" % server.program.pid, encoding="ascii") as f:
				return int(f.readline().split()[1])
		before = read()
		reply = requests.head(server.url + "/v1/artifacts/%s/content" % made["id"], headers=actor, timeout=20)
		assert reply.status_code == 200 and reply.headers["Content-Length"] == str(32 << 20)
		assert read() - before < 1 << 20


def output_row(server, run, name="model.json", **columns):
	"""An artifact that RUN made, as the controller leaves it: its id."""
	made = api.new_id("art")
	server.row("artifacts", id=made, tenant_id=run["tenant_id"], project_id=run["project_id"], name=name, kind="model",
		state="READY", object_key="tenants/%s/projects/%s/attempts/att_1/%s" % (run["tenant_id"], run["project_id"], name),
		size=2, sha256="0" * 64, run_id=run["id"], step="train", created_at=1, **columns)
	return made


def test_a_model_version_keeps_its_files():
	with api.running() as server:
		project, admin, _ = runs.setup(server)
		run = admin.post("/v1/training-jobs", runs.job()).json()
		server.sql("UPDATE runs SET state = 'SUCCEEDED' WHERE id = ?", run["id"])
		made = output_row(server, run)
		_, version = server.model(project, version=3)
		prefix = "tenants/%s/projects/%s/attempts/att_1" % (run["tenant_id"], project["id"])
		server.sql("UPDATE model_versions SET object_prefix = ? WHERE id = ?", prefix, version)
		for client in (admin, server.client()):
			problem = client.problem("DELETE", "/v1/artifacts/" + made, status=409, code="in_use")
			assert version in problem["detail"] and "version 3 of model 'iris'" in problem["detail"]
		assert admin.get("/v1/artifacts/" + made).json()["state"] == "READY"
		server.sql("UPDATE model_versions SET object_prefix = ? WHERE id = ?", prefix + "0", version)
		admin.delete("/v1/artifacts/" + made)


def test_a_live_run_keeps_what_it_reads_and_made():
	with api.running() as server:
		_, admin, data = runs.setup(server)
		run = admin.post("/v1/training-jobs", runs.job()).json()
		made = output_row(server, run)
		for state in ("QUEUED", "RUNNING", "REGISTERING"):
			server.sql("UPDATE run_steps SET state = ? WHERE run_id = ?", state, run["id"])
			for path, word in (("/v1/artifacts/" + data["id"], "reads"), ("/v1/artifacts/" + made, "made")):
				problem = admin.problem("DELETE", path, status=409, code="in_use")
				assert run["id"] in problem["detail"] and word in problem["detail"]
		server.sql("UPDATE run_steps SET state = 'SUCCEEDED' WHERE run_id = ?", run["id"])
		admin.delete("/v1/artifacts/" + data["id"]) # later steps read something else
		admin.problem("DELETE", "/v1/artifacts/" + made, status=409, code="in_use")
		server.sql("UPDATE runs SET state = 'SUCCEEDED' WHERE id = ?", run["id"])
		admin.delete("/v1/artifacts/" + made)


def test_deleted_or_taken_never_both():
	"""A run made while its data set is deleted: either it is refused, or the data set stays."""
	with api.running() as server:
		_, admin, _ = runs.setup(server)
		for _ in range(15):
			data = upload(admin).json()
			taken = []

			def take(data=data, taken=taken):
				taken.append(server.client("adm", "acme", "admin").post("/v1/training-jobs", runs.job(**{"with": {"dataset": data["id"], "label": "a"}}),
					status=(201, 422)))

			thread = threading.Thread(target=take)
			thread.start()
			gone = admin.delete("/v1/artifacts/" + data["id"], status=(204, 409))
			thread.join()
			assert (taken[0].status_code, gone.status_code) in ((201, 409), (422, 204))


def test_other_tenants():
	with api.running() as server:
		_, _, admin = server.tenant()
		_, _, other = server.tenant()
		made = upload(admin).json()
		for path in ("", "/content"):
			other.get("/v1/artifacts/%s%s" % (made["id"], path), status=404)
		other.delete("/v1/artifacts/" + made["id"], status=404)
		assert other.items("/v1/artifacts") == []


def test_links_are_held_to_their_signature():
	with api.running() as server:
		nobody = server.nobody()
		nobody.get("/v1/blobs/tenants/x", status=422)
		for params in ({"expires": "99999999999", "method": "GET", "sig": "00" * 32}, {"expires": "1", "method": "GET",
			"sig": ""}, {"expires": "x", "method": "PUT", "sig": "zz"}):
			nobody.get("/v1/blobs/tenants/x", params=params, status=(403, 422))
			nobody.put("/v1/blobs/tenants/x", data=b"x", params=params, status=(403, 422))
		assert objects(server) == []
