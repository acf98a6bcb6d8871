"""Behaviour of the server over time: pipelining, Expect, HEAD, streams, deadlines, limits, workers, TLS, drain."""
# timeout: 300
import contextlib
import os
import socket
import subprocess
import threading
import time

import pytest

from httplib import Conn, Echo

GET = b"GET /hello HTTP/1.1\r\nHost: t\r\n\r\n"


@pytest.fixture(scope="module")
def echo():
	with Echo() as program:
		yield program


def req(line, *headers, body=b""):
	head = line + b" HTTP/1.1\r\nHost: t\r\n" + b"".join(h + b"\r\n" for h in headers)
	if body:
		head += b"Content-Length: %d\r\n" % len(body)
	return head + b"\r\n" + body


# --- connections and pipelining ---

@pytest.mark.parametrize("count", [2, 10, 63, 64, 65, 200, 1000])
def test_pipelined(echo, count):
	with echo.connect() as c:
		c.send(b"".join(req(b"POST /echo", body=b"%d" % i) for i in range(count)))
		for i in range(count):
			assert c.reply().body == b"%d" % i
		assert c.quiet(0.05)


def test_pipelined_behind_a_worker(echo):
	with echo.connect() as c:
		c.send(req(b"GET /work/50") + GET + req(b"POST /echo", body=b"x" * 30000) + GET)
		assert [c.reply().body for _ in range(4)] == [b"worked\n", b"hello\n", b"x" * 30000, b"hello\n"]


def test_pipelined_behind_a_stream(echo):
	with echo.connect() as c:
		c.send(req(b"GET /events/2") + GET + req(b"GET /pour/70000") + GET)
		assert c.reply().body == b"data: tick\n\n" * 2
		assert c.reply().body == b"hello\n"
		assert len(c.reply().body) == 70000
		assert c.reply().body == b"hello\n"


@pytest.mark.parametrize("split", range(1, 60, 7))
def test_pipelined_in_two_pieces(echo, split):
	data = (req(b"POST /echo", body=b"abc") + GET) * 3
	with echo.connect() as c:
		c.send(data[:-split])
		time.sleep(0.02)
		c.send(data[-split:])
		assert [c.reply().body for _ in range(6)] == [b"abc", b"hello\n"] * 3


def test_many_pipelined_bodies_larger_than_the_buffer(echo):
	with echo.connect() as c:
		for size in (1, 5000, 23000, 24000, 25000, 90000):
			c.send(req(b"POST /echo", body=b"z" * size) * 3)
			for _ in range(3):
				assert c.reply().body == b"z" * size


def test_close_is_honoured(echo):
	with echo.connect() as c:
		c.send(req(b"GET /hello", b"Connection: close") + GET)
		reply = c.reply()
		assert reply.status == 200 and reply.get("Connection") == "close" and c.closed()


def test_http_1_0_closes(echo):
	with echo.connect() as c:
		c.send(b"GET /hello HTTP/1.0\r\n\r\n" + GET)
		reply = c.reply()
		assert reply.body == b"hello\n" and reply.get("Connection") == "close" and c.closed()


def test_http_1_0_keep_alive(echo):
	with echo.connect() as c:
		c.send(b"GET /hello HTTP/1.0\r\nConnection: keep-alive\r\n\r\n" * 2)
		assert [c.reply().get("Connection") for _ in range(2)] == ["keep-alive"] * 2 and c.quiet()


def test_half_close_still_gets_its_reply(echo):
	with echo.connect() as c:
		c.send(req(b"GET /work/50"))
		c.sock.shutdown(socket.SHUT_WR)
		assert c.reply().body == b"worked\n" and c.closed()


def test_http_1_0_stream_ends_with_the_connection(echo):
	with echo.connect() as c:
		c.send(b"GET /pour/100000 HTTP/1.0\r\n\r\n")
		reply = c.reply()
		assert len(reply.body) == 100000 and reply.get("Transfer-Encoding") is None and c.closed()


# --- HEAD, OPTIONS, 405 ---

@pytest.mark.parametrize("path,length", [(b"/hello", "6"), (b"/big/100000", "100000"), (b"/v1/runs/x", None)])
def test_head(echo, path, length):
	with echo.connect() as c:
		c.send(req(b"HEAD " + path) + GET)
		reply = c.reply(head_only=True)
		assert reply.status == 200 and (length is None or reply.get("Content-Length") == length)
		assert c.reply().body == b"hello\n"


