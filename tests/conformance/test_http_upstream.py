"""The gateway's hop against upstreams that misbehave: what the client is told, one retry at most and only when safe."""
# timeout: 200
import socket
import threading

import pytest

from httplib import Echo

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


class Fake:
	"""An upstream that answers each request of each connection with the next step of a script: bytes, or a function."""

	def __init__(self, script):
		self.script, self.requests, self.conns = list(script), 0, 0
		self.listener = socket.create_server(("127.0.0.1", 0))
		self.address = "tcp:127.0.0.1:%d" % self.listener.getsockname()[1]
		threading.Thread(target=self.run, daemon=True).start()

	def run(self):
		while True:
			try:
				sock, _ = self.listener.accept()
			except OSError:
				return
			self.conns += 1
			threading.Thread(target=self.serve, args=(sock,), daemon=True).start()

	def serve(self, sock):
		with sock:
			data = b""
			while True:
				while b"\r\n\r\n" not in data:
					try:
						got = sock.recv(65536)
					except OSError:
						return
					if not got:
						return
					data += got
				head, rest = data.split(b"\r\n\r\n", 1)
				length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
				while len(rest) < length:
					rest += sock.recv(65536)
				data = rest[length:]
				self.requests += 1
				step = self.script.pop(0) if self.script else OK
				if step is None:
					return
				if step == "reset":
					sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
					return
				if step == "stall":
					sock.recv(1)
					return
				close = step.endswith(b"CLOSE")
				try:
					sock.sendall(step[:-5] if close else step)
				except OSError:
					return # refused before the end
				if close:
					return

	def close(self):
		self.listener.close()


def ask(conn, query=b"", body=b"hi"):
	conn.send(b"POST /proxy%s HTTP/1.1\r\nHost: t\r\nContent-Length: %d\r\n\r\n" % (query, len(body)) + body)
	return conn.reply()


