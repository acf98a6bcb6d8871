/* Usage counters in a shared mapping: create, adopt, slots. */
#include "usage_map.h"

#include "modelops/base/check.h"
#include "modelops/base/fault.h"
#include "modelops/base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define USAGE_MAGIC UINT64_C(0x3145474153554f4d) /* "MOUSAGE1" */

enum { MAX_SLOTS = 1 << 20, NEW_SECONDS = 60 };

struct usage_file {
	uint64_t magic;
	char id[MO_ID_MAX];
	uint32_t capacity;
	_Atomic uint32_t used;
	_Alignas(64) struct usage_slot slot[];
};

struct usage_map {
	struct usage_file *file;
	size_t size;
	int fd;
	pthread_mutex_t lock; /* of taking a slot: several loops share the map */
	struct use {
		unsigned holders;
		bool gone, free;
	} *uses; /* by slot; NULL: adopted, nobody takes slots */
	char path[4096];
};

const char *usage_metric_name(enum usage_metric m)
{
	static const char *const names[USAGE_METRICS] = { "predict_requests", "predict_rows",
		"explain_requests", "explain_rows" };

	MO_ASSERT(m < USAGE_METRICS);
	return names[m];
}

static size_t file_size(uint32_t slots)
{
	return sizeof(struct usage_file) + (size_t)slots * sizeof(struct usage_slot);
}

/* Its maker died before it wrote the magic, so nothing was ever counted in it. A young one may
 * still have a living maker between open and flock. */
static bool never_used(int fd, const struct stat *st)
{
	uint64_t magic = 0;

	if (time(NULL) - st->st_mtime < NEW_SECONDS)
		return false;
	ssize_t n = pread(fd, &magic, sizeof(magic), 0);
	return n == 0 || (n == (ssize_t)sizeof(magic) && magic == 0);
}

