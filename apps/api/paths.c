/* Paths of an installation, from the settings. */
#include "paths.h"

#include "modelops/base/program.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>

int path_in_data(const struct api *api, const char *name, char out[PATH_TEXT], struct mo_err *err)
{
	int n = snprintf(out, PATH_TEXT, "%s/%s", api->cfg.data, name);
	if (n < 0 || n >= PATH_TEXT)
		return mo_fail(
			err, MO_EINVAL, "MODELOPS_DATA '%.80s...' is too long", api->cfg.data);
	return 0;
}

static int fill(const struct api *api, const char **setting, const char *name, char *text,
	struct mo_err *err)
{
	if (*setting)
		return 0;
	if (path_in_data(api, name, text, err) < 0)
		return -1;
	*setting = text;
	return 0;
}

/* Where tools/install-deps leaves Swagger UI: /docs needs neither Python nor the repository. */
static int fill_swagger(struct api *api, struct mo_err *err)
{
	char bin[PATH_TEXT - 64];
	if (api->cfg.swagger)
		return 0;
	if (mo_program_dir(bin, sizeof(bin), err) < 0)
		return -1;
	snprintf(api->paths.swagger, sizeof(api->paths.swagger), "%s/../share/swagger-ui", bin);
	api->cfg.swagger = api->paths.swagger;
	return 0;
}

int paths_fill(struct api *api, struct mo_err *err)
{
	if (!api->cfg.data || !*api->cfg.data)
		return mo_fail(err, MO_EINVAL,
			"MODELOPS_DATA is not set: it names the folder of the installation");
	char path[PATH_TEXT];
	if (path_in_data(api, "run", path, err) < 0)
		return -1;
	if (mkdir(path, 0755) < 0 && errno != EEXIST)
		return mo_fail_errno(err, errno, "cannot make '%s'", path);
	if (!api->cfg.database_url) {
		if (path_in_data(api, "modelops.db", path, err) < 0)
			return -1;
		snprintf(api->paths.url, sizeof(api->paths.url), "sqlite:%s", path);
		api->cfg.database_url = api->paths.url;
	}
	if (fill_swagger(api, err) < 0 || fill(api, &api->cfg.workload_key, "secrets/workload.key",
						  api->paths.workload, err) < 0)
		return -1;
	return fill(api, &api->cfg.presign_key, "secrets/presign.key", api->paths.presign, err);
}
