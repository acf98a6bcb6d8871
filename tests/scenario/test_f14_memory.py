"""Memory that clients can take: a stranger's body is not read, and what known ones send or leave lying is bounded."""
# databases: sqlite postgres
# build: release (sanitizers keep freed memory)
import contextlib
import socket
import time

from lib import api

MIB = 1 << 20
STRANGER = b"Authorization: Bearer mok_" + b"0" * 26 + b"_" + b"A" * 43
USER = b"X-Actor: a|tenant=acme|role=user"


def rss(server):
	"""Memory of the API in MiB."""
	with open("/proc/%d/status" % server.program.pid, encoding="ascii") as f:
		return int(next(line for line in f if line.startswith("VmRSS:")).split()[1]) // 1024


class Sender:
	"""A connection that sends the head of a predict of SIZE bytes."""

	def __init__(self, server, who, size, source="127.0.0.1"):
		host, port = server.url[len("http://"):].split(":")
		self.sock = socket.create_connection((host, int(port)), 20, (source, 0))
		self.sock.sendall(b"POST /v1/deployments/%s/predict HTTP/1.1\r\nHost: localhost\r\n%s\r\nContent-Length: %d\r\n"
			b"Content-Type: application/json\r\n\r\n" % (api.new_id("dep").encode(), who, size))

	def send(self, n):
		"""Sends up to N bytes, as far as the API takes them."""
		self.sock.settimeout(0.3)
		with contextlib.suppress(OSError):
			self.sock.sendall(b" " * n)
		self.sock.settimeout(20)

	def answer(self):
		with contextlib.suppress(OSError):
			return self.sock.recv(4096).decode()
		return ""

	def waits(self):
		self.sock.settimeout(0.01)
		try:
			return self.sock.recv(1, socket.MSG_PEEK) is None
		except TimeoutError:
			return True
		except OSError:
			return False


def test_a_strangers_body_is_not_read():
	with api.running(HTTP_LINGER_TIMEOUT="20s") as server, contextlib.ExitStack() as stack:
		server.tenant("acme")
		before = rss(server)
		senders = [Sender(server, STRANGER, 16 * MIB) for _ in range(120)]
		for s in senders:
			stack.callback(s.sock.close)
		for s in senders:
			s.send(4 * MIB)
		assert rss(server) - before < 48
		assert all(" 401 " in s.answer().split("\r\n")[0] for s in senders)


def test_bodies_of_known_callers_have_a_bound():
	with api.running(HTTP_MAX_BUFFERED_PER_ADDR="32m") as server, contextlib.ExitStack() as stack:
		server.tenant("acme")
		server.client("a", "acme", "user").get("/v1/whoami")
		before = rss(server)
		senders = [Sender(server, USER, 8 * MIB) for _ in range(60)]
		for s in senders:
			stack.callback(s.sock.close)
		for s in senders:
			s.send(4 * MIB)
		assert rss(server) - before < 80
		refused = [s.answer() for s in senders if not s.waits()]
		assert len(refused) >= 40
		told = [text for text in refused if text]
		assert told and all(" 503 " in text and "Retry-After: 1" in text for text in told), told[:1]
		other = Sender(server, USER, 2, "127.0.0.2")
		stack.callback(other.sock.close)
		other.send(2)
		assert " 404 " in other.answer() # its body was read: there is no such deployment
		for s in senders:
			s.sock.close()
		time.sleep(0.3)
		again = Sender(server, USER, MIB)
		stack.callback(again.sock.close)
		again.send(MIB)
		assert " 404 " in again.answer()
