"""A stand-in for a serving process: what the gateway sees of one, without a model.

	with standin.instance(delay=2) as port:
		standin.ready(server, deployment, port)
"""
import contextlib
import http.server
import threading
import time

from lib import api

REPLY = b'{"predictions":[1.0,2.0,3.0],"model_version":"mv","request_id":"r"}'


@contextlib.contextmanager
def instance(delay=0.0):
	"""Port of a server that answers each predict after DELAY seconds, or those that DELAY() says."""

	class Handler(http.server.BaseHTTPRequestHandler):
		protocol_version = "HTTP/1.1"

		def do_POST(self):
			self.rfile.read(int(self.headers.get("Content-Length", 0)))
			time.sleep(delay() if callable(delay) else delay)
			self.send_response(200)
			self.send_header("Content-Type", "application/json")
			self.send_header("X-Rows", "3")
			self.send_header("Content-Length", str(len(REPLY)))
			self.end_headers()
			self.wfile.write(REPLY)

		def log_message(self, *_):
			pass

	class Server(http.server.ThreadingHTTPServer):
		request_queue_size = 256

	server = Server(("127.0.0.1", 0), Handler)
	threading.Thread(target=server.serve_forever, daemon=True).start()
	try:
		yield server.server_port
	finally:
		server.shutdown()
		server.server_close()


def ready(server, deployment, *ports):
	"""Rows of READY instances at PORTS, as the controller would leave them."""
	revision = api.new_id("rev")
	common = {"tenant_id": deployment["tenant_id"], "deployment_id": deployment["id"], "created_at": time.time_ns() // 1000}
	server.row("revisions", id=revision, number=1, model_version_id="mv", spec="{}", replicas=1, concurrency=1, shares=1,
		state="READY", weight=100, **common)
	for idx, port in enumerate(ports):
		server.row("instances", id=api.new_id("ins"), revision_id=revision, idx=idx, state="READY",
			address="tcp:127.0.0.1:%d" % port, restarts=0, **common)
