/* What `up` makes before the first service starts: folders, lock, keys, a port, an environment. */
#include "modelops/base/check.h"
#include "modelops/base/id.h"
#include "modelops/base/program.h"
#include "modelops/base/str.h"
#include "up.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

extern char **environ;

static int refuse(const char *what, const char *path)
{
	fprintf(stderr, "error: %s %s: %s\n", what, path, strerror(errno));
	return CLI_REFUSED;
}

/* Ours alone: other users of the machine see neither data nor logs. */
static int make_folder(const char *path)
{
	if (mkdir(path, 0700) < 0 && errno != EEXIST)
		return refuse("folder", path);
	return CLI_OK;
}

/* PATH with its parents. */
static int make_path(const char *path)
{
	char part[UP_PATH];

	snprintf(part, sizeof(part), "%s", path);
	for (char *p = part + 1; *p; p++) {
		if (*p != '/')
			continue;
		*p = '\0';
		if (mkdir(part, 0755) < 0 && errno != EEXIST)
			return refuse("folder", part);
		*p = '/';
	}
	return make_folder(part);
}

/* --data, MODELOPS_DATA, ./.data when it is there, ~/.local/share/modelops. */
static int choose_data(struct cli *c, struct up_plan *p)
{
	const char *given = cli_flag(c, "data");
	char wanted[UP_PATH], real[PATH_MAX];
	int n;

	if (!given)
		given = c->settings.data;
	if (!given && access(".data", F_OK) == 0)
		given = ".data";
	if (given)
		n = snprintf(wanted, sizeof(wanted), "%s", given);
	else if (c->settings.home)
		n = snprintf(wanted, sizeof(wanted), "%s/.local/share/modelops", c->settings.home);
	else
		return cli_usage(c, "--data is needed: HOME is not set");
	if (n >= (int)sizeof(wanted))
		return cli_usage(c, "--data: the path is too long");
	if (make_path(wanted) != CLI_OK)
		return CLI_REFUSED;
	if (!realpath(wanted, real))
		return refuse("folder", wanted);
	if (mo_str_copy(p->data, sizeof(p->data), real) < 0)
		return cli_usage(c, "--data: '%s' is too long", real);
	return CLI_OK;
}

static int make_folders(const struct up_plan *p)
{
	static const char *const folders[] = { "run", "logs", "artifacts", "work", "secrets" };
	char path[UP_PATH + 32];

	for (size_t i = 0; i < MO_COUNT(folders); i++) {
		snprintf(path, sizeof(path), "%s/%s", p->data, folders[i]);
		if (make_folder(path) != CLI_OK)
			return CLI_REFUSED;
	}
	return CLI_OK;
}

/* One `up` per folder: the lock is held as long as we live, whatever kills us. */
static int take_lock(struct up_plan *p)
{
	char path[UP_PATH + 32], pid[32] = "";

	snprintf(path, sizeof(path), "%s/run/up.lock", p->data);
	p->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (p->lock_fd < 0)
		return refuse("lock", path);
	if (flock(p->lock_fd, LOCK_EX | LOCK_NB) < 0) {
		if (read(p->lock_fd, pid, sizeof(pid) - 1) < 0)
			pid[0] = '\0';
		pid[strcspn(pid, "\n")] = '\0';
		fprintf(stderr, "error: another `modelops up` (pid %s) runs on %s\n", pid, p->data);
		return CLI_REFUSED;
	}
	int n = snprintf(pid, sizeof(pid), "%d\n", (int)getpid());
	if (ftruncate(p->lock_fd, 0) < 0 || pwrite(p->lock_fd, pid, (size_t)n, 0) != n)
		return refuse("lock", path);
	return CLI_OK;
}

/* 32 random bytes as hex under PATH, made once: whole or not at all. */
static int make_key(const char *path)
{
	char temporary[UP_PATH + 64], hex[66];
	unsigned char bytes[32];

	if (access(path, F_OK) == 0)
		return CLI_OK;
	mo_random(bytes, sizeof(bytes));
	mo_hex(bytes, sizeof(bytes), hex);
	hex[64] = '\n';
	snprintf(temporary, sizeof(temporary), "%s.%d", path, (int)getpid());
	mo_autoclose int fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return refuse("key", temporary);
	bool ok = write(fd, hex, 65) == 65 && fsync(fd) == 0 &&
		  (link(temporary, path) == 0 || errno == EEXIST);
	int saved = errno;
	unlink(temporary);
	errno = saved;
	return ok ? CLI_OK : refuse("key", path);
}

static int make_keys(const struct up_plan *p)
{
	static const char *const names[] = { "workload.key", "presign.key" };
	char path[UP_PATH + 32];

	for (size_t i = 0; i < MO_COUNT(names); i++) {
		snprintf(path, sizeof(path), "%s/secrets/%s", p->data, names[i]);
		if (make_key(path) != CLI_OK)
			return CLI_REFUSED;
	}
	return CLI_OK;
}

