/* libyaml's events to the JSON DOM. */
#include "modelops/base/fault.h"
#include "modelops/yaml/scalar.h"
#include "modelops/yaml/yaml.h"

#include <stdbool.h>
#include <string.h>
#include <yaml.h>

#define auto_event __attribute__((cleanup(yaml_event_delete)))

struct reader {
	yaml_parser_t parser;
	int max_depth;
	struct mo_err *err;
};

static int refuse(struct reader *r, const yaml_mark_t *at, const char *what)
{
	return mo_fail(r->err, MO_EINVAL, "YAML line %zu column %zu: %s", at->line + 1,
		at->column + 1, what);
}

static int next_event(struct reader *r, yaml_event_t *ev)
{
	if (yaml_parser_parse(&r->parser, ev))
		return 0;
	memset(ev, 0, sizeof(*ev));
	if (r->parser.error == YAML_MEMORY_ERROR)
		return mo_fail(r->err, MO_ENOMEM, "YAML document");
	const char *what = r->parser.problem ? r->parser.problem : "not readable";
	if (r->parser.error == YAML_READER_ERROR)
		return mo_fail(
			r->err, MO_EINVAL, "YAML byte %zu: %s", r->parser.problem_offset, what);
	return refuse(r, &r->parser.problem_mark, what);
}

static int read_node(struct reader *r, yaml_event_t *ev, int depth, json_t **ret);

static int read_scalar(struct reader *r, const yaml_event_t *ev, json_t **ret)
{
	const char *text = (const char *)ev->data.scalar.value;
	size_t len = ev->data.scalar.length;
	if (ev->data.scalar.anchor)
		return refuse(r, &ev->start_mark, "anchors are not accepted");
	if (ev->data.scalar.tag)
		return refuse(r, &ev->start_mark, "tags are not accepted");
	if (memchr(text, '\0', len))
		return refuse(r, &ev->start_mark, "a NUL character is not accepted");
	bool plain = ev->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
	const char *problem = NULL;
	json_t *v = plain ? yaml_scalar_value(text, len, &problem) : json_stringn(text, len);
	if (problem)
		return refuse(r, &ev->start_mark, problem);
	if (!v)
		return mo_fail(r->err, MO_ENOMEM, "YAML scalar");
	*ret = v;
	return 0;
}

static int read_list(struct reader *r, int depth, json_t **ret)
{
	mo_autojson json_t *list = json_array();
	for (;;) {
		auto_event yaml_event_t ev = { 0 };
		if (next_event(r, &ev) < 0)
			return -1;
		if (ev.type == YAML_SEQUENCE_END_EVENT)
			break;
		json_t *item = NULL;
		if (read_node(r, &ev, depth + 1, &item) < 0)
			return -1;
		if (json_array_append_new(list, item) < 0)
			return mo_fail(r->err, MO_ENOMEM, "YAML list");
	}
	*ret = list;
	list = NULL;
	return 0;
}

static int read_key(struct reader *r, const yaml_event_t *ev, const json_t *map)
{
	if (ev->type != YAML_SCALAR_EVENT)
		return refuse(r, &ev->start_mark, "a key must be a scalar");
	if (ev->data.scalar.anchor || ev->data.scalar.tag)
		return refuse(r, &ev->start_mark, "anchors and tags are not accepted");
	const char *key = (const char *)ev->data.scalar.value;
	if (memchr(key, '\0', ev->data.scalar.length))
		return refuse(r, &ev->start_mark, "a NUL character is not accepted");
	if (strcmp(key, "<<") == 0 && ev->data.scalar.style == YAML_PLAIN_SCALAR_STYLE)
		return refuse(r, &ev->start_mark, "merge keys are not accepted");
	if (json_object_get(map, key))
		return mo_fail(r->err, MO_EINVAL,
			"YAML line %zu column %zu: key '%s' is there twice",
			ev->start_mark.line + 1, ev->start_mark.column + 1, key);
	return 0;
}

