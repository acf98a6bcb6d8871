/* The log of one job or instance: at most CAP bytes, then only the last 4 KiB are remembered. */
#include "logcap.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int logcap_open(struct logcap *log, int64_t cap)
{
	*log = (struct logcap){ .left = cap };
	log->fd = open("log", O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0640);
	return log->fd < 0 ? -1 : 0;
}

/* A full disk must not stop the job: what does not fit counts as left out. Returns bytes written.
 */
static size_t put(struct logcap *log, const char *p, size_t n)
{
	size_t done = 0;

	while (done < n) {
		ssize_t w = write(log->fd, p + done, n - done);
		if (w < 0 && errno == EINTR)
			continue;
		if (w <= 0)
			break;
		done += (size_t)w;
	}
	return done;
}

void logcap_add(struct logcap *log, const char *p, size_t n)
{
	size_t room = log->left < (int64_t)n ? (size_t)log->left : n;
	size_t done = put(log, p, room);

	log->left -= (int64_t)done;
	for (size_t i = done; i < n; i++) {
		log->tail[log->at++ % LOGCAP_TAIL] = p[i];
		log->dropped++;
	}
}

void logcap_close(struct logcap *log)
{
	char line[80];

	if (log->dropped > 0) {
		size_t kept = log->at < LOGCAP_TAIL ? log->at : LOGCAP_TAIL;
		int n = snprintf(line, sizeof(line), "\n[log cut: %" PRId64 " bytes left out]\n",
			log->dropped - (int64_t)kept);
		put(log, line, (size_t)n);
		size_t first = log->at - kept;
		for (size_t i = 0; i < kept; i++)
			put(log, &log->tail[(first + i) % LOGCAP_TAIL], 1);
	}
	close(log->fd);
}
