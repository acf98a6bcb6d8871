"""Requests as raw bytes: what is answered, what is refused, and that a refusal ends the connection. Every row is sent
whole and byte by byte; after it comes a request that must never be answered when the row was refused."""
# timeout: 300
import pytest

from httplib import Echo

H = b"Host: t\r\n"
GET = b"GET /hello HTTP/1.1\r\n"
SMUGGLED = b"GET /hello HTTP/1.1\r\nHost: t\r\nX-Request-Id: smuggled\r\n\r\n"


def get(*lines):
	return GET + b"".join(line + b"\r\n" for line in (b"Host: t",) + lines) + b"\r\n"


def post(*lines, body=b""):
	return b"POST /echo HTTP/1.1\r\n" + b"".join(line + b"\r\n" for line in (b"Host: t",) + lines) + b"\r\n" + body


def chunked(body):
	return post(b"Transfer-Encoding: chunked", body=body)


def target(t, method=b"GET"):
	return method + b" " + t + b" HTTP/1.1\r\nHost: t\r\n\r\n"


# name, bytes, status, code of the problem
REFUSED = [
	# lines and control bytes
	("bare LF after request line", b"GET /hello HTTP/1.1\nHost: t\r\n\r\n", 400, "bare_lf"),
	("bare LF after field", GET + b"Host: t\n\r\n", 400, "bare_lf"),
	("bare LF only", b"GET /hello HTTP/1.1\nHost: t\n\n", 400, "bare_lf"),
	("bare LF as the end", GET + H + b"\n", 400, "bare_lf"),
	("CR without LF in a value", get(b"X: a\rb"), 400, "bare_cr"),
	("CR CR LF", GET + b"Host: t\r\r\n\r\n", 400, "bare_cr"),
	("CR in the request line", b"GET /hello\r HTTP/1.1\r\n" + H + b"\r\n", 400, "bare_cr"),
	("NUL in a value", get(b"X: a\0b"), 400, "control_byte"),
	("NUL in a name", get(b"X\0Y: a"), 400, "control_byte"),
	("NUL in the target", target(b"/hel\0lo"), 400, "control_byte"),
	("bell in a value", get(b"X: a\x07b"), 400, "control_byte"),
	("escape in a value", get(b"X: \x1b[31m"), 400, "control_byte"),
	("DEL in a value", get(b"X: a\x7fb"), 400, "control_byte"),
	("vertical tab in a value", get(b"X: a\x0bb"), 400, "control_byte"),
	("empty line first", b"\r\n" + get(), 400, "bad_request_line"),
	("obs-fold with blank", get(b"X: a", b" b"), 400, "obs_fold"),
	("obs-fold with tab", get(b"X: a", b"\tb"), 400, "obs_fold"),
	("first header line starts with a blank", GET + b" Host: t\r\n\r\n", 400, "obs_fold"),
	# request line
	("two blanks after the method", b"GET  /hello HTTP/1.1\r\n" + H + b"\r\n", 400, None),
	("two blanks before the version", b"GET /hello  HTTP/1.1\r\n" + H + b"\r\n", 400, None),
	("blank at the end of the request line", b"GET /hello HTTP/1.1 \r\n" + H + b"\r\n", 400, None),
	("blank first", b" GET /hello HTTP/1.1\r\n" + H + b"\r\n", 400, None),
	("tab as separator", b"GET\t/hello\tHTTP/1.1\r\n" + H + b"\r\n", 400, "bad_request_line"),
	("no version", b"GET /hello\r\n" + H + b"\r\n", 400, "bad_request_line"),
	("HTTP/0.9 style", b"GET /hello\r\n\r\n", 400, "bad_request_line"),
	("version 2.0", b"GET /hello HTTP/2.0\r\n" + H + b"\r\n", 505, "version"),
	("version 1.2", b"GET /hello HTTP/1.2\r\n" + H + b"\r\n", 505, "version"),
	("version 0.9", b"GET /hello HTTP/0.9\r\n" + H + b"\r\n", 505, "version"),
	("version 3.1", b"GET /hello HTTP/3.1\r\n" + H + b"\r\n", 505, "version"),
	("HTTP/2 preface", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505, "version"),
	("version 1.10", b"GET /hello HTTP/1.10\r\n" + H + b"\r\n", 400, "bad_version"),
	("version 1", b"GET /hello HTTP/1\r\n" + H + b"\r\n", 400, "bad_version"),
	("version with a letter", b"GET /hello HTTP/1.x\r\n" + H + b"\r\n", 400, "bad_version"),
	("lower-case http", b"GET /hello http/1.1\r\n" + H + b"\r\n", 400, "bad_version"),
	("HTTPS/1.1", b"GET /hello HTTPS/1.1\r\n" + H + b"\r\n", 400, "bad_version"),
	("method with a colon", b"GE:T /hello HTTP/1.1\r\n" + H + b"\r\n", 400, "bad_method"),
	("method with a bracket", b"GET( /hello HTTP/1.1\r\n" + H + b"\r\n", 400, "bad_method"),
	("method of 33 bytes", b"A" * 33 + b" /hello HTTP/1.1\r\n" + H + b"\r\n", 400, "bad_method"),
	("method beyond ASCII", b"G\xc3\x89T /hello HTTP/1.1\r\n" + H + b"\r\n", 400, "bad_method"),
	("TLS client hello", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400, "control_byte"),
	# target
	("empty target", b"GET  HTTP/1.1\r\n" + H + b"\r\n", 400, "bad_target"),
	("target without slash", target(b"hello"), 400, "bad_target"),
	("fragment", target(b"/hello#a"), 400, "bad_target"),
	("raw blank by way of %", target(b"/hel%2"), 400, "bad_escape"),
	("percent alone", target(b"/%"), 400, "bad_escape"),
	("percent and letters", target(b"/%zz"), 400, "bad_escape"),
	("percent in the query", target(b"/hello?a=%g1"), 400, "bad_escape"),
	("encoded NUL", target(b"/v1/runs/a%00b"), 400, "bad_escape"),
	("encoded NUL in the query", target(b"/hello?a=%00"), 400, "bad_escape"),
	("byte above ASCII", target(b"/hell\xc3\xb6"), 400, "bad_target"),
	("double quote", target(b'/"'), 400, "bad_target"),
	("angle bracket", target(b"/<a>"), 400, "bad_target"),
	("backslash", target(b"/a\\b"), 400, "bad_target"),
	("caret", target(b"/a^b"), 400, "bad_target"),
	("asterisk with GET", target(b"*"), 400, "bad_target"),
	("authority form", target(b"t:80"), 400, "bad_target"),
	("absolute for another host", target(b"http://evil/hello"), 400, "host_mismatch"),
	("absolute, same host, other port", target(b"http://t:81/hello"), 400, "host_mismatch"),
	("absolute with user", target(b"http://u@t/hello"), 400, "bad_target"),
	("absolute without host", target(b"http:///hello"), 400, "bad_target"),
	("absolute ftp", target(b"ftp://t/hello"), 400, "bad_target"),
	("target of 9,000 bytes", target(b"/" + b"a" * 9000), 414, "target_too_long"),
	("target without end", b"GET /" + b"a" * 20000, 414, "target_too_long"),
	# Host
	("no Host", GET + b"\r\n", 400, "no_host"),
	("empty Host", GET + b"Host:\r\n\r\n", 400, "bad_host"),
	("two Hosts", get(b"Host: u"), 400, "duplicate_host"),
	("two equal Hosts", get(b"Host: t"), 400, "duplicate_host"),
	("two Hosts, other case", get(b"hOST: t"), 400, "duplicate_host"),
	("Host with a path", GET + b"Host: t/x\r\n\r\n", 400, "bad_host"),
	("Host with a blank", GET + b"Host: t u\r\n\r\n", 400, "bad_host"),
	("Host with user", GET + b"Host: u@t\r\n\r\n", 400, "bad_host"),
	("Host with a list", GET + b"Host: t, u\r\n\r\n", 400, "bad_host"),
	("Host with a bad port", GET + b"Host: t:8x\r\n\r\n", 400, "bad_host"),
	("Host with port 65536", GET + b"Host: t:65536\r\n\r\n", 400, "bad_host"),
	("Host with an empty port", GET + b"Host: t:\r\n\r\n", 400, "bad_host"),
	("Host with an open bracket", GET + b"Host: [::1\r\n\r\n", 400, "bad_host"),
	# field names
	("blank before the colon", get(b"X : a"), 400, "bad_field_name"),
	("tab before the colon", get(b"X\t: a"), 400, "bad_field_name"),
	("blank before Host's colon", GET + b"Host : t\r\n\r\n", 400, "bad_field_name"),
	("no colon", get(b"X"), 400, "bad_field_name"),
	("empty name", get(b": a"), 400, "bad_field_name"),
	("blank in a name", get(b"X Y: a"), 400, "bad_field_name"),
	("bracket in a name", get(b"X(: a"), 400, "bad_field_name"),
	("name beyond ASCII", get(b"X\xc3\x89: a"), 400, "bad_field_name"),
	("65 fields", get(*[b"X-%d: a" % i for i in range(64)]), 431, "too_many_fields"),
	("head of 17 KiB", get(*[b"X-%d: %s" % (i, b"a" * 1000) for i in range(17)]), 431, "head_too_long"),
	("one field without end", GET + b"X: " + b"a" * 20000, 431, "head_too_long"),
	# Content-Length
	("two lengths", post(b"Content-Length: 3", b"Content-Length: 4", body=b"abcd"), 400, "duplicate_length"),
	("two equal lengths", post(b"Content-Length: 3", b"Content-Length: 3", body=b"abc"), 400, "duplicate_length"),
	("list of equal lengths", post(b"Content-Length: 3, 3", body=b"abc"), 400, "bad_length"),
	("plus sign", post(b"Content-Length: +3", body=b"abc"), 400, "bad_length"),
	("minus sign", post(b"Content-Length: -3", body=b"abc"), 400, "bad_length"),
	("hexadecimal length", post(b"Content-Length: 0x3", body=b"abc"), 400, "bad_length"),
	("decimal point", post(b"Content-Length: 3.0", body=b"abc"), 400, "bad_length"),
	("exponent", post(b"Content-Length: 3e0", body=b"abc"), 400, "bad_length"),
	("blank inside", post(b"Content-Length: 1 2", body=b"abc"), 400, "bad_length"),
	("empty length", post(b"Content-Length:", body=b"abc"), 400, "bad_length"),
	("letters", post(b"Content-Length: abc", body=b"abc"), 400, "bad_length"),
	("2^63", post(b"Content-Length: 9223372036854775808"), 400, "bad_length"),
	("2^64 + 3", post(b"Content-Length: 18446744073709551619", body=b"abc"), 400, "bad_length"),
	("blank before the colon of length", post(b"Content-Length : 3", body=b"abc"), 400, "bad_field_name"),
	("underscore twin", post(b"Content-Length: 3", b"Content\x00Length: 3", body=b"abc"), 400, "control_byte"),
	("length above the route's limit", post(b"Content-Length: 1048577"), 413, "body_too_big"),
	("body where none is allowed", get(b"Content-Length: 3") + b"abc", 413, "body_too_big"),
	# Transfer-Encoding
	("coding and length", post(b"Transfer-Encoding: chunked", b"Content-Length: 3", body=b"0\r\n\r\n"), 400, "length_and_coding"),
	("length and coding", post(b"Content-Length: 5", b"Transfer-Encoding: chunked", body=b"0\r\n\r\n"), 400, "length_and_coding"),
	("length 0 and coding", post(b"Content-Length: 0", b"Transfer-Encoding: chunked", body=b"0\r\n\r\n"), 400, "length_and_coding"),
	("coding twice", post(b"Transfer-Encoding: chunked", b"Transfer-Encoding: chunked", body=b"0\r\n\r\n"), 400, "duplicate_coding"),
	("coding and identity", post(b"Transfer-Encoding: chunked", b"Transfer-Encoding: identity", body=b"0\r\n\r\n"), 400, "duplicate_coding"),
	("identity", post(b"Transfer-Encoding: identity", body=b"abc"), 400, "bad_coding"),
	("gzip", post(b"Transfer-Encoding: gzip", body=b"abc"), 400, "bad_coding"),
	("chunked, identity", post(b"Transfer-Encoding: chunked, identity", body=b"0\r\n\r\n"), 400, "bad_coding"),
	("chunked, chunked", post(b"Transfer-Encoding: chunked, chunked", body=b"0\r\n\r\n"), 400, "bad_coding"),
	("gzip, chunked", post(b"Transfer-Encoding: gzip, chunked", body=b"0\r\n\r\n"), 501, "coding"),
	("xchunked", post(b"Transfer-Encoding: xchunked", body=b"0\r\n\r\n"), 400, "bad_coding"),
	("chunked with parameter", post(b"Transfer-Encoding: chunked;q=1", body=b"0\r\n\r\n"), 400, "bad_coding"),
	("quoted chunked", post(b'Transfer-Encoding: "chunked"', body=b"0\r\n\r\n"), 400, "bad_coding"),
	("comma, chunked", post(b"Transfer-Encoding: ,chunked", body=b"0\r\n\r\n"), 400, "bad_coding"),
	("empty coding", post(b"Transfer-Encoding:", body=b"0\r\n\r\n"), 400, "bad_coding"),
	("vertical tab before chunked", post(b"Transfer-Encoding: \x0bchunked", body=b"0\r\n\r\n"), 400, "control_byte"),
	("blank before the colon of coding", post(b"Transfer-Encoding : chunked", body=b"0\r\n\r\n"), 400, "bad_field_name"),
	("folded coding", post(b"Transfer-Encoding:", b" chunked", body=b"0\r\n\r\n"), 400, None),
	("chunked on HTTP/1.0", b"POST /echo HTTP/1.0\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400, "coding_in_1_0"),
	# chunks
	("size not hexadecimal", chunked(b"g\r\nabc\r\n0\r\n\r\n"), 400, "bad_chunk_size"),
	("size with 0x", chunked(b"0x3\r\nabc\r\n0\r\n\r\n"), 400, "bad_chunk_size"),
	("size with plus", chunked(b"+3\r\nabc\r\n0\r\n\r\n"), 400, "bad_chunk_size"),
	("size with minus", chunked(b"-3\r\nabc\r\n0\r\n\r\n"), 400, "bad_chunk_size"),
	("empty size", chunked(b"\r\nabc\r\n0\r\n\r\n"), 400, "bad_chunk_size"),
	("blank before size", chunked(b" 3\r\nabc\r\n0\r\n\r\n"), 400, "bad_chunk_size"),
	("blank after size", chunked(b"3 \r\nabc\r\n0\r\n\r\n"), 400, "bad_chunk_size"),
	("size of 17 digits", chunked(b"10000000000000003\r\nabc\r\n0\r\n\r\n"), 400, "bad_chunk_size"),
	("size 2^64 - 1", chunked(b"ffffffffffffffff\r\nabc\r\n0\r\n\r\n"), 400, "bad_chunk_size"),
	("bare LF after size", chunked(b"3\nabc\r\n0\r\n\r\n"), 400, "bad_chunk_size"),
	("bare LF after data", chunked(b"3\r\nabc\n0\r\n\r\n"), 400, "bad_chunk_end"),
	("data longer than size", chunked(b"3\r\nabcd\r\n0\r\n\r\n"), 400, "bad_chunk_end"),
	("data shorter than size", chunked(b"4\r\nabc\r\n0\r\n\r\n"), 400, "bad_chunk_end"),
	("CR X after size", chunked(b"3\rXabc\r\n0\r\n\r\n"), 400, "bad_chunk_end"),
	("NUL in an extension", chunked(b"3;a=\0\r\nabc\r\n0\r\n\r\n"), 400, "bad_chunk_size"),
	("LF in an extension", chunked(b"3;a\nb\r\nabc\r\n0\r\n\r\n"), 400, "bad_chunk_size"),
	("extension of 300 bytes", chunked(b"3;" + b"a" * 300 + b"\r\nabc\r\n0\r\n\r\n"), 400, "chunk_line_too_long"),
	("leading zeros without end", chunked(b"0" * 300 + b"3\r\nabc\r\n0\r\n\r\n"), 400, "chunk_line_too_long"),
	("trailer without colon", chunked(b"0\r\nabc\r\n\r\n"), 400, "bad_trailer"),
	("trailer with blank before colon", chunked(b"0\r\nX : a\r\n\r\n"), 400, "bad_trailer"),
	("folded trailer", chunked(b"0\r\nX: a\r\n b\r\n\r\n"), 400, "bad_trailer"),
	("bare LF after trailer", chunked(b"0\r\nX: a\n\r\n"), 400, "bad_trailer"),
	("bare LF as the end of the body", chunked(b"0\r\n\n"), 400, "bad_trailer"),
	("trailers of 5 KiB", chunked(b"0\r\nX: " + b"a" * 5000 + b"\r\n\r\n"), 431, "trailers_too_long"),
	("chunks above the route's limit", b"PUT /echo HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n" + b"20\r\n" + b"a" * 32 + b"\r\n" + b"21\r\n" + b"a" * 33 + b"\r\n0\r\n\r\n", 413, "body_too_big"),
	# others
	("unknown expectation", post(b"Content-Length: 3", b"Expect: 200-ok", body=b"abc"), 417, "expectation"),
	("Connection is no list of tokens", get(b"Connection: clo se"), 400, "bad_connection"),
]

# name, bytes, status, body (None: not looked at)
ANSWERED = [
	("plain GET", get(), 200, b"hello\n"),
	("empty value", get(b"X:"), 200, b"hello\n"),
	("no blank after the colon", GET + b"Host:t\r\n\r\n", 200, b"hello\n"),
	("many blanks around a value", GET + b"Host: \t t \t\r\n\r\n", 200, b"hello\n"),
	("tab inside a value", get(b"X: a\tb"), 200, b"hello\n"),
	("bytes above ASCII in a value", get(b"X: \xc3\xa9\xff"), 200, b"hello\n"),
	("every token byte in a name", get(b"!#$%&'*+-.^_`|~09azAZ: a"), 200, b"hello\n"),
	("63 fields", get(*[b"X-%d: a" % i for i in range(62)]), 200, b"hello\n"),
	("Host with a port", GET + b"Host: t:8000\r\n\r\n", 200, b"hello\n"),
	("Host is IPv6", GET + b"Host: [::1]:8000\r\n\r\n", 200, b"hello\n"),
	("absolute target", target(b"http://t/hello"), 200, b"hello\n"),
	("absolute target, https, other case", target(b"HTTPS://T/hello"), 200, b"hello\n"),
	("absolute target without a path", target(b"http://t"), 404, None),
	("query", target(b"/hello?a=b&c=%20"), 200, b"hello\n"),
	("empty query", target(b"/hello?"), 200, b"hello\n"),
	("question mark in the query", target(b"/hello?a?b"), 200, b"hello\n"),
	("length 0", post(b"Content-Length: 0"), 200, b""),
	("POST without a body", post(), 200, b""),
	("length with leading zeros", post(b"Content-Length: 003", body=b"abc"), 200, b"abc"),
	("body", post(b"Content-Length: 3", body=b"abc"), 200, b"abc"),
	("body of CRLF", post(b"Content-Length: 4", body=b"\r\n\r\n"), 200, b"\r\n\r\n"),
	("body that looks like a request", post(b"Content-Length: %d" % len(SMUGGLED), body=SMUGGLED), 200, SMUGGLED),
	("body of 100,000 bytes", post(b"Content-Length: 100000", body=b"x" * 100000), 200, b"x" * 100000),
	("one chunk", chunked(b"3\r\nabc\r\n0\r\n\r\n"), 200, b"abc"),
	("several chunks", chunked(b"1\r\na\r\n2\r\nbc\r\n0\r\n\r\n"), 200, b"abc"),
	("no chunk", chunked(b"0\r\n\r\n"), 200, b""),
	("upper-case size", chunked(b"A\r\n0123456789\r\n0\r\n\r\n"), 200, b"0123456789"),
	("leading zeros in a size", chunked(b"0003\r\nabc\r\n000\r\n\r\n"), 200, b"abc"),
	("chunk extension", chunked(b'3;a=b;c="d"\r\nabc\r\n0;x\r\n\r\n'), 200, b"abc"),
	("trailers", chunked(b"3\r\nabc\r\n0\r\nX: a\r\nContent-Length: 9\r\n\r\n"), 200, b"abc"),
	("coding in capitals", post(b"Transfer-Encoding: CHUNKED", body=b"3\r\nabc\r\n0\r\n\r\n"), 200, b"abc"),
	("chunk of 50,000 bytes", chunked(b"C350\r\n" + b"y" * 50000 + b"\r\n0\r\n\r\n"), 200, b"y" * 50000),
	("route's limit exactly", b"PUT /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 64\r\n\r\n" + b"a" * 64, 200, b"a" * 64),
	("Connection: keep-alive", get(b"Connection: keep-alive"), 200, b"hello\n"),
	("Connection with other tokens", get(b"Connection: x, , keep-alive", b"X: 1"), 200, b"hello\n"),
	("unknown Upgrade is ignored", get(b"Connection: upgrade", b"Upgrade: h2c"), 200, b"hello\n"),
	("unknown method", b"BREW /hello HTTP/1.1\r\nHost: t\r\n\r\n", 501, None),
	("TRACE", b"TRACE /hello HTTP/1.1\r\nHost: t\r\n\r\n", 501, None),
	("CONNECT", b"CONNECT t:80 HTTP/1.1\r\nHost: t\r\n\r\n", 501, None),
	("method in lower case", b"get /hello HTTP/1.1\r\nHost: t\r\n\r\n", 501, None),
	("known method, wrong route", b"DELETE /hello HTTP/1.1\r\nHost: t\r\n\r\n", 405, None),
	("unknown path", target(b"/nothing"), 404, None),
	("slash at the end", target(b"/hello/"), 404, None),
	("two slashes", target(b"//hello"), 404, None),
	("dot segment", target(b"/v1/../hello"), 400, None),
	("encoded dot segment", target(b"/v1/runs/%2e%2e"), 400, None),
	("dots inside the rest", target(b"/blobs/a/../b"), 400, None),
	("encoded dots inside the rest", target(b"/blobs/a/%2e%2E/b"), 400, None),
	("parameter that is no UTF-8", target(b"/v1/runs/%ff%fe"), 400, None),
	("overlong slash", target(b"/v1/runs/%c0%af"), 400, None),
	("parameter, decoded", target(b"/v1/runs/a%20b%2Fc"), 200, b"GET /v1/runs/a%20b%2Fc\nid=a b/c\nq=\nhost=t\ntrace=\n"),
	("literal wins over parameter", target(b"/v1/runs/latest"), 200, b"GET /v1/runs/latest\n=\nq=\nhost=t\ntrace=\n"),
	("parameter before a literal", target(b"/v1/runs/latest/steps"), 200, b"GET /v1/runs/latest/steps\nid=latest\nq=\nhost=t\ntrace=\n"),
	("empty parameter", target(b"/v1/runs/"), 404, None),
	("rest of the path", target(b"/blobs/a/b//c"), 200, b"GET /blobs/a/b//c\nkey=a/b//c\nq=\nhost=t\ntrace=\n"),
	("rest must not be empty", target(b"/blobs/"), 404, None),
	("query parameter, decoded", target(b"/v1/runs/x?a=1&q=b+%2B%26"), 200, b"GET /v1/runs/x\nid=x\nq=b +&\nhost=t\ntrace=\n"),
	("query parameter twice", target(b"/v1/runs/x?q=1&q=2"), 400, None),
	("OPTIONS on a route", target(b"/hello", b"OPTIONS"), 204, None),
	("OPTIONS *", target(b"*", b"OPTIONS"), 204, None),
]


@pytest.fixture(scope="module")
def echo():
	with Echo() as program:
		yield program


def ids(rows):
	return [row[0].replace(" ", "_") for row in rows]


@pytest.mark.parametrize("piece", [None, 1], ids=["whole", "bytewise"])
@pytest.mark.parametrize("name,data,status,code", REFUSED, ids=ids(REFUSED))
def test_refused(echo, name, data, status, code, piece):
	with echo.connect() as c:
		if piece and len(data) > 2000:
			piece = 97
		c.send(data + SMUGGLED, piece)
		reply = c.reply()
		assert reply.status == status, reply
		assert reply.get("Connection") == "close" and reply.get("X-Request-Id") not in (None, "smuggled")
		assert reply.get("Content-Type") == "application/problem+json"
		assert code is None or '"code":"%s"' % code in reply.body.decode(), reply
		assert c.closed(), "answered after a refusal"


@pytest.mark.parametrize("piece", [None, 1], ids=["whole", "bytewise"])
@pytest.mark.parametrize("name,data,status,body", ANSWERED, ids=ids(ANSWERED))
def test_answered(echo, name, data, status, body, piece):
	with echo.connect() as c:
		if piece and len(data) > 2000:
			piece = 97
		c.send(data, piece)
		reply = c.reply()
		assert reply.status == status, reply
		assert body is None or reply.body == body
		assert reply.get("Connection") is None
		c.send(SMUGGLED)
		after = c.reply()
		assert after.status == 200 and after.get("X-Request-Id") == "smuggled", "the connection goes on"