def test_head_of_a_stream(echo):
	with echo.connect() as c:
		c.send(req(b"HEAD /pour/100000?length=1") + GET)
		assert c.reply(head_only=True).get("Content-Length") == "100000"
		assert c.reply().body == b"hello\n"


def test_head_of_what_is_not_there(echo):
	with echo.connect() as c:
		c.send(req(b"HEAD /nothing") + GET)
		assert c.reply(head_only=True).status == 404 and c.reply().status == 200


@pytest.mark.parametrize("line,allow", [(b"POST /hello", "GET, HEAD, OPTIONS"), (b"GET /echo", "POST, PUT, OPTIONS"),
	(b"PATCH /v1/runs/x", "GET, HEAD, DELETE, OPTIONS")])
def test_405_says_what_is_allowed(echo, line, allow):
	with echo.connect() as c:
		c.send(req(line) + req(b"OPTIONS " + line.split()[1]))
		first, second = c.reply(), c.reply()
		assert (first.status, first.get("Allow")) == (405, allow)
		assert (second.status, second.get("Allow")) == (204, allow)


# --- Expect ---

def test_continue_before_the_body(echo):
	with echo.connect() as c:
		c.send(b"POST /echo HTTP/1.1\r\nHost: t\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n")
		assert c.reply().status == 100
		c.send(b"abc" + GET)
		assert c.reply().body == b"abc" and c.reply().status == 200


def test_no_continue_when_the_body_is_there(echo):
	with echo.connect() as c:
		c.send(b"POST /echo HTTP/1.1\r\nHost: t\r\nExpect: 100-Continue\r\nContent-Length: 3\r\n\r\nabc" + GET)
		assert c.reply().body == b"abc" and c.reply().status == 200


@pytest.mark.parametrize("path,length,status", [(b"/refuse", 5, 403), (b"/echo", 9999999, 413), (b"/nothing", 5, 404), (b"/hello", 5, 405)])
def test_refused_instead_of_continue(echo, path, length, status):
	with echo.connect() as c:
		c.send(b"POST %s HTTP/1.1\r\nHost: t\r\nExpect: 100-continue\r\nContent-Length: %d\r\n\r\n" % (path, length))
		reply = c.reply()
		assert reply.status == status and reply.get("Connection") == "close" and c.closed()


def test_continue_for_a_stream(echo):
	with echo.connect() as c:
		c.send(b"PUT /sum HTTP/1.1\r\nHost: t\r\nExpect: 100-continue\r\nTransfer-Encoding: chunked\r\n\r\n")
		assert c.reply().status == 100
		c.send(b"3\r\nabc\r\n0\r\n\r\n" + GET)
		assert c.reply().body == b"3 294\n" and c.reply().status == 200


def test_expect_on_1_0_is_ignored(echo):
	with echo.connect() as c:
		c.send(b"POST /echo HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n")
		assert c.quiet()
		c.send(b"abc")
		assert c.reply().body == b"abc"


def test_refused_before_a_body_that_is_there(echo):
	with echo.connect() as c:
		c.send(req(b"POST /refuse", body=b"abc") + GET)
		assert c.reply().status == 403 and c.reply().status == 200


def test_refused_while_a_large_body_comes(echo):
	with echo.connect() as c:
		c.send(b"POST /refuse HTTP/1.1\r\nHost: t\r\nContent-Length: 1000000\r\n\r\n")
		c.send(b"x" * 500000)
		reply = c.reply()
		assert reply.status == 403 and reply.get("Connection") == "close", "the reply is seen, not a reset"


# --- request ids, problems ---

@pytest.mark.parametrize("value,kept", [(b"abc-1._X", True), (b"a" * 128, True), (b"a" * 129, False), (b"", False), (b"a b", False),
	(b'a"b', False), (b"a/b", False), (b"\xc3\xa9", False)])
def test_request_id(echo, value, kept):
	with echo.connect() as c:
		c.send(req(b"GET /hello", b"X-Request-Id: " + value))
		got = c.reply().get("X-Request-Id")
		assert (got == value.decode("latin-1")) if kept else (len(got) == 26 and got.isalnum())