/* The port that HOST:PORT binds to (PORT 0: any), or -1 when it is taken or HOST is no address
 * here. */
static int probe_port(const char *host, int port)
{
	const struct addrinfo want = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICHOST };
	struct sockaddr_storage at;
	socklen_t len = sizeof(at);
	struct addrinfo *found;
	char service[16];
	int on = 1, bound = -1;

	snprintf(service, sizeof(service), "%d", port);
	if (getaddrinfo(host, service, &want, &found) != 0)
		return -1;
	mo_autoclose int fd = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (fd >= 0 && bind(fd, found->ai_addr, found->ai_addrlen) == 0 && listen(fd, 1) == 0 &&
		getsockname(fd, (struct sockaddr *)&at, &len) == 0 &&
		getnameinfo((struct sockaddr *)&at, len, NULL, 0, service, sizeof(service),
			NI_NUMERICSERV) == 0)
		bound = (int)strtol(service, NULL, 10);
	freeaddrinfo(found);
	return bound;
}

static int choose_port(struct cli *c, struct up_plan *p)
{
	int64_t wanted = cli_flag_int(c, "port", c->settings.port);

	if (wanted < 0 || wanted > 65535)
		return cli_usage(c, "--port: not 0 to 65535");
	for (int64_t port = wanted; port <= 65535 && port < wanted + 100; port++) {
		p->port = probe_port(c->settings.host, (int)port);
		p->port_moved = port != wanted;
		if (p->port > 0)
			return CLI_OK;
	}
	fprintf(stderr, "error: HOST %s: no port from %lld to %lld can be had\n", c->settings.host,
		(long long)wanted, (long long)wanted + 99);
	return CLI_REFUSED;
}

/* The programs lie beside this one; dashboards in the tree above them. */
static int find_programs(struct cli *c, struct up_plan *p)
{
	char self[PATH_MAX], path[PATH_MAX + 16];
	struct mo_err err = { 0 };

	if (mo_program_dir(p->bin, sizeof(p->bin), &err) < 0)
		return cli_usage(c, "%s", err.msg);
	memcpy(self, p->bin, sizeof(p->bin));
	if (c->settings.repo_root)
		return mo_str_copy(p->root, sizeof(p->root), c->settings.repo_root) < 0
			       ? cli_usage(c, "MODELOPS_REPO_ROOT is too long")
			       : CLI_OK;
	for (char *slash = self + strlen(self); slash; slash = strrchr(self, '/')) {
		*slash = '\0';
		snprintf(path, sizeof(path), "%s/deploy", self);
		if (access(path, F_OK) == 0)
			return mo_str_copy(p->root, sizeof(p->root), self) < 0 ? CLI_USAGE : CLI_OK;
	}
	return CLI_OK;
}

/* NAME=... lines that we set ourselves replace inherited ones. */
static bool is_ours(const char *line, char *const *ours, size_t n)
{
	size_t len = strcspn(line, "=");

	for (size_t i = 0; i < n; i++)
		if (strncmp(ours[i], line, len + 1) == 0)
			return true;
	return false;
}

static int make_environment(struct cli *c, struct up_plan *p)
{
	char *ours[8];
	size_t n = 0, count = 0, inherited = 0;

	ours[n++] = mo_arena_printf(&c->arena, "MODELOPS_DATA=%s", p->data);
	ours[n++] = mo_arena_printf(&c->arena, "PORT=%d", p->port);
	ours[n++] = mo_arena_printf(&c->arena, "AUTH_MODE=%s", p->auth);
	if (p->root[0])
		ours[n++] = mo_arena_printf(&c->arena, "MODELOPS_REPO_ROOT=%s", p->root);
	for (char **e = environ; *e; e++)
		inherited++;
	p->env = mo_arena_zalloc(&c->arena, (inherited + n + 1) * sizeof(*p->env));
	if (!p->env || !ours[n - 1])
		return cli_usage(c, "no memory");
	for (size_t i = 0; i < n; i++)
		p->env[count++] = ours[i];
	for (char **e = environ; *e; e++)
		if (!is_ours(*e, ours, n))
			p->env[count++] = *e;
	return CLI_OK;
}

int up_prepare(struct cli *c, struct up_plan *p)
{
	p->auth = cli_flag(c, "auth");
	if (!p->auth)
		p->auth = c->settings.auth_mode ? c->settings.auth_mode : "keys";
	if (strcmp(p->auth, "keys") != 0 && strcmp(p->auth, "demo") != 0)
		return cli_usage(c, "--auth: '%s' is neither keys nor demo", p->auth);
	int rc = find_programs(c, p);
	if (rc == CLI_OK)
		rc = choose_data(c, p);
	if (rc == CLI_OK)
		rc = make_folders(p);
	if (rc == CLI_OK)
		rc = take_lock(p);
	if (rc == CLI_OK)
		rc = make_keys(p);
	if (rc == CLI_OK)
		rc = choose_port(c, p);
	return rc == CLI_OK ? make_environment(c, p) : rc;
}
