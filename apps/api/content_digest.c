/* Content-Digest (RFC 9530), the one algorithm we know. */
#include "content_digest.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum { BASE64_TEXT = 44, DIGEST = 32 };

bool sha256_text_valid(const char *text)
{
	return strlen(text) == 64 && strspn(text, "0123456789abcdef") == 64;
}

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static int digit(char c)
{
	const char *at = c ? strchr(alphabet, c) : NULL;
	return at ? (int)(at - alphabet) : -1;
}

/* 43 letters and one '=' make 32 bytes. */
static int decode(const char *text, unsigned char out[DIGEST])
{
	uint32_t bits = 0;
	int have = 0;
	size_t n = 0;
	for (size_t i = 0; i < BASE64_TEXT - 1; i++) {
		int d = digit(text[i]);
		if (d < 0)
			return -1;
		bits = bits << 6 | (uint32_t)d;
		have += 6;
		if (have >= 8 && n < DIGEST)
			out[n++] = (unsigned char)(bits >> (have -= 8));
	}
	return n == DIGEST && text[BASE64_TEXT - 1] == '=' ? 0 : -1;
}

int content_digest(struct api_req *r, const char **ret_hex, struct mo_err *err)
{
	static const char prefix[] = "sha-256=:";
	const char *sent = req_header(r, "Content-Digest");
	unsigned char bytes[DIGEST];
	*ret_hex = NULL;
	if (!sent)
		return 0;
	size_t n = strlen(prefix);
	bool form = !strncmp(sent, prefix, n) && strlen(sent) == n + BASE64_TEXT + 1 &&
		    sent[n + BASE64_TEXT] == ':';
	if (!form || decode(sent + n, bytes) < 0)
		return mo_fail_field(
			err, "Content-Digest", "'%.80s' is not sha-256=:BASE64:", sent);
	char *hex = mo_arena_alloc(r->arena, 2 * DIGEST + 1);
	if (!hex)
		return mo_fail(err, MO_ENOMEM, "digest");
	mo_hex(bytes, DIGEST, hex);
	*ret_hex = hex;
	return 0;
}

static void encode(const unsigned char in[DIGEST], char out[BASE64_TEXT + 1])
{
	uint32_t bits = 0;
	int have = 0;
	size_t n = 0;
	for (size_t i = 0; i < DIGEST; i++)
		for (bits = bits << 8 | in[i], have += 8; have >= 6;)
			out[n++] = alphabet[bits >> (have -= 6) & 63];
	out[n++] = alphabet[bits << (6 - have) & 63];
	memcpy(out + n, "=", 2);
}

int content_digest_add(struct api_req *r, const char *sha256, struct mo_err *err)
{
	unsigned char bytes[DIGEST];
	char text[BASE64_TEXT + 1], value[BASE64_TEXT + 16];
	if (mo_unhex(sha256, strlen(sha256), bytes, DIGEST) < 0)
		return mo_fail(err, MO_EINTERNAL, "'%.80s' is no digest", sha256);
	encode(bytes, text);
	snprintf(value, sizeof(value), "sha-256=:%s:", text);
	return http_req_header(r->http, "Content-Digest", value, err);
}
