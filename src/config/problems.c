/*
 * problems: the list of errors of a configuration.
 *
 * Errors are found in two passes (while reading, and when everything is known), but a person
 * corrects a file from top to bottom: so each is put where it belongs. The list is bounded, what
 * exceeds it is counted.
 */
#include "config/problems.h"
#include "base/array.h"
#include "base/limits.h"
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static int place_compare(const Place *a, const Place *b)
{
        return a->file != b->file   ? (a->file < b->file ? -1 : 1)
               : a->line != b->line ? (a->line < b->line ? -1 : 1)
                                    : 0;
}

void problems_add(Problems *p, Place place, const char *format, ...)
{
        if (p->n >= LIMIT_CONFIG_ERRORS_MAX) {
                p->n_dropped++;
                return;
        }
        char *text;
        va_list arguments;
        va_start(arguments, format);
        int r = ARRAY_GROW(p->items, p->n) < 0 ? -1 : vasprintf(&text, format, arguments);
        va_end(arguments);
        if (r < 0) {
                p->out_of_memory = true;
                return;
        }
        size_t at = p->n++;
        for (; at > 0 && place_compare(&p->items[at - 1].place, &place) > 0; at--)
                p->items[at] = p->items[at - 1];
        p->items[at] = (Problem){.place = place, .text = text};
}

bool problems_any(const Problems *p)
{
        return p->n > 0 || p->n_dropped > 0 || p->out_of_memory;
}

int place_print(Place place, char *const *files, Text *out)
{
        const char *path = files[place.file];
        char file[PATH_MAX];
        text_show(path, file);
        return place.line > 0 && place.line < PLACE_VARIABLE
                       ? text_printf(out, "%s:%u", file, place.line)
                       : text_printf(out, "%s", file);
}

int problems_print(Problems *p, char *const *files, Text *out)
{
        for (size_t i = 0; i < p->n; i++) {
                int r = place_print(p->items[i].place, files, out);
                if (r >= 0)
                        r = text_printf(out, ": %s\n", p->items[i].text);
                if (r < 0)
                        return r;
        }
        if (p->n_dropped > 0) {
                int r = text_printf(out, "and %zu more error%s\n", p->n_dropped,
                                    text_plural(p->n_dropped));
                if (r < 0)
                        return r;
        }
        return p->out_of_memory ? -ENOMEM : 0;
}

void problems_done(Problems *p)
{
        for (size_t i = 0; i < p->n; i++)
                free(p->items[i].text);
        free(p->items);
        *p = (Problems){0};
}
