/* Reading a file of one line. */
#include "modelops/base/line.h"

#include "modelops/base/check.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

int mo_line_read(const char *path, char *out, size_t cap)
{
	mo_autoclose int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, out, cap);

	if (n <= 0 || (size_t)n == cap)
		return -1;
	out[n] = '\0';
	out[strcspn(out, "\r\n")] = '\0';
	return *out ? 0 : -1;
}
