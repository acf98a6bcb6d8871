/* Key files: 32 secret bytes as hex. */
#ifndef MODELOPS_CRYPTO_KEY_FILE_H
#define MODELOPS_CRYPTO_KEY_FILE_H

#include "modelops/base/err.h"

enum { KEY_FILE_BYTES = 32 };

/* Reads 64 hex digits and at most a newline from PATH; WHAT names the key in errors, its bytes
 * never reach one. MO_EINVAL when it holds something else, MO_EDENIED when everybody may read it or
 * its group may write it (a mounted secret is readable by its group). */
int key_file_load(const char *what, const char *path, unsigned char ret_key[KEY_FILE_BYTES],
	struct mo_err *err);

#endif
