/* The writers' turn: two robust process-shared mutexes in a mapped file. Whoever waits for `turn`
 * holds `next`, so a writer that gives the turn back cannot overtake it. */
#include "modelops/store/turn.h"

#include "modelops/base/check.h"
#include "modelops/base/process.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define TURN_MAGIC UINT64_C(0x324e5255544f4d00)

/* Which running kernel and which file the mutexes belong to: after a power cut or in a copied
 * folder they may say "held" by a thread that nobody will ever see end. */
struct turn_home {
	char boot[MO_BOOT_TEXT];
	uint64_t dev, ino;
};

struct turn_file {
	uint64_t magic;
	struct turn_home home;
	pthread_mutex_t next, turn;
};

struct turn {
	struct turn_file *file;
};

static int make_mutex(pthread_mutex_t *m)
{
	pthread_mutexattr_t attr;

	int rc = pthread_mutexattr_init(&attr);
	if (rc)
		return rc;
	pthread_mutexattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);
	pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST);
	rc = pthread_mutex_init(m, &attr);
	pthread_mutexattr_destroy(&attr);
	return rc;
}

static void read_home(const struct stat *st, struct turn_home *ret)
{
	memset(ret, 0, sizeof(*ret));
	ret->dev = (uint64_t)st->st_dev;
	ret->ino = (uint64_t)st->st_ino;
	mo_boot_id(ret->boot);
}

/* Under the file's flock: fills a new file, or one of another life. */
static int prepare(int fd, const char *path, struct turn_file **ret, struct mo_err *err)
{
	struct stat st;
	struct turn_home home;

	if (fstat(fd, &st) < 0)
		return mo_fail_errno(err, errno, "stat '%s'", path);
	read_home(&st, &home);
	if (st.st_size < (off_t)sizeof(struct turn_file) &&
		ftruncate(fd, sizeof(struct turn_file)) < 0)
		return mo_fail_errno(err, errno, "size of '%s'", path);
	struct turn_file *f = mmap(NULL, sizeof(*f), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (f == MAP_FAILED)
		return mo_fail_errno(err, errno, "map '%s'", path);
	if (f->magic != TURN_MAGIC || memcmp(&f->home, &home, sizeof(home)) != 0) {
		f->magic = 0;
		if (make_mutex(&f->next) || make_mutex(&f->turn)) {
			munmap(f, sizeof(*f));
			return mo_fail(
				err, MO_EUNAVAIL, "no process-shared mutexes for '%s'", path);
		}
		f->home = home;
		f->magic = TURN_MAGIC;
	}
	*ret = f;
	return 0;
}

int turn_open(const char *dir, struct turn **ret, struct mo_err *err)
{
	mo_autofree struct turn *t = calloc(1, sizeof(*t));
	mo_autofree char *path = NULL;

	if (!t || asprintf(&path, "%s/writer.lock", dir) < 0) {
		path = NULL;
		return mo_fail(err, MO_ENOMEM, "writer lock");
	}
	mo_autoclose int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0)
		return mo_fail_errno(err, errno, "open '%s'", path);
	if (flock(fd, LOCK_EX) < 0)
		return mo_fail_errno(err, errno, "lock '%s'", path);
	int rc = prepare(fd, path, &t->file, err);
	flock(fd, LOCK_UN); /* said aloud: the mapping keeps the open file, and its lock, alive
			       after close */
	if (rc < 0)
		return -1;
	*ret = MO_TAKE(t);
	return 0;
}

static int lock(pthread_mutex_t *m, struct mo_err *err)
{
	int rc = pthread_mutex_lock(m);

	if (rc == EOWNERDEAD)
		rc = pthread_mutex_consistent(
			m); /* the holder was killed; SQLite has rolled its work back */
	return rc ? mo_fail_errno(err, rc, "writer lock") : 0;
}

int turn_take(struct turn *t, struct mo_err *err)
{
	if (lock(&t->file->next, err) < 0)
		return -1;
	int rc = lock(&t->file->turn, err);
	pthread_mutex_unlock(&t->file->next);
	return rc;
}

void turn_give(struct turn *t)
{
	pthread_mutex_unlock(&t->file->turn);
}

void turn_close(struct turn *t)
{
	if (!t)
		return;
	munmap(t->file, sizeof(*t->file));
	free(t);
}
