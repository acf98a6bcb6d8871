/* Character classes of HTTP and the scan for control bytes. */
#include "modelops/http/lex.h"

#ifdef __SSE2__
#include <emmintrin.h>
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
	const __m128i top = _mm_set1_epi8(0x1f), tab = _mm_set1_epi8('\t'),
		      del = _mm_set1_epi8(0x7f);

	for (; len - i >= 16; i += 16) {
		__m128i v = _mm_loadu_si128((const __m128i *)(const void *)(buf + i));
		__m128i low = _mm_cmpeq_epi8(_mm_min_epu8(v, top), v);
		__m128i hit = _mm_or_si128(
			_mm_andnot_si128(_mm_cmpeq_epi8(v, tab), low), _mm_cmpeq_epi8(v, del));
		unsigned mask = (unsigned)_mm_movemask_epi8(hit);
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