def test_request_id_on_a_refusal(echo):
	with echo.connect() as c:
		c.send(b"GET /hello HTTP/1.1\r\nX-Request-Id: mine\r\nHost: a\r\nHost: b\r\n\r\n")
		reply = c.reply()
		assert reply.status == 400 and reply.get("X-Request-Id") == "mine" and '"request_id":"mine"' in reply.body.decode()


@pytest.mark.parametrize("value,kept", [(b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", True),
	(b"00-0AF7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", False), (b"01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", False),
	(b"00-00000000000000000000000000000000-b7ad6b7169203331-01", False), (b"00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01", False),
	(b"x", False)])
def test_traceparent(echo, value, kept):
	with echo.connect() as c:
		c.send(req(b"GET /v1/runs/x", b"traceparent: " + value))
		assert c.reply().body.decode().endswith("trace=%s\n" % (value.decode() if kept else ""))


def test_problem_document(echo):
	import json
	with echo.connect() as c:
		c.send(req(b"GET /problem", b"X-Request-Id: r1"))
		reply = c.reply()
		assert reply.status == 422 and json.loads(reply.body) == {"type": "about:blank", "title": "Unprocessable Content", "status": 422,
			"code": "invalid_field", "detail": "pool 'a\"b\\c\n' is unknown", "field": "steps[2].pool",
			"hint": "see GET /v1/gpu-pools", "request_id": "r1"}


def test_date_is_there_and_now(echo):
	import email.utils
	with echo.connect() as c:
		c.send(GET)
		assert abs(email.utils.parsedate_to_datetime(c.reply().get("Date")).timestamp() - time.time()) < 3


# --- bodies out ---

@pytest.mark.parametrize("size", [0, 1, 4096, 4097, 70000, 5000000])
def test_big_replies(echo, size):
	with echo.connect() as c:
		c.send(req(b"GET /big/%d" % size) + GET)
		assert c.reply().body == b"x" * size and c.reply().body == b"hello\n"


def test_slow_reader_gets_all(echo):
	with echo.connect() as c:
		c.send(req(b"GET /big/8000000") + GET)
		time.sleep(0.3)
		assert len(c.reply().body) == 8000000 and c.reply().body == b"hello\n"


def test_file():
	with Echo(SENDFILE=os.path.abspath(__file__)) as program, program.connect() as c:
		c.send(req(b"GET /file") + req(b"HEAD /file") + GET)
		with open(__file__, "rb") as f:
			want = f.read()
		assert c.reply().body == want and c.reply(head_only=True).get("Content-Length") == str(len(want))
		assert c.reply().body == b"hello\n"


@pytest.mark.parametrize("query", [b"", b"?length=1"])
@pytest.mark.parametrize("size", [0, 1, 4096, 300000, 3000000])
def test_streamed_reply(echo, size, query):
	with echo.connect() as c:
		c.send(req(b"GET /pour/%d" % size + query) + GET)
		reply = c.reply()
		assert reply.body == b"\0" * size and c.reply().body == b"hello\n"
		assert (reply.get("Content-Length") == str(size)) if query else (reply.get("Transfer-Encoding") == "chunked")


@pytest.mark.parametrize("query", [b"?cut=1", b"?cut=1&length=1"])
def test_stream_that_breaks_off_is_seen_as_broken(echo, query):
	with echo.connect() as c:
		c.send(req(b"GET /pour/100000" + query) + GET)
		if b"length" in query:
			c.reply() # every announced byte was sent
			assert c.closed(), "but the connection ends"
		else:
			with pytest.raises(EOFError):
				c.reply()


@pytest.mark.parametrize("size", [0, 1, 100000, 5000000])
@pytest.mark.parametrize("how", ["length", "chunked"])
def test_streamed_body(echo, size, how):
	body = bytes(i & 255 for i in range(size))
	with echo.connect() as c:
		if how == "length":
			c.send(b"PUT /sum HTTP/1.1\r\nHost: t\r\nContent-Length: %d\r\n\r\n" % size + body + GET)
		else:
			pieces = b"".join(b"%x\r\n" % len(body[i:i + 7000]) + body[i:i + 7000] + b"\r\n" for i in range(0, size, 7000))
			c.send(b"PUT /sum HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n" + pieces + b"0\r\n\r\n" + GET)
		assert c.reply().body == b"%d %d\n" % (size, sum(body)) and c.reply().body == b"hello\n"


def test_streamed_body_with_bad_chunk(echo):
	with echo.connect() as c:
		c.send(b"PUT /sum HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nzz\r\n" + GET)
		reply = c.reply()
		assert reply.status == 400 and b"bad_chunk_size" in reply.body and c.closed()


def test_streamed_body_cut_off(echo):
	with echo.connect() as c:
		c.send(b"PUT /sum HTTP/1.1\r\nHost: t\r\nContent-Length: 100\r\n\r\nabc")
		c.sock.shutdown(socket.SHUT_WR)
		reply = c.reply()
		assert reply.status == 400 and b"body_cut_off" in reply.body and c.closed()


def test_buffered_body_cut_off(echo):
	with echo.connect() as c:
		c.send(b"POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 100\r\n\r\nabc")
		c.sock.shutdown(socket.SHUT_WR)
		assert c.reply().status == 400 and c.closed()


# --- workers ---

def test_worker_queue_is_bounded():
	with Echo(WORKERS=1, QUEUE=2) as program:
		conns = [program.connect() for _ in range(8)]
		for c in conns:
			c.send(req(b"GET /work/400"))
			time.sleep(0.02)
		replies = [c.reply() for c in conns]
		assert sorted(r.status for r in replies) == [200] * 3 + [503] * 5
		assert all(r.get("Retry-After") == "1" for r in replies if r.status == 503)
		for c in conns:
			c.send(GET)
			assert c.reply().status == 200
			c.sock.close()


def test_client_that_leaves_a_worker(echo):
	for _ in range(20):
		c = echo.connect()
		c.send(req(b"GET /work/5000"))
		time.sleep(0.01)
		c.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0") # reset
		c.sock.close()
	with echo.connect() as c:
		started = time.monotonic()
		c.send(req(b"GET /work/1"))
		assert c.reply().status in (200, 503) and time.monotonic() - started < 4


@pytest.mark.parametrize("path", [b"/pour/50000000", b"/events/1000", b"/big/30000000"])
def test_client_that_leaves_a_stream(echo, path):
	for _ in range(5):
		c = echo.connect()
		c.send(req(b"GET " + path))
		c.sock.recv(1000)
		c.sock.close()
	with echo.connect() as c:
		c.send(GET)
		assert c.reply().status == 200


# --- deadlines ---

def test_head_deadline():
	with Echo(HTTP_HEAD_TIMEOUT="300ms") as program, program.connect() as c:
		started = time.monotonic()
		c.send(b"GET /hello HTTP/1.1\r\nHost: t\r\n")
		for _ in range(5): # bytes that keep coming do not help
			time.sleep(0.05)
			c.send(b"X")
		reply = c.reply()
		assert reply.status == 408 and "head_timeout" in reply.body.decode() and c.closed()
		assert 0.2 < time.monotonic() - started < 2


@pytest.mark.parametrize("framing", [b"Content-Length: 1000", b"Content-Length: 500000", b"Transfer-Encoding: chunked"])
def test_body_deadline(framing):
	with Echo(HTTP_BODY_TIMEOUT="300ms") as program, program.connect() as c:
		c.send(b"POST /echo HTTP/1.1\r\nHost: t\r\n" + framing + b"\r\n\r\n" + b"5\r\n")
		for _ in range(5):
			time.sleep(0.05)
			c.send(b"X")
		reply = c.reply()
		assert reply.status == 408 and "body_timeout" in reply.body.decode() and c.closed()


def test_streamed_body_deadline():
	with Echo(HTTP_BODY_TIMEOUT="300ms") as program, program.connect() as c:
		c.send(b"PUT /sum HTTP/1.1\r\nHost: t\r\nContent-Length: 1000\r\n\r\nabc")
		reply = c.reply()
		assert reply.status == 408 and "too_slow" in reply.body.decode() and c.closed()


def drip(c, seconds, piece, pause):
	"""Sends PIECE every PAUSE seconds for SECONDS, or until the other side is gone; True when it stayed."""
	end = time.monotonic() + seconds
	while time.monotonic() < end:
		try:
			c.send(piece)
		except OSError:
			return False
		time.sleep(pause)
	return True


def test_a_streamed_body_keeps_a_pace():
	"""Bytes that keep coming do not help when they are too few; twice as many as needed do."""
	with Echo(HTTP_BODY_TIMEOUT="500ms", HTTP_MIN_RATE="1k") as program:
		with program.connect() as c:
			started = time.monotonic()
			c.send(b"PUT /sum HTTP/1.1\r\nHost: t\r\nContent-Length: 100000\r\n\r\n")
			drip(c, 1.5, b"x", 0.05)
			assert c.reply().status == 408 and time.monotonic() - started < 2.5
		with program.connect() as c:
			c.send(b"PUT /sum HTTP/1.1\r\nHost: t\r\nContent-Length: 6000\r\n\r\n")
			for _ in range(30):
				c.send(b"x" * 200)
				time.sleep(0.05)
			assert c.reply().status == 200
		assert 'http_refused_total{server="main",reason="too_slow"} 1' in program.metrics()


@pytest.mark.parametrize("path", [b"/pour/30000000", b"/big/30000000"])
def test_a_reply_is_taken_at_a_pace(path):
	"""A reader that never pauses for long, but takes less than it must, is given up."""
	with Echo(HTTP_WRITE_TIMEOUT="1s", HTTP_MIN_RATE="64m") as program:
		s = socket.socket()
		s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
		s.connect(("127.0.0.1", program.port))
		with Conn(s) as c:
			c.send(req(b"GET " + path))
			got, held = 0, True
			while held and got < 20000000:
				got += len(s.recv(65536))
				time.sleep(0.02)
				held = 'http_connections{server="main"} 1' in program.metrics()
			assert not held, "%d bytes were taken, and the connection is still there" % got


def test_idle_deadline():
	with Echo(HTTP_IDLE_TIMEOUT="300ms") as program:
		with program.connect() as fresh, program.connect() as used:
			used.send(GET)
			used.reply()
			started = time.monotonic()
			assert fresh.closed() and used.closed() and 0.15 < time.monotonic() - started < 2


def test_write_deadline():
	with Echo(HTTP_WRITE_TIMEOUT="300ms") as program, program.connect() as c:
		c.send(req(b"GET /big/30000000"))
		time.sleep(1.0)
		with pytest.raises(EOFError):
			c.reply()


def test_long_work_is_no_idleness():
	with Echo(HTTP_IDLE_TIMEOUT="100ms", HTTP_HEAD_TIMEOUT="100ms") as program, program.connect() as c:
		c.send(req(b"GET /work/500"))
		assert c.reply().body == b"worked\n"


# --- limits on connections ---

def test_connection_limit():
	with Echo(HTTP_MAX_CONNS=3) as program:
		held = [program.connect() for _ in range(3)]
		for c in held:
			c.send(GET)
			assert c.reply().status == 200
		with program.connect() as c:
			reply = c.reply()
			assert reply.status == 503 and reply.get("Connection") == "close" and reply.get("Retry-After") == "1" and c.closed()
		held.pop().sock.close()
		time.sleep(0.1)
		with program.connect() as c:
			c.send(GET)
			assert c.reply().status == 200
		for c in held:
			c.sock.close()


def test_address_limit():
	with Echo(HTTP_MAX_CONNS_PER_ADDR=2) as program:
		held = [program.connect() for _ in range(2)]
		with program.connect() as c:
			assert c.reply().status == 429 and c.closed()
		for c in held:
			c.send(GET)
			assert c.reply().status == 200
			c.sock.close()
		time.sleep(0.1)
		with program.connect() as c:
			c.send(GET)
			assert c.reply().status == 200


def test_replies_that_nobody_takes_have_a_bound():
	with Echo(HTTP_MAX_BUFFERED_PER_ADDR="20m") as program:
		slow = [program.connect() for _ in range(3)]
		for c in slow[:2]:
			c.send(req(b"GET /big/12000000"))
			time.sleep(0.2)
		reply = slow[1].reply()
		assert reply.status == 503 and b'"buffers_full"' in reply.body and reply.get("Retry-After") == "1"
		assert len(slow[0].reply().body) == 12000000
		slow[2].send(req(b"GET /big/12000000"))
		assert len(slow[2].reply().body) == 12000000
		for c in slow:
			c.sock.close()


def test_bodies_are_counted_until_they_are_answered():
	with Echo(HTTP_MAX_BUFFERED="1700k") as program, program.connect() as first, program.connect() as second:
		first.send(req(b"POST /echo", body=b"x" * 600000)[:-10])
		time.sleep(0.2)
		second.send(req(b"POST /echo", body=b"x" * 600000))
		reply = second.reply()
		assert reply.status == 503 and b'"buffers_full"' in reply.body
		first.send(b"x" * 10)
		assert len(first.reply().body) == 600000
		with program.connect() as third:
			third.send(req(b"POST /echo", body=b"x" * 600000))
			assert len(third.reply().body) == 600000


def connect_from(program, address):
	s = socket.create_connection(("127.0.0.1", program.port), 10, (address, 0))
	return Conn(s)


def test_an_address_past_its_limit_leaves_the_others_alone():
	"""Whoever is refused again and again takes no connection of the server's: neither are those counted, nor kept past 64."""
	with Echo(HTTP_MAX_CONNS=100, HTTP_MAX_CONNS_PER_ADDR=5, HTTP_LINGER_TIMEOUT="5s") as program:
		flood = [program.connect() for _ in range(240)]
		time.sleep(0.3)
		for n in range(2, 7):
			with connect_from(program, "127.0.0.%d" % n) as c:
				c.send(GET)
				assert c.reply().status == 200
		for c in flood[:5]:
			c.send(GET)
			assert c.reply().status == 200
		assert flood[5].reply().status == 429
		for c in flood:
			c.sock.close()
		time.sleep(0.3)
		assert 'http_connections{server="main"} 0' in program.metrics()
		with program.connect() as c:
			c.send(GET)
			assert c.reply().status == 200


def test_slow_heads_do_not_hinder_others():
	with Echo(HTTP_HEAD_TIMEOUT="2s") as program:
		slow = [program.connect() for _ in range(200)]
		for c in slow:
			c.send(b"GET /hello HTTP/1.1\r\nHost:")
		with program.connect() as c:
			started = time.monotonic()
			for _ in range(200):
				c.send(GET)
				assert c.reply().status == 200
			assert time.monotonic() - started < 2
		assert all(c.reply().status == 408 for c in slow)
		for c in slow:
			c.sock.close()


@pytest.mark.parametrize("host,status", [(b"api.example", 200), (b"API.example:8000", 200), (b"[::1]:80", 200), (b"evil", 421), (b"api.example.evil", 421)])
def test_hosts(host, status):
	with Echo(HTTP_HOSTS="api.example [::1]") as program, program.connect() as c:
		c.send(b"GET /hello HTTP/1.1\r\nHost: " + host + b"\r\n\r\n")
		assert c.reply().status == status


@pytest.mark.parametrize("setting", ["HTTP_MAX_HEAD=x", "HTTP_MAX_HEAD=1", "HTTP_IDLE_TIMEOUT=5", "HTTP_NO_SUCH=1", "HTTP_TLS_CERT=/nowhere"])
def test_bad_settings_stop_the_start(setting):
	from httplib import echo_program
	run = subprocess.run([echo_program(), setting], capture_output=True, text=True, timeout=20, check=False)
	assert run.returncode in (1, 2) and setting.split("=")[0] in run.stderr


# --- several loops, unix sockets, TLS ---

def test_several_loops():
	with Echo(LOOPS=4) as program:
		def hammer():
			for _ in range(20):
				with program.connect() as c:
					c.send(req(b"GET /work/1") + GET + req(b"GET /pour/20000") + GET)
					assert [c.reply().status for _ in range(4)][1] == 200
		threads = [threading.Thread(target=hammer) for _ in range(8)]
		for t in threads:
			t.start()
		for t in threads:
			t.join()


@pytest.mark.parametrize("depth", [0, 8])
def test_unix_socket(tmp_path, depth):
	folder = tmp_path
	for i in range(depth):
		folder = folder / ("a-rather-long-name-%d" % i)
	folder.mkdir(parents=True, exist_ok=True)
	path = str(folder / "s")
	with Echo(LISTEN_UNIX="unix:" + path):
		s = socket.socket(socket.AF_UNIX)
		handle = os.open(str(folder), os.O_PATH)
		s.connect("/proc/self/fd/%d/s" % handle)
		with Conn(s) as c:
			c.send(GET * 2)
			assert c.reply().status == 200 and c.reply().status == 200
		os.close(handle)
	assert not os.path.exists(path)


@pytest.fixture(scope="module")
def tls(tmp_path_factory):
	folder = tmp_path_factory.mktemp("tls")
	cert, key = str(folder / "cert.pem"), str(folder / "key.pem")
	subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
		"-subj", "/CN=localhost", "-keyout", key, "-out", cert], check=True, capture_output=True)
	with Echo(HTTP_TLS_CERT=cert, HTTP_TLS_KEY=key, HTTP_HEAD_TIMEOUT="1s", SENDFILE=os.path.abspath(__file__)) as program:
		yield program


