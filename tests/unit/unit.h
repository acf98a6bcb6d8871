/* What cmocka needs included before it, in one place. */
#ifndef MODELOPS_UNIT_UNIT_H
#define MODELOPS_UNIT_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define RUN_TESTS(tests) cmocka_run_group_tests((tests), NULL, NULL)

#endif
