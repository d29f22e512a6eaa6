/*
 * chart: small pictures in a page, as SVG of its elements: no script, no file of its own.
 *
 * Colours are classes of the stylesheet, so that light, dark and paper each have theirs. Each
 * picture has its text for those who do not see it: what is drawn is in a table of the page as
 * well, or said in `label`.
 */
#pragma once

#include "web/html.h"
#include <stdint.h>

enum { CHART_POINTS_MAX = 128 };

typedef struct ChartBar {
        double value;      /* negative: unknown, drawn as nothing */
        const char *class; /* of the stylesheet */
        const char *title; /* shown under the pointer; borrowed; NULL: none */
} ChartBar;

/* Bars side by side, from the left, the highest as high as the picture. */
void chart_bars(Html *h, const ChartBar *bars, size_t n, const char *label);

/* The first share of the whole, in [0, 1], as a filled part of a bar. */
void chart_share(Html *h, double share);

/* Two lines over the same days, the second one below the first and filled, from zero to the highest
 * of both. */
void chart_lines(Html *h, const double *first, const double *second, size_t n, const char *label);
