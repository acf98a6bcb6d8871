/* Where the API is and who we are: flags, then the environment, then the profile file. */
#ifndef MODELOPS_CLI_PROFILE_H
#define MODELOPS_CLI_PROFILE_H

#include "cli.h"
#include "modelops/base/config.h"

extern const struct mo_cfg cli_settings_table[];
extern const size_t cli_settings_count;

/* Fills the settings that neither flags nor environment gave. CLI_USAGE after saying why. */
int profile_load(struct cli *c);

#endif
