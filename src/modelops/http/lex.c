/* Character classes of HTTP and the scan for control bytes. */
#include "modelops/http/lex.h"

#include <string.h>

#ifdef __SSE2__
typedef uint8_t bytes16 __attribute__((vector_size(16)));
typedef char signs16 __attribute__((vector_size(16)));
#endif

#define ALNUM_ (HTTP_LEX_TOKEN | HTTP_LEX_TARGET | HTTP_LEX_HOST)

const uint8_t http_lex[256] = {
	['0' ... '9'] = ALNUM_ | HTTP_LEX_HEX | HTTP_LEX_V6,
	['a' ... 'f'] = ALNUM_ | HTTP_LEX_HEX | HTTP_LEX_V6,
	['A' ... 'F'] = ALNUM_ | HTTP_LEX_HEX | HTTP_LEX_V6,
	['g' ... 'z'] = ALNUM_,
	['G' ... 'Z'] = ALNUM_,
	['-'] = ALNUM_,
	['.'] = ALNUM_ | HTTP_LEX_V6,
	['_'] = ALNUM_,
	['~'] = HTTP_LEX_TOKEN | HTTP_LEX_TARGET,
	['!'] = HTTP_LEX_TOKEN | HTTP_LEX_TARGET,
	['$'] = HTTP_LEX_TOKEN | HTTP_LEX_TARGET,
	['&'] = HTTP_LEX_TOKEN | HTTP_LEX_TARGET,
	['\''] = HTTP_LEX_TOKEN | HTTP_LEX_TARGET,
	['*'] = HTTP_LEX_TOKEN | HTTP_LEX_TARGET,
	['+'] = HTTP_LEX_TOKEN | HTTP_LEX_TARGET,
	['%'] = HTTP_LEX_TOKEN | HTTP_LEX_TARGET,
	['#'] = HTTP_LEX_TOKEN,
	['^'] = HTTP_LEX_TOKEN,
	['`'] = HTTP_LEX_TOKEN,
	['|'] = HTTP_LEX_TOKEN,
	['('] = HTTP_LEX_TARGET,
	[')'] = HTTP_LEX_TARGET,
	[','] = HTTP_LEX_TARGET,
	[';'] = HTTP_LEX_TARGET,
	['='] = HTTP_LEX_TARGET,
	[':'] = HTTP_LEX_TARGET | HTTP_LEX_V6,
	['@'] = HTTP_LEX_TARGET,
	['/'] = HTTP_LEX_TARGET,
	['?'] = HTTP_LEX_TARGET,
};

bool http_lex_all(struct mo_str s, unsigned classes)
{
	for (size_t i = 0; i < s.n; i++)
		if (!http_lex_is(s.p[i], classes))
			return false;
	return s.n > 0;
}

static bool is_control(char c)
{
	return ((uint8_t)c < 0x20 && c != '\t') || c == 0x7f;
}

size_t http_lex_control(const char *buf, size_t from, size_t len)
{
	size_t i = from;

#ifdef __SSE2__
	for (; len - i >= 16; i += 16) {
		bytes16 v;
		memcpy(&v, buf + i, 16);
		signs16 hit = (signs16)(((v < 0x20) & (v != '\t')) | (v == 0x7f));
		unsigned mask = (unsigned)__builtin_ia32_pmovmskb128(hit);
		if (mask)
			return i + (size_t)__builtin_ctz(mask);
	}
#endif
	while (i < len && !is_control(buf[i]))
		i++;
	return i;
}

struct mo_str http_lex_trim(struct mo_str s)
{
	while (s.n && (s.p[0] == ' ' || s.p[0] == '\t'))
		s.p++, s.n--;
	while (s.n && (s.p[s.n - 1] == ' ' || s.p[s.n - 1] == '\t'))
		s.n--;
	return s;
}

enum http_parse http_refuse(
	struct http_refusal *r, int status, const char *reason, const char *detail)
{
	*r = (struct http_refusal){ status, reason, detail };
	return HTTP_REFUSED;
}
