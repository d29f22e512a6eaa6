/*
 * stable: see the header.
 */
#include "harness/stable.h"
#include "base/cleanup.h"
#include "harness/program.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { LINES_MAX = 4096 };

typedef struct Lines {
        char *line[LINES_MAX];
        size_t n;
} Lines;

static int compare(const void *a, const void *b)
{
        return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Sorted, each once; they point into the text. */
static void split(char *text, Lines *ret)
{
        size_t n = 0;
        ret->n = 0;
        for (char *line; (line = strsep(&text, "\n"));)
                if (line[0]) {
                        assert_true(n < LINES_MAX);
                        ret->line[n++] = line;
                }
        qsort(ret->line, n, sizeof(ret->line[0]), compare);
        for (size_t i = 0; i < n; i++)
                if (i == 0 || strcmp(ret->line[i], ret->line[ret->n - 1]) != 0)
                        ret->line[ret->n++] = ret->line[i];
}

static void write_list(const char *folder, const char *file, const Lines *lines)
{
        Text text = {0};
        for (size_t i = 0; i < lines->n; i++)
                assert_int_equal(text_printf(&text, "%s\n", lines->line[i]), 0);
        harness_write(folder, file, text.data);
        text_done(&text);
}

/* Appends a line for each that only `a` has. */
static void tell(Text *out, const Lines *a, const Lines *b, const char *what)
{
        for (size_t i = 0; i < a->n; i++)
                if (!bsearch(&a->line[i], b->line, b->n, sizeof(b->line[0]), compare))
                        assert_int_equal(text_printf(out, "  \"%s\" %s\n", a->line[i], what), 0);
}

void stable_compare(const char *name, const Text *lines)
{
        const char *top = getenv("top_srcdir");
        char folder[4096], file[64];
        _cleanup_(cleanup_free) Lines *listed = calloc(1, sizeof(*listed));
        _cleanup_(cleanup_free) Lines *found = calloc(1, sizeof(*found));
        _cleanup_(cleanup_free) char *text = strdup(lines->data ? lines->data : "");
        assert_true(listed && found && text);
        (void)snprintf(folder, sizeof(folder), "%s/tests/stability", top ? top : ".");
        (void)snprintf(file, sizeof(file), "%s.txt", name);
        split(text, found);
        assert_true(found->n > 0);
        if (getenv("UPDATE_STABILITY")) {
                write_list(folder, file, found);
                return;
        }
        _cleanup_(cleanup_free) char *list = harness_read(folder, file);
        split(list, listed);
        Text differences = {0};
        tell(&differences, listed, found,
             "is public and is not there any more: it stays until the next major version "
             "(docs/stability.md)");
        tell(&differences, found, listed,
             "is new; to make it public for good: make update-stability, and a line in NEWS.md");
        if (differences.size > 0)
                fail_msg("tests/stability/%s differs:\n%s", file, differences.data);
}
