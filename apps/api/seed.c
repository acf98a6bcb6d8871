/* Built-in dashboards from deploy/addons/observability/dashboards: Grafana's own files; scope by
 * their tags. */
#include "seed.h"

#include "modelops/base/arena.h"
#include "modelops/base/check.h"
#include "modelops/domain/dashboard.h"
#include "modelops/json/json.h"
#include "modelops/store/dashboards.h"
#include "modelops/store/store.h"

#include "paths.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { FILE_MAX = 512 << 10, ARENA_MAX = 16 << 20 };

struct seeds {
	struct dashboard *rows;
	size_t n;
};

static int read_file(const char *path, struct mo_buf *out, struct mo_err *err)
{
	mo_autoclose int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = 1;
	if (fd < 0)
		return mo_fail_errno(err, errno, "'%s'", path);
	while (n > 0) {
		if (mo_buf_reserve(out, 16384) < 0)
			return mo_fail(
				err, MO_ETOOBIG, "'%s' is larger than %d bytes", path, FILE_MAX);
		n = read(fd, out->data + out->len, 16384);
		if (n < 0)
			return mo_fail_errno(err, errno, "'%s'", path);
		out->len += (size_t)n;
	}
	return 0;
}

static bool tagged(const json_t *doc, const char *tag)
{
	const json_t *tags = json_object_get(doc, "tags");
	for (size_t i = 0; i < json_array_size(tags); i++)
		if (mo_streq(json_string_value(json_array_get(tags, i)), tag))
			return true;
	return false;
}

/* One file: its name without ".json" is the dashboard's. */
static int read_dashboard(
	const char *path, struct mo_arena *a, struct dashboard *ret, struct mo_err *err)
{
	mo_autobuf struct mo_buf text;
	mo_autojson json_t *doc = NULL;
	char id[MO_ID_MAX];
	mo_buf_init(&text, FILE_MAX);
	if (read_file(path, &text, err) < 0 ||
		mo_json_parse(text.data, text.len, FILE_MAX, MO_JSON_DEPTH, &doc, err) < 0)
		return mo_wrap(err, path);
	const char *base = strrchr(path, '/') + 1,
		   *title = json_string_value(json_object_get(doc, "title"));
	if (!json_is_object(doc) || !title)
		return mo_fail(err, MO_EINVAL, "'%s' is no dashboard: it has no title", path);
	*ret = (struct dashboard){
		.id = mo_arena_strdup(a, mo_id_new("dsh", id)),
		.scope = tagged(doc, "admin") ? DASHBOARD_ADMIN : DASHBOARD_USER,
		.name = mo_arena_memdup(a, base, strlen(base) - strlen(".json")),
		.title = mo_arena_strdup(a, title),
		.builtin = true,
		.version = 1,
		.definition = mo_arena_memdup(a, text.data, text.len),
	};
	return ret->definition ? 0 : mo_fail(err, MO_ENOMEM, "built-in dashboards");
}

static int write_seeds(struct store_tx *tx, void *ctx, struct mo_err *err)
{
	struct seeds *s = ctx;
	for (size_t i = 0; i < s->n; i++) {
		s->rows[i].created_at = s->rows[i].updated_at = store_now(tx);
		if (store_dashboard_seed(tx, &s->rows[i], err) < 0)
			return -1;
	}
	return 0;
}

static int read_seeds(const glob_t *found, struct mo_arena *a, struct seeds *s, struct mo_err *err)
{
	s->rows = mo_arena_zalloc(a, (found->gl_pathc + 1) * sizeof(*s->rows));
	if (!s->rows)
		return mo_fail(err, MO_ENOMEM, "built-in dashboards");
	for (size_t i = 0; i < found->gl_pathc; i++)
		if (read_dashboard(found->gl_pathv[i], a, &s->rows[s->n++], err) < 0)
			return -1;
	return 0;
}

int seed(struct api *api, struct mo_err *err)
{
	char pattern[PATH_TEXT];
	glob_t found = { 0 };
	struct seeds s = { 0 };
	struct mo_arena a;
	if (!api->cfg.repo_root || !api->control)
		return 0;
	int n = snprintf(pattern, sizeof(pattern),
		"%s/deploy/addons/observability/dashboards/*.json", api->cfg.repo_root);
	if (n < 0 || n >= PATH_TEXT)
		return mo_fail(err, MO_EINVAL, "MODELOPS_REPO_ROOT is too long");
	mo_arena_init(&a, ARENA_MAX, 65536);
	int rc = glob(pattern, 0, NULL, &found) == 0 ? read_seeds(&found, &a, &s, err) : 0;
	if (rc == 0 && s.n)
		rc = store_write(api->store, write_seeds, &s, err);
	globfree(&found);
	mo_arena_free(&a);
	return rc;
}
