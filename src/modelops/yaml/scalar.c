/* YAML 1.2 core schema (chapter 10.3.2): tag resolution of plain scalars. */
#include "modelops/yaml/scalar.h"

#include "modelops/base/check.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static bool one_of(const char *text, const char *const *words, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(text, words[i]) == 0)
			return true;
	return false;
}

static const char decimal[] = "0123456789";

/* [-+]?[0-9]+ */
static bool is_decimal(const char *s)
{
	s += *s == '-' || *s == '+';
	return *s && s[strspn(s, decimal)] == '\0';
}

/* 0o[0-7]+ or 0x[0-9a-fA-F]+; the digits' base, or 0 */
static int based(const char *s)
{
	if (s[0] != '0' || (s[1] != 'o' && s[1] != 'x') || !s[2])
		return 0;
	int base = s[1] == 'o' ? 8 : 16;
	const char *digits = base == 8 ? "01234567" : "0123456789abcdefABCDEF";
	return s[2 + strspn(s + 2, digits)] == '\0' ? base : 0;
}

/* [-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)? */
static bool is_float(const char *s)
{
	s += *s == '-' || *s == '+';
	size_t whole = strspn(s, decimal);
	s += whole;
	size_t fraction = 0;
	if (*s == '.') {
		fraction = strspn(s + 1, decimal);
		s += 1 + fraction;
	}
	if (whole + fraction == 0)
		return false;
	if (*s == 'e' || *s == 'E') {
		s++;
		s += *s == '-' || *s == '+';
		size_t digits = strspn(s, decimal);
		if (digits == 0)
			return false;
		s += digits;
	}
	return *s == '\0';
}

static json_t *integer(const char *digits, int base, const char **ret_problem)
{
	errno = 0;
	long long n = strtoll(digits, NULL, base);
	if (errno == ERANGE) {
		*ret_problem = "the whole number is out of range";
		return NULL;
	}
	return json_integer(n);
}

json_t *yaml_scalar_value(const char *text, size_t len, const char **ret_problem)
{
	static const char *const nulls[] = { "", "~", "null", "Null", "NULL" };
	static const char *const yes[] = { "true", "True", "TRUE" };
	static const char *const no[] = { "false", "False", "FALSE" };
	static const char *const odd[] = { ".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF",
		"-.inf", "-.Inf", "-.INF", ".nan", ".NaN", ".NAN" };
	if (one_of(text, nulls, MO_COUNT(nulls)))
		return json_null();
	if (one_of(text, yes, MO_COUNT(yes)))
		return json_true();
	if (one_of(text, no, MO_COUNT(no)))
		return json_false();
	if (one_of(text, odd, MO_COUNT(odd))) {
		*ret_problem = "infinity and NaN are not accepted";
		return NULL;
	}
	if (is_decimal(text))
		return integer(text, 10, ret_problem);
	if (based(text))
		return integer(text + 2, based(text), ret_problem);
	if (!is_float(text))
		return json_stringn(text, len);
	double d = strtod(text, NULL);
	if (!isfinite(d)) {
		*ret_problem = "the number is out of range";
		return NULL;
	}
	return json_real(d);
}
