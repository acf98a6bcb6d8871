/* modelops-api: the HTTP door. Settings, start, stop; everything else is in the other files. */
#include "modelops/base/fault.h"
#include "modelops/base/log.h"
#include "modelops/base/program.h"

#include "print.h"
#include "process.h"

#include <stdio.h>
#include <string.h>

static const char purpose[] =
	"HTTP API of ModelOps Studio: control plane and gateway.\n"
	"Also: --openapi prints the OpenAPI document, --routes the route table as JSON.";

int main(int argc, char **argv)
{
	if (mo_cfg_info(
		    api_settings, api_settings_count, "modelops-api", purpose, argc, argv, stdout))
		return 0;
	if (argc == 2 && !strcmp(argv[1], "--openapi"))
		return print_openapi(stdout);
	if (argc == 2 && !strcmp(argv[1], "--routes"))
		return print_routes(stdout);

	struct api api = { 0 };
	struct mo_err err = { 0 };
	mo_program_no_core();
	mo_log_init("modelops-api", MO_LOG_INFO, MO_LOG_KV);
	mo_fault_from_env();
	if (mo_cfg_load(api_settings, api_settings_count, &api.cfg, argc, argv, &err) < 0) {
		mo_log(MO_LOG_ERROR, "bad setting", "error", err.msg, NULL);
		return 2;
	}
	mo_log_init("modelops-api", (enum mo_log_level)api.cfg.log_level,
		(enum mo_log_format)api.cfg.log_format);
	int rc = process_run(&api, &err);
	if (rc < 0)
		mo_log(MO_LOG_ERROR, "cannot run", "error", err.msg, "hint", err.hint, NULL);
	return rc < 0 ? 1 : 0;
}
