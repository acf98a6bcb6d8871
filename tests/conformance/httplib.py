"""Raw sockets against http_echo: start it, send bytes as they are, read replies strictly."""
import os
import socket
import ssl
import time

from lib import proc


def echo_program():
	"""The echo server of the build under test: beside the programs' folder or where MODELOPS_HTTP_ECHO says."""
	bindir = proc.BIN
	kinds = ["release", "debug"] if os.path.basename(os.path.dirname(bindir)) == "build" else []
	places = [os.environ.get("MODELOPS_HTTP_ECHO", "")]
	places += [os.path.join(os.path.dirname(bindir), "tests", "lib", "http_echo")]
	places += [os.path.join(proc.ROOT, "build", kind, "tests", "lib", "http_echo") for kind in kinds]
	for place in places:
		if place and os.access(place, os.X_OK):
			return place
	raise proc.Failed("no http_echo in %s" % places)


class Echo(proc.Program):
	"""A running echo server; settings are given as keyword arguments."""

	def __init__(self, **settings):
		super().__init__(echo_program(), *["%s=%s" % item for item in settings.items()])
		self.wait_until(lambda: self.log().count("\n") >= 2, "two lines with addresses")
		first, second = self.log().splitlines()[:2]
		self.port = int(first.rsplit(":", 1)[1])
		self.ops_port = int(second.rsplit(":", 1)[1])

	def connect(self, timeout=10):
		s = socket.create_connection(("127.0.0.1", self.port), timeout)
		s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
		return Conn(s)

	def metrics(self):
		with Conn(socket.create_connection(("127.0.0.1", self.ops_port), 10)) as c:
			c.send(b"GET /metrics HTTP/1.1\r\nHost: t\r\n\r\n")
			return c.reply().body.decode()

	def connect_tls(self, timeout=10):
		context = ssl.create_default_context()
		context.check_hostname = False
		context.verify_mode = ssl.CERT_NONE
		return Conn(context.wrap_socket(socket.create_connection(("127.0.0.1", self.port), timeout)))


class Reply:
	def __init__(self, status, headers, body):
		self.status, self.headers, self.body = status, headers, body

	def get(self, name):
		values = [v for n, v in self.headers if n.lower() == name.lower()]
		assert len(values) <= 1, "%s is there %d times" % (name, len(values))
		return values[0] if values else None

	def __repr__(self):
		return "Reply(%d, %r, %r)" % (self.status, self.headers, self.body[:200])


class Conn:
	"""One connection; replies are read by their framing, byte-exactly."""

	def __init__(self, sock):
		self.sock, self.data = sock, bytearray()

	def __enter__(self):
		return self

	def __exit__(self, *unused):
		self.sock.close()

	def send(self, data, piece=None, pause=0.0):
		if not piece:
			self.sock.sendall(data)
			return
		for i in range(0, len(data), piece):
			try:
				self.sock.sendall(data[i:i + piece])
			except OSError:
				return # refused before the end: the reply says so
			if pause:
				time.sleep(pause)

	def _more(self):
		try:
			got = self.sock.recv(65536)
		except ConnectionResetError:
			got = b""
		self.data += got
		return bool(got)

	def _cut(self, n, more=0):
		out = bytes(self.data[:n])
		del self.data[:n + more]
		return out

	def _line(self):
		while b"\r\n" not in self.data:
			if not self._more():
				raise EOFError("connection closed in the middle of %r" % self.data[:200])
		end = self.data.index(b"\r\n")
		return self._cut(end, 2)

	def _take(self, n):
		while len(self.data) < n:
			if not self._more():
				raise EOFError("connection closed %d bytes early" % (n - len(self.data)))
		return self._cut(n)

	def _chunks(self):
		out = bytearray()
		while True:
			size = int(self._line(), 16)
			if size == 0:
				assert self._line() == b""
				return bytes(out)
			out += self._take(size)
			assert self._take(2) == b"\r\n"

	def _rest(self):
		while self._more():
			pass
		return self._cut(len(self.data))

	def reply(self, head_only=False):
		line = self._line()
		assert line.startswith(b"HTTP/1.1 "), line
		status = int(line[9:12])
		headers = []
		while True:
			line = self._line()
			if not line:
				break
			name, _, value = line.decode("latin-1").partition(":")
			headers.append((name, value.strip()))
		got = Reply(status, headers, b"")
		if head_only or status < 200 or status in (204, 304):
			return got
		if got.get("Transfer-Encoding"):
			assert got.get("Transfer-Encoding") == "chunked" and got.get("Content-Length") is None
			got.body = self._chunks()
		elif got.get("Content-Length") is not None:
			got.body = self._take(int(got.get("Content-Length")))
		else:
			got.body = self._rest()
		return got

	def closed(self, seconds=5):
		"""True when the server ends the connection and sends nothing more."""
		self.sock.settimeout(seconds)
		try:
			return not self.data and not self._more()
		except TimeoutError:
			return False

	def quiet(self, seconds=0.2):
		"""True when the connection is open and nothing comes."""
		self.sock.settimeout(seconds)
		try:
			self._more()
			return False
		except TimeoutError:
			return not self.data
		finally:
			self.sock.settimeout(10)
