/*
 * problems: the list of errors of a configuration.
 *
 * Errors are found in two passes (while reading, and when everything is known), but a person
 * corrects a file from top to bottom: so they are sorted before they are printed. The list is
 * bounded, what exceeds it is counted.
 */
#include "config/problems.h"
#include "base/limits.h"
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static int problems_reserve(Problems *p)
{
        if (p->n < p->capacity)
                return 0;
        size_t capacity = p->capacity > 0 ? 2 * p->capacity : 16;
        Problem *items = reallocarray(p->items, capacity, sizeof(*items));
        if (!items)
                return -ENOMEM;
        p->items = items;
        p->capacity = capacity;
        return 0;
}

void problems_add(Problems *p, Place place, const char *format, ...)
{
        if (p->n >= LIMIT_CONFIG_ERRORS_MAX) {
                p->n_dropped++;
                return;
        }

        char *text = NULL;
        va_list arguments;
        va_start(arguments, format);
        int r = vasprintf(&text, format, arguments);
        va_end(arguments);
        if (r < 0) {
                p->out_of_memory = true;
                return;
        }
        if (problems_reserve(p) < 0) {
                free(text);
                p->out_of_memory = true;
                return;
        }
        p->items[p->n] = (Problem){.place = place, .sequence = p->n, .text = text};
        p->n++;
}

bool problems_any(const Problems *p)
{
        return p->n > 0 || p->n_dropped > 0 || p->out_of_memory;
}

static int problem_compare(const void *a, const void *b)
{
        const Problem *x = a, *y = b;
        if (x->place.file != y->place.file)
                return x->place.file < y->place.file ? -1 : 1;
        if (x->place.line != y->place.line)
                return x->place.line < y->place.line ? -1 : 1;
        return x->sequence < y->sequence ? -1 : 1;
}

int problems_print(Problems *p, char *const *files, Text *out)
{
        if (p->n > 0)
                qsort(p->items, p->n, sizeof(p->items[0]), problem_compare);
        for (size_t i = 0; i < p->n; i++) {
                const Problem *it = &p->items[i];
                const char *path = files[it->place.file];
                char file[PATH_MAX];
                text_printable(path, strlen(path), file, sizeof(file));
                int r = it->place.line > 0 && it->place.line < PLACE_VARIABLE
                                ? text_printf(out, "%s:%u: %s\n", file, it->place.line, it->text)
                                : text_printf(out, "%s: %s\n", file, it->text);
                if (r < 0)
                        return r;
        }
        if (p->n_dropped > 0) {
                int r = text_printf(out, "and %zu more errors\n", p->n_dropped);
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