static int read_map(struct reader *r, int depth, json_t **ret)
{
	mo_autojson json_t *map = json_object();
	for (;;) {
		auto_event yaml_event_t key = { 0 };
		auto_event yaml_event_t ev = { 0 };
		if (next_event(r, &key) < 0)
			return -1;
		if (key.type == YAML_MAPPING_END_EVENT)
			break;
		json_t *value = NULL;
		if (read_key(r, &key, map) < 0 || next_event(r, &ev) < 0 ||
			read_node(r, &ev, depth + 1, &value) < 0)
			return -1;
		if (json_object_set_new(map, (const char *)key.data.scalar.value, value) < 0)
			return mo_fail(r->err, MO_ENOMEM, "YAML mapping");
	}
	*ret = map;
	map = NULL;
	return 0;
}

static int read_node(struct reader *r, yaml_event_t *ev, int depth, json_t **ret)
{
	if (depth > r->max_depth)
		return refuse(r, &ev->start_mark, "nested too deep");
	switch (ev->type) {
	case YAML_SCALAR_EVENT:
		return read_scalar(r, ev, ret);
	case YAML_SEQUENCE_START_EVENT:
		if (ev->data.sequence_start.anchor || ev->data.sequence_start.tag)
			return refuse(r, &ev->start_mark, "anchors and tags are not accepted");
		return read_list(r, depth, ret);
	case YAML_MAPPING_START_EVENT:
		if (ev->data.mapping_start.anchor || ev->data.mapping_start.tag)
			return refuse(r, &ev->start_mark, "anchors and tags are not accepted");
		return read_map(r, depth, ret);
	case YAML_ALIAS_EVENT:
		return refuse(r, &ev->start_mark, "aliases are not accepted");
	default:
		return refuse(r, &ev->start_mark, "a value is missing");
	}
}

/* Reads one event and insists on its type. */
static int expect(struct reader *r, yaml_event_type_t type, const char *what)
{
	auto_event yaml_event_t ev = { 0 };
	if (next_event(r, &ev) < 0)
		return -1;
	if (ev.type == YAML_DOCUMENT_START_EVENT &&
		(ev.data.document_start.version_directive ||
			ev.data.document_start.tag_directives.start !=
				ev.data.document_start.tag_directives.end))
		return refuse(r, &ev.start_mark, "directives are not accepted");
	return ev.type == type ? 0 : refuse(r, &ev.start_mark, what);
}

static int read_document(struct reader *r, json_t **ret)
{
	if (expect(r, YAML_STREAM_START_EVENT, "no stream") < 0 ||
		expect(r, YAML_DOCUMENT_START_EVENT, "the document is empty") < 0)
		return -1;
	auto_event yaml_event_t ev = { 0 };
	if (next_event(r, &ev) < 0)
		return -1;
	mo_autojson json_t *doc = NULL;
	if (read_node(r, &ev, 1, &doc) < 0 ||
		expect(r, YAML_DOCUMENT_END_EVENT, "something follows the document") < 0 ||
		expect(r, YAML_STREAM_END_EVENT, "a second document follows") < 0)
		return -1;
	*ret = doc;
	doc = NULL;
	return 0;
}

int mo_yaml_parse(const char *text, size_t len, size_t max_bytes, int max_depth, json_t **ret,
	struct mo_err *err)
{
	if (len > max_bytes)
		return mo_fail(err, MO_ETOOBIG, "YAML of %zu bytes; at most %zu are accepted", len,
			max_bytes);
	struct reader r = { .max_depth = max_depth, .err = err };
	if (mo_fault("yaml.parse") || !yaml_parser_initialize(&r.parser))
		return mo_fail(err, MO_ENOMEM, "YAML document");
	yaml_parser_set_encoding(&r.parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&r.parser, (const unsigned char *)text, len);
	int rc = read_document(&r, ret);
	yaml_parser_delete(&r.parser);
	return rc;
}
