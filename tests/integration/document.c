/*
 * document: see the header.
 */
#include "integration/document.h"
#include "base/text.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

void document_open(const char *name, Document *ret)
{
        document_open_between(name, "\n```sql\n", "\n```\n", ret);
}

void document_open_between(const char *name, const char *begin, const char *end, Document *ret)
{
        const char *top = getenv("top_srcdir");
        char path[4096], buffer[4096];
        Text text = {0};
        size_t size;
        (void)snprintf(path, sizeof(path), "%s/%s", top ? top : ".", name);
        FILE *file = fopen(path, "re");
        if (!file)
                fail_msg("%s is not there", path);
        while ((size = fread(buffer, 1, sizeof(buffer), file)) > 0)
                assert_int_equal(text_append(&text, buffer, size), 0);
        (void)fclose(file);
        assert_non_null(text.data);

        *ret = (Document){.text = text.data};
        char *next = text.data;
        while ((next = strstr(next, begin))) {
                char *block = next + strlen(begin);
                next = strstr(block - 1, end);
                assert_non_null(next); /* a block that is never closed */
                assert_true(ret->n_blocks < DOCUMENT_BLOCKS_MAX);
                ret->blocks[ret->n_blocks++] = block;
                *next++ = '\0';
        }
        assert_true(ret->n_blocks > 0);
}

void document_close(Document *d)
{
        free(d->text);
}

char *document_replaced(const char *text, const char *old, const char *new)
{
        Text result = {0};
        for (const char *found; (found = strstr(text, old)); text = found + strlen(old)) {
                assert_int_equal(text_append(&result, text, (size_t)(found - text)), 0);
                assert_int_equal(text_append_string(&result, new), 0);
        }
        assert_int_equal(text_append_string(&result, text), 0);
        return result.data;
}