/* Opens PATH with FLAGS, takes its lock and maps SIZE bytes (0: the file's own size). */
static int map_open(const char *dir, const char *name, int flags, size_t size,
	struct usage_map **ret, struct mo_err *err)
{
	mo_autofree struct usage_map *m = calloc(1, sizeof(*m));
	if (!m)
		return mo_fail(err, MO_ENOMEM, "usage file '%s'", name);
	int n = snprintf(m->path, sizeof(m->path), "%s/%s", dir, name);
	if (n < 0 || (size_t)n >= sizeof(m->path))
		return mo_fail(err, MO_EINVAL, "usage folder '%s': path too long", dir);
	mo_autoclose int fd = open(m->path, flags | O_RDWR | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return mo_fail_errno(err, errno, "open '%s'", m->path);
	if (flock(fd, LOCK_EX | LOCK_NB) < 0)
		return mo_fail(
			err, MO_ECONFLICT, "usage file '%s' belongs to a living process", name);
	if (size && ftruncate(fd, (off_t)size) < 0)
		return mo_fail_errno(err, errno, "size of '%s'", m->path);
	struct stat st;
	if (fstat(fd, &st) < 0)
		return mo_fail_errno(err, errno, "stat '%s'", m->path);
	if (!size && never_used(fd, &st) && unlink(m->path) == 0)
		return mo_fail(err, MO_ENOTFOUND, "usage file '%s' was never used", name);
	if ((size_t)st.st_size < file_size(0))
		return mo_fail(err, MO_EINVAL, "usage file '%s' has %lld bytes", name,
			(long long)st.st_size);
	m->size = (size_t)st.st_size;
	m->file = mmap(NULL, m->size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (m->file == MAP_FAILED)
		return mo_fail_errno(err, errno, "map '%s'", m->path);
	m->fd = MO_TAKE_FD(fd);
	pthread_mutex_init(&m->lock, NULL);
	*ret = MO_TAKE(m);
	return 0;
}

int usage_map_create(const char *dir, uint32_t slots, struct usage_map **ret, struct mo_err *err)
{
	char id[MO_ID_MAX], name[MO_ID_MAX + 8];

	MO_ASSERT(slots > 0 && slots <= MAX_SLOTS);
	snprintf(name, sizeof(name), "%s.usage", mo_id_new("gw", id));
	if (map_open(dir, name, O_CREAT | O_EXCL, file_size(slots), ret, err) < 0)
		return -1;
	(*ret)->uses = calloc(slots, sizeof(*(*ret)->uses));
	if (!(*ret)->uses) {
		usage_map_close(*ret);
		return mo_fail(err, MO_ENOMEM, "usage map of %u slots", slots);
	}
	struct usage_file *f = (*ret)->file;
	memcpy(f->id, id, sizeof(id));
	f->capacity = slots;
	f->magic = USAGE_MAGIC;
	return 0;
}

/* Everything a damaged or foreign file could lie about. */
static bool file_valid(const struct usage_map *m)
{
	const struct usage_file *f = m->file;

	if (f->magic != USAGE_MAGIC || f->capacity == 0 || f->capacity > MAX_SLOTS)
		return false;
	if (m->size != file_size(f->capacity) || atomic_load(&f->used) > f->capacity)
		return false;
	if (!mo_id_valid(f->id, strnlen(f->id, sizeof(f->id)), "gw"))
		return false;
	for (uint32_t i = 0; i < atomic_load(&f->used); i++) {
		const struct usage_slot *s = &f->slot[i];
		if (!memchr(s->deployment, 0, MO_ID_MAX) || !memchr(s->tenant, 0, MO_ID_MAX) ||
			!memchr(s->project, 0, MO_ID_MAX))
			return false;
	}
	return true;
}

int usage_map_adopt(const char *dir, const char *name, struct usage_map **ret, struct mo_err *err)
{
	struct usage_map *m;

	if (map_open(dir, name, 0, 0, &m, err) < 0)
		return -1;
	if (!file_valid(m)) {
		usage_map_close(m);
		return mo_fail(err, MO_EINVAL, "'%s' is no usage file of this version", name);
	}
	*ret = m;
	return 0;
}

const char *usage_map_id(const struct usage_map *m)
{
	return m->file->id;
}

uint32_t usage_map_capacity(const struct usage_map *m)
{
	return m->file->capacity;
}

uint32_t usage_map_count(const struct usage_map *m)
{
	return atomic_load_explicit(&m->file->used, memory_order_acquire);
}

struct usage_slot *usage_map_at(struct usage_map *m, uint32_t index)
{
	MO_ASSERT(index < usage_map_count(m));
	return &m->file->slot[index];
}

/* The slot of DEPLOYMENT, else a free one, else one more; used when all are taken. With the lock.
 */
static uint32_t find(const struct usage_map *m, const char *deployment, bool *ret_found)
{
	uint32_t used = usage_map_count(m), empty = used;

	for (uint32_t i = 0; i < used; i++) {
		if (m->uses[i].free)
			empty = i;
		else if (strcmp(m->file->slot[i].deployment, deployment) == 0) {
			*ret_found = true;
			return i;
		}
	}
	*ret_found = false;
	return empty;
}

/* With the lock. Its totals are 0 while the ids are written: a process that adopts the file after a
 * crash in between finds nothing to flush. */
static int take(struct usage_map *m, uint32_t i, const char *deployment, const char *tenant,
	const char *project, struct mo_err *err)
{
	if (i == m->file->capacity || mo_fault("usage.slot"))
		return mo_fail(err, MO_EFULL, "usage slots: all %u of this process are taken", i);
	struct usage_slot *s = &m->file->slot[i];
	if (mo_str_copy(s->deployment, MO_ID_MAX, deployment) < 0 ||
		mo_str_copy(s->tenant, MO_ID_MAX, tenant) < 0 ||
		mo_str_copy(s->project, MO_ID_MAX, project) < 0)
		return mo_fail(err, MO_EINTERNAL, "id of deployment '%s' is too long", deployment);
	m->uses[i] = (struct use){ 0 };
	if (i == usage_map_count(m))
		atomic_store_explicit(&m->file->used, i + 1, memory_order_release);
	return 0;
}

int usage_map_slot(struct usage_map *m, const char *deployment, const char *tenant,
	const char *project, struct usage_slot **ret, struct mo_err *err)
{
	bool found;

	MO_ASSERT(m->uses);
	pthread_mutex_lock(&m->lock);
	uint32_t i = find(m, deployment, &found);
	int rc = found ? 0 : take(m, i, deployment, tenant, project, err);
	if (rc == 0) {
		m->uses[i].holders++;
		*ret = &m->file->slot[i];
	}
	pthread_mutex_unlock(&m->lock);
	return rc;
}

void usage_map_release(struct usage_map *m, struct usage_slot *s, bool gone)
{
	pthread_mutex_lock(&m->lock);
	struct use *u = &m->uses[s - m->file->slot];
	MO_ASSERT(u->holders > 0);
	u->holders--;
	u->gone |= gone;
	pthread_mutex_unlock(&m->lock);
}

/* With the lock. */
static bool stored(const struct usage_slot *s, const uint64_t seen[USAGE_METRICS])
{
	for (int i = 0; i < USAGE_METRICS; i++)
		if (atomic_load_explicit(&s->total[i], memory_order_relaxed) != seen[i])
			return false;
	return true;
}

void usage_map_recycle(struct usage_map *m, uint64_t (*seen)[USAGE_METRICS])
{
	pthread_mutex_lock(&m->lock);
	for (uint32_t i = 0; i < usage_map_count(m); i++) {
		struct usage_slot *s = &m->file->slot[i];
		struct use *u = &m->uses[i];
		if (!u->gone || u->free || u->holders || !stored(s, seen[i]))
			continue;
		for (int k = 0; k < USAGE_METRICS; k++) {
			atomic_store(&s->total[k], 0);
			seen[i][k] = 0;
		}
		u->free = true;
	}
	pthread_mutex_unlock(&m->lock);
}

int usage_map_remove(struct usage_map *m, struct mo_err *err)
{
	return unlink(m->path) < 0 ? mo_fail_errno(err, errno, "remove '%s'", m->path) : 0;
}

void usage_map_close(struct usage_map *m)
{
	if (!m)
		return;
	munmap(m->file, m->size);
	close(m->fd);
	free(m->uses);
	pthread_mutex_destroy(&m->lock);
	free(m);
}
