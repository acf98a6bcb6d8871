/* What a backend of the object store provides; keys are already validated, digests are the front's.
 */
#ifndef MODELOPS_OBJSTORE_OPS_H
#define MODELOPS_OBJSTORE_OPS_H

#include "modelops/objstore/objstore.h"

typedef int (*objstore_list_fn)(
	void *ctx, const char *key, const struct objstore_info *info, struct mo_err *err);

struct objstore_ops {
	void (*close)(void *self);
	int (*put_begin)(void *self, const char *key, void **ret_put, struct mo_err *err);
	int (*put_write)(void *put, const void *p, size_t n, struct mo_err *err);
	/* Both end the upload and free PUT. */
	int (*put_commit)(void *put, struct objstore_info *ret_info, struct mo_err *err);
	void (*put_abort)(void *put);
	int (*get_open)(void *self, const char *key, int64_t offset, int64_t length, void **ret_get,
		struct objstore_info *ret_info, struct mo_err *err);
	int (*get_read)(void *get, void *p, size_t n, size_t *ret_n, struct mo_err *err);
	void (*get_close)(void *get);
	int (*stat)(
		void *self, const char *key, struct objstore_info *ret_info, struct mo_err *err);
	int (*remove)(void *self, const char *key, struct mo_err *err);
	int (*list)(void *self, const char *prefix, const char *after, size_t limit,
		objstore_list_fn fn, void *ctx, struct mo_err *err);
	int (*clear_uploads)(
		void *self, int64_t before, struct objstore_total *total, struct mo_err *err);
	/* NULL: links go to the API and are signed with the platform's key (link.h). */
	int (*presign)(void *self, const struct objstore_grant *grant, struct mo_buf *out,
		struct mo_err *err);
};

extern const struct objstore_ops objstore_fs_ops;

/* Opens (and makes) FOLDER for objstore_fs_ops. */
int objstore_fs_open(const char *folder, void **ret_self, struct mo_err *err);

/* fs's list (fs_list.c), of the folder ROOT. */
int objstore_fs_list(int root, const char *prefix, const char *after, size_t limit,
	objstore_list_fn fn, void *ctx, struct mo_err *err);

#endif
