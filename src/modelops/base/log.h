/* Structured logs: one line per event on stderr, key=value or JSON. Programs log; libraries only at
 * debug. */
#ifndef MODELOPS_BASE_LOG_H
#define MODELOPS_BASE_LOG_H

enum mo_log_level { MO_LOG_DEBUG, MO_LOG_INFO, MO_LOG_WARN, MO_LOG_ERROR };
enum mo_log_format { MO_LOG_KV, MO_LOG_JSON };

/* Call once at start. PROGRAM is a string constant. */
void mo_log_init(const char *program, enum mo_log_level level, enum mo_log_format format);

/* One line: time, level, program, message, then pairs of C strings ended by NULL, e.g.
 *   mo_log(MO_LOG_WARN, "run reconcile failed", "run", run->id, "error", err.msg, NULL);
 * Values are escaped; a NULL value prints as "". Never pass a secret. One write(2) per line, cut at
 * 4 KiB. */
void mo_log(enum mo_log_level level, const char *msg, ...) __attribute__((sentinel));

#endif