HEAD = b"HTTP/1.1 200 OK\r\n"
# name, bytes of the upstream, status for the client, body or word of the problem
ROWS = [
	("plain", OK, 200, b"ok"),
	("chunked", HEAD + b"Transfer-Encoding: chunked\r\n\r\n1\r\no\r\n1\r\nk\r\n0\r\n\r\n", 200, b"ok"),
	("until close", HEAD + b"\r\nokCLOSE", 200, b"ok"),
	("large", HEAD + b"Content-Length: 200000\r\n\r\n" + b"z" * 200000, 200, b"z" * 200000),
	("large until close", HEAD + b"\r\n" + b"z" * 200000 + b"CLOSE", 200, b"z" * 200000),
	("no content", b"HTTP/1.1 204 No Content\r\n\r\n", 204, b""),
	("interim first", b"HTTP/1.1 103 Early Hints\r\nX: a\r\n\r\n" + OK, 200, b"ok"),
	("error status", b"HTTP/1.1 500 Oops\r\nContent-Length: 3\r\n\r\nbad", 500, b"bad"),
	("misdirected", b"HTTP/1.1 421 X\r\nContent-Length: 0\r\n\r\n", 421, b""),
	("close before a reply", None, 503, b"without a reply"),
	("reset before a reply", "reset", 503, b"without a reply"),
	("close in the head", HEAD + b"ConteCLOSE", 503, b"in the middle"),
	("close in the body", HEAD + b"Content-Length: 5\r\n\r\nokCLOSE", 503, b"in the middle"),
	("close in a chunk", HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\nokCLOSE", 503, b"in the middle"),
	("stall before a reply", "stall", 504, b"in time"),
	("stall in the body", HEAD + b"Content-Length: 5\r\n\r\nok", 504, b"in time"),
	("stall in the head", HEAD + b"Content-Le", 504, b"in time"),
	("two lengths", HEAD + b"Content-Length: 2\r\nContent-Length: 2\r\n\r\nok", 502, b"bad_upstream"),
	("length and coding", HEAD + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 502, b"bad_upstream"),
	("gzip coding", HEAD + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 502, b"bad_upstream"),
	("bad length", HEAD + b"Content-Length: -1\r\n\r\nok", 502, b"bad_upstream"),
	("bad chunk", HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n", 502, b"bad_upstream"),
	("bare LF", b"HTTP/1.1 200 OK\nContent-Length: 2\n\nok", 502, b"bad_upstream"),
	("folded", HEAD + b"X: a\r\n b\r\nContent-Length: 2\r\n\r\nok", 502, b"bad_upstream"),
	("NUL", HEAD + b"X: \0\r\nContent-Length: 2\r\n\r\nok", 502, b"bad_upstream"),
	("blank before colon", HEAD + b"Content-Length : 2\r\n\r\nok", 502, b"bad_upstream"),
	("version 2", b"HTTP/2.0 200 OK\r\nContent-Length: 2\r\n\r\nok", 502, b"bad_upstream"),
	("no HTTP", b"hello there, friend\r\n\r\n", 502, b"bad_upstream"),
	("status of two digits", b"HTTP/1.1 20 OK\r\nContent-Length: 2\r\n\r\nok", 502, b"bad_upstream"),
	("status 999", b"HTTP/1.1 999 X\r\nContent-Length: 2\r\n\r\nok", 502, b"bad_upstream"),
	("status 101", b"HTTP/1.1 101 X\r\n\r\n", 502, b"bad_upstream"),
	("204 with a body", b"HTTP/1.1 204 X\r\nContent-Length: 2\r\n\r\nok", 502, b"bad_upstream"),
	("endless interim", b"HTTP/1.1 103 X\r\n\r\n" * 20, 502, b"bad_upstream"),
	("1 MB head", HEAD + b"X: " + b"a" * 1000000, 502, b"bad_upstream"),
	("too many fields", HEAD + b"X: a\r\n" * 200 + b"\r\n", 502, b"bad_upstream"),
	("body above the limit", HEAD + b"Content-Length: 2000000\r\n\r\n", 502, b"bad_upstream"),
	("chunks above the limit", HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + (b"10000\r\n" + b"a" * 65536 + b"\r\n") * 17, 502, b"bad_upstream"),
]


@pytest.mark.parametrize("name,step,status,body", ROWS, ids=[r[0].replace(" ", "_") for r in ROWS])
def test_first_reply(name, step, status, body):
	fake = Fake([step, OK])
	with Echo(UPSTREAM=fake.address) as program, program.connect() as c:
		reply = ask(c)
		assert reply.status == status and (reply.body == body if status in (200, 204) else body in reply.body), reply
		assert fake.requests == 1, "a fresh connection is never retried"
		assert ask(c).body == b"ok", "the client's connection and the pool go on"
	fake.close()


# On a reused connection: first OK, then the step; `again` says whether the call is idempotent.
@pytest.mark.parametrize("step,again,status,requests", [
	(None, True, 200, 3), ("reset", True, 200, 3), (None, False, 503, 2), ("reset", False, 503, 2),
	(HEAD + b"ConteCLOSE", True, 503, 2), ("stall", True, 504, 2), (b"HTTP/1.1 500 X\r\nContent-Length: 0\r\n\r\n", True, 500, 2),
	(b"junk junk junk\r\n", True, 502, 2)])
def test_retry_only_when_safe(step, again, status, requests):
	fake = Fake([OK, step, OK])
	with Echo(UPSTREAM=fake.address) as program, program.connect() as c:
		assert ask(c).status == 200
		assert ask(c, b"?again=1" if again else b"").status == status
		assert fake.requests == requests
	fake.close()


def test_retry_happens_once():
	fake = Fake([OK, None, None, OK])
	with Echo(UPSTREAM=fake.address) as program, program.connect() as c:
		assert ask(c).status == 200 and ask(c, b"?again=1").status == 503 and fake.requests == 3
	fake.close()


def test_bytes_behind_a_reply_end_the_connection():
	fake = Fake([OK + OK, OK])
	with Echo(UPSTREAM=fake.address) as program, program.connect() as c:
		assert ask(c).body == b"ok" and ask(c).body == b"ok" and fake.conns == 2, "the second reply was not taken from the first"
	fake.close()


def test_connections_are_kept():
	fake = Fake([])
	with Echo(UPSTREAM=fake.address) as program, program.connect() as c:
		for _ in range(50):
			assert ask(c, body=b"x" * 5000).body == b"ok"
		assert fake.conns == 1
	fake.close()


def test_nobody_listens():
	with Echo(UPSTREAM="tcp:127.0.0.1:1") as program, program.connect() as c:
		assert ask(c).status == 503 and ask(c).status == 503


def test_unix_socket_is_missing(tmp_path):
	with Echo(UPSTREAM="unix:%s/%s/s" % (tmp_path, "x" * 150)) as program, program.connect() as c:
		assert ask(c).status == 503


def test_waiting_is_bounded():
	fake = Fake(["stall"] * 10)
	with Echo(UPSTREAM=fake.address, HTTP_UPSTREAM_CONNS=2, HTTP_UPSTREAM_WAITING=3) as program:
		conns = [program.connect() for _ in range(8)]
		for c in conns:
			c.send(b"POST /proxy HTTP/1.1\r\nHost: t\r\nContent-Length: 2\r\n\r\nhi")
		statuses = sorted(c.reply().status for c in conns)
		assert statuses == [503] * 3 + [504] * 5
		for c in conns:
			c.sock.close()
	fake.close()


def test_client_leaves_in_the_middle():
	fake = Fake(["stall"] * 5)
	with Echo(UPSTREAM=fake.address) as program:
		for _ in range(5):
			with program.connect() as c:
				c.send(b"POST /proxy HTTP/1.1\r\nHost: t\r\nContent-Length: 2\r\n\r\nhi")
		with program.connect() as c:
			fake.script.clear()
			assert ask(c).body == b"ok"
	fake.close()


def test_own_server_as_upstream(tmp_path):
	path = "unix:%s/s" % tmp_path
	with Echo(LISTEN_UNIX=path), Echo(UPSTREAM=path) as program, program.connect() as c:
		for size in (0, 1, 4000, 20000, 60000, 300000):
			assert ask(c, body=b"q" * size).body == b"q" * size
