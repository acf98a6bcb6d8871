/* Inside the store: the column tables of the nouns that the API and the controller both write. */
#ifndef MODELOPS_STORE_WORK_TABLES_H
#define MODELOPS_STORE_WORK_TABLES_H

#include "modelops/store/db.h"

extern const struct db_table db_runs;           /* struct run */
extern const struct db_table db_run_steps;      /* struct run_step */
extern const struct db_table db_run_metrics;    /* struct run_metric */
extern const struct db_table db_run_logs;       /* struct run_log */
extern const struct db_table db_models;         /* struct model */
extern const struct db_table db_model_versions; /* struct model_version */
extern const struct db_table db_model_aliases;  /* struct model_alias */
extern const struct db_table db_deployments;    /* struct deployment */
extern const struct db_table db_revisions;      /* struct revision */
extern const struct db_table db_instances;      /* struct instance */

#endif
