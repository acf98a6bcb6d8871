/* What the program prints about itself instead of running. */
#ifndef MODELOPS_API_PRINT_H
#define MODELOPS_API_PRINT_H

#include <stdio.h>

/* Both return the exit code of the program. */
int print_openapi(FILE *out);
int print_routes(FILE *out);

#endif