def test_tls_requests(tls):
	with tls.connect_tls() as c:
		c.send(GET * 3 + req(b"POST /echo", body=b"y" * 100000) + req(b"GET /big/500000") + req(b"GET /pour/200000") + req(b"GET /file") + GET)
		assert [c.reply().body for _ in range(3)] == [b"hello\n"] * 3
		assert c.reply().body == b"y" * 100000
		assert len(c.reply().body) == 500000
		assert len(c.reply().body) == 200000
		assert len(c.reply().body) == os.path.getsize(__file__)
		assert c.reply().body == b"hello\n"


def test_tls_byte_by_byte(tls):
	with tls.connect_tls() as c:
		c.send(req(b"POST /echo", body=b"abc"), 1)
		assert c.reply().body == b"abc"


def test_tls_refuses_plain_text(tls):
	with tls.connect() as c:
		c.send(GET)
		assert b"hello" not in c._rest()


def test_tls_handshake_deadline(tls):
	with tls.connect() as c:
		started = time.monotonic()
		assert c.closed() and time.monotonic() - started < 4


# --- drain ---

def test_drain_finishes_what_runs():
	with Echo() as program:
		idle, busy, half = program.connect(), program.connect(), program.connect()
		idle.send(GET)
		idle.reply()
		busy.send(req(b"GET /work/600"))
		half.send(b"GET /hello HTTP/1.1\r\nHost:")
		time.sleep(0.1)
		program.signal(15)
		assert idle.closed()
		half.send(b" t\r\n\r\n")
		reply = half.reply()
		assert reply.status == 200 and reply.get("Connection") == "close"
		reply = busy.reply()
		assert reply.body == b"worked\n" and reply.get("Connection") == "close"
		with pytest.raises(OSError):
			socket.create_connection(("127.0.0.1", program.port), 2)
		assert program.wait() == 0


