/*
 * chart: see the header. Sizes are of the picture's own coordinates; the stylesheet scales it.
 */
#include "web/chart.h"
#include <stdio.h>

enum { NUMBER_BYTES = 32 };
static const double BAR_WIDTH = 10, BARS_HEIGHT = 80, LINES_WIDTH = 720, LINES_HEIGHT = 180;

static const char *number(char out[static NUMBER_BYTES], double value)
{
        (void)snprintf(out, NUMBER_BYTES, "%.1f", value);
        return out;
}

static void picture(Html *h, const char *class, double width, double height, const char *label)
{
        char box[2 * NUMBER_BYTES + 8];
        (void)snprintf(box, sizeof(box), "0 0 %.0f %.0f", width, height);
        html_open(h, "svg", {"class", class}, {"viewBox", box}, {"role", "img"},
                  {"aria-label", label}, {"preserveAspectRatio", "none"});
}

static double highest(const double *values, size_t n)
{
        double most = 0;
        for (size_t i = 0; i < n; i++)
                most = values[i] > most ? values[i] : most;
        return most;
}

void chart_bars(Html *h, const ChartBar *bars, size_t n, const char *label)
{
        char x[NUMBER_BYTES], y[NUMBER_BYTES], height[NUMBER_BYTES];
        double most = 0;
        for (size_t i = 0; i < n; i++)
                most = bars[i].value > most ? bars[i].value : most;
        picture(h, "bars", (double)n * BAR_WIDTH, BARS_HEIGHT, label);
        for (size_t i = 0; i < n; i++) {
                /* the shortest is seen, too */
                double high = most > 0 ? bars[i].value / most * BARS_HEIGHT : 0;
                high = bars[i].value < 0 ? 0 : high < 3 ? 3 : high;
                html_open(h, "rect", {"class", bars[i].class},
                          {"x", number(x, (double)i * BAR_WIDTH + 1)},
                          {"y", number(y, BARS_HEIGHT - high)}, {"width", "8"},
                          {"height", number(height, high)});
                if (bars[i].title)
                        html_put(h, "title", bars[i].title);
                html_close(h);
        }
        html_close(h);
}

void chart_share(Html *h, double share)
{
        char width[NUMBER_BYTES];
        share = share < 0 ? 0 : share > 1 ? 1 : share;
        html_open(h, "svg", {"class", "share"}, {"viewBox", "0 0 100 10"}, {"aria-hidden", "true"},
                  {"preserveAspectRatio", "none"});
        html_empty(h, "rect", {"class", "rest"}, {"width", "100"}, {"height", "10"});
        html_empty(h, "rect", {"class", "part"}, {"width", number(width, 100 * share)},
                   {"height", "10"});
        html_close(h);
}

/* The points from the left, and, where it is to be filled, down to the ground and back. */
static void line(Html *h, const double *values, size_t n, double most, const char *class, bool fill)
{
        _cleanup_(text_done) Text points = {0};
        double step = n > 1 ? LINES_WIDTH / (double)(n - 1) : LINES_WIDTH;
        for (size_t i = 0; i < n; i++)
                h->failed =
                        h->failed ||
                        text_printf(&points, "%s%.1f,%.1f", i ? " " : "", (double)i * step,
                                    LINES_HEIGHT - 1 - values[i] / most * (LINES_HEIGHT - 4)) < 0;
        if (fill)
                h->failed = h->failed || text_printf(&points, " %.0f,%.0f 0,%.0f", LINES_WIDTH,
                                                     LINES_HEIGHT, LINES_HEIGHT) < 0;
        html_empty(h, fill ? "polygon" : "polyline", {"class", class}, {"points", points.data});
}

void chart_lines(Html *h, const double *first, const double *second, size_t n, const char *label)
{
        double most = highest(first, n), other = highest(second, n);
        most = other > most ? other : most;
        picture(h, "lines", LINES_WIDTH, LINES_HEIGHT, label);
        if (n > 0 && most > 0) {
                line(h, second, n, most, "area", true);
                line(h, first, n, most, "line", false);
        }
        html_close(h);
}
