/* Pages of the fs object store's keys in the order of their bytes. A folder's names are read as
 * often as needed, some at a time, so that memory is bounded whatever a folder holds. */
#include "modelops/base/check.h"
#include "modelops/base/dir.h"
#include "modelops/base/time.h"
#include "modelops/objstore/ops.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { NAME_MAX_KEY = 200, KEEP = 256 };

struct walk {
	const char *prefix, *after;
	size_t left;
	objstore_list_fn fn;
	void *ctx;
	struct mo_err *err;
	char key[OBJSTORE_KEY_MAX + 2];
};

/* The smallest names of one folder, those of folders with the '/' that follows them in a key: that
 * is what sorts them. */
struct names {
	size_t count;
	bool more; /* some were dropped, all of them larger */
	char at[2 * KEEP][NAME_MAX_KEY + 2];
};

static int by_bytes(const void *a, const void *b)
{
	return strcmp(a, b);
}

static void names_cut(struct names *n)
{
	qsort(n->at, n->count, sizeof(n->at[0]), by_bytes);
	if (n->count > KEEP) {
		n->count = KEEP;
		n->more = true;
	}
}

static void names_add(struct names *n, const char *name)
{
	if (n->count == MO_COUNT(n->at))
		names_cut(n);
	memcpy(n->at[n->count++], name, strlen(name) + 1);
}

/* What starts with PART (all that does, when OPEN) may hold keys that are asked for. */
static bool wanted(const struct walk *w, const char *part, bool open)
{
	size_t len = strlen(part), n = strlen(w->prefix);
	bool in = len >= n ? memcmp(part, w->prefix, n) == 0
			   : open && memcmp(part, w->prefix, len) == 0;

	return in && (strcmp(part, w->after) > 0 || (open && strncmp(part, w->after, len) == 0));
}

struct gathering {
	struct walk *walk;
	struct names *names;
	const char *from;
	size_t len;
};

/* An entry after FROM that leads to keys asked for. */
static int gather_entry(void *ctx, int at, const char *name, struct mo_err *err)
{
	struct gathering *g = ctx;
	struct walk *w = g->walk;
	char *end = w->key + g->len;
	size_t size = strlen(name);
	struct stat st;

	if (name[0] == '.' || size > NAME_MAX_KEY || g->len + size + 1 > OBJSTORE_KEY_MAX)
		return 0;
	memcpy(end, name, size);
	memcpy(end + size, "/", 2);
	bool as_folder = strcmp(end, g->from) > 0 && wanted(w, w->key, true);
	end[size] = '\0';
	bool as_file = strcmp(end, g->from) > 0 && wanted(w, w->key, false);
	if ((!as_folder && !as_file) || fstatat(at, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return 0; /* gone meanwhile, most of all */
	if (S_ISDIR(st.st_mode) && as_folder) {
		end[size] = '/';
		names_add(g->names, end);
	} else if (S_ISREG(st.st_mode) && as_file) {
		names_add(g->names, end);
	}
	return 0;
}

static int walk_folder(struct walk *w, int fd, size_t len);

/* A folder's name ends in '/' here, and O_NOFOLLOW does not hold with that. */
static int open_folder(int at, const char *name)
{
	char plain[NAME_MAX_KEY + 2];
	size_t n = strlen(name);

	memcpy(plain, name, n - 1);
	plain[n - 1] = '\0';
	return openat(at, plain, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

static int walk_name(struct walk *w, int fd, size_t len, const char *name)
{
	size_t size = strlen(name);
	struct objstore_info info;
	struct stat st;

	memcpy(w->key + len, name, size + 1);
	if (name[size - 1] == '/') {
		mo_autoclose int next = open_folder(fd, name);
		if (next >= 0)
			return walk_folder(w, next, len + size);
		return errno == ENOENT ? 0 : mo_fail_errno(w->err, errno, "listing '%s'", w->key);
	}
	if (fstatat(fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : mo_fail_errno(w->err, errno, "listing '%s'", w->key);
	if (!S_ISREG(st.st_mode) || !objstore_key_valid(w->key))
		return 0;
	info = (struct objstore_info){ .size = st.st_size,
		.modified_at = st.st_mtim.tv_sec * MO_SECOND + st.st_mtim.tv_nsec / 1000 };
	w->left--;
	return w->fn(w->ctx, w->key, &info, w->err);
}

static int walk_names(struct walk *w, int fd, size_t len, struct names *n)
{
	char from[NAME_MAX_KEY + 2] = "";
	struct gathering g = { .walk = w, .names = n, .from = from, .len = len };
	int status = 0;

	do {
		n->count = 0;
		n->more = false;
		status = mo_dir_each(fd, ".", gather_entry, &g, w->err);
		names_cut(n);
		for (size_t i = 0; i < n->count && w->left > 0 && status == 0; i++)
			status = walk_name(w, fd, len, n->at[i]);
		if (n->count > 0)
			memcpy(from, n->at[n->count - 1], sizeof(from));
	} while (n->more && w->left > 0 && status == 0);
	return status;
}

/* LEN bytes of w->key lead to the folder FD. Depth is bounded: keys are. */
static int walk_folder(struct walk *w, int fd, size_t len)
{
	mo_autofree struct names *n = malloc(sizeof(*n));

	return n ? walk_names(w, fd, len, n)
		 : mo_fail(w->err, MO_ENOMEM, "listing '%s'", w->prefix);
}

int objstore_fs_list(int root, const char *prefix, const char *after, size_t limit,
	objstore_list_fn fn, void *ctx, struct mo_err *err)
{
	struct walk w = {
		.prefix = prefix, .after = after, .left = limit, .fn = fn, .ctx = ctx, .err = err
	};
	return walk_folder(&w, root, 0);
}