def test_drain_has_an_end():
	with Echo(HTTP_DRAIN_TIMEOUT="300ms") as program, program.connect() as c:
		c.send(req(b"GET /events/100000"))
		c.sock.recv(100)
		started = time.monotonic()
		assert program.stop() == 0 and time.monotonic() - started < 4


# --- ops listener ---

def test_ops(echo):
	c = Conn(socket.create_connection(("127.0.0.1", echo.ops_port), 5))
	with c:
		c.send(req(b"GET /healthz") + req(b"GET /readyz") + req(b"GET /metrics") + req(b"GET /x"))
		assert c.reply().body == b"ok\n" and c.reply().status == 200
		reply = c.reply()
		assert reply.get("Content-Type").startswith("text/plain; version=0.0.4")
		text = reply.body.decode()
		assert 'http_requests_total{server="main",route="/hello",method="GET",class="2xx"}' in text
		assert 'http_request_seconds_count{server="main",route="/hello"}' in text
		assert 'http_connections{server="ops"} 1' in text
		assert c.reply().status == 404


def test_the_ops_listener_has_limits_too():
	with Echo(OPS_MAX_CONNS=2, HTTP_MAX_TARGET=100) as program:
		with contextlib.ExitStack() as stack:
			held = [stack.enter_context(Conn(socket.create_connection(("127.0.0.1", program.ops_port), 10))) for _ in range(2)]
			with Conn(socket.create_connection(("127.0.0.1", program.ops_port), 10)) as c:
				assert c.reply().status == 503
			held[0].send(b"GET /" + b"x" * 200 + b" HTTP/1.1\r\nHost: t\r\n\r\n")
			assert held[0].reply().status == 414
