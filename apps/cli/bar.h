/* Bars: how far a step is, how much a feature contributed. Pure. */
#ifndef MODELOPS_CLI_BAR_H
#define MODELOPS_CLI_BAR_H

#include "modelops/base/buf.h"

#include <stdbool.h>
#include <stdint.h>

/* What the line of a step says. Texts are clean already. */
struct bar {
	const char *label, *state, *colour; /* colour: escape sequence of the state, or "" */
	double done;                        /* 0..1; cut to it */
	bool running;                       /* percentage and time left are shown */
	double left_s;                      /* below 0: unknown */
	const char *note;                   /* reason, what it waits for, last metrics */
};

/* "  train        [######......] RUNNING      50 % 2 s left valid-mlogloss 0.08"; at most WIDTH
 * columns (0: 79), so that it never wraps: the note is cut, then left out. */
void bar_step(const struct bar *b, int width, struct mo_buf *out);

/* "upload  [####--------]  33 %  12.0 MB/s  0:07 left"; SECONDS below 0: unknown. */
void bar_transfer(const char *what, double done, double per_second, double left_s, int width,
	struct mo_buf *out);

/* LENGTH 0..MOST columns of MARK for |VALUE| of at most LARGEST. */
void bar_value(double value, double largest, int most, struct mo_buf *out);

#endif
