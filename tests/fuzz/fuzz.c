/*
 * fuzz: what the targets share.
 */
#include "fuzz/fuzz.h"
#include "base/text.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

void fuzz_fail(const char *condition, const char *file, int line)
{
        (void)fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, condition);
        abort();
}

char *fuzz_string(const uint8_t *data, size_t size)
{
        char *s = malloc(size + 1);
        FUZZ_CHECK(s);
        if (size > 0)
                memcpy(s, data, size);
        s[size] = '\0';
        return s;
}

const uint8_t *fuzz_take(const uint8_t **data, size_t *left, size_t size)
{
        const uint8_t *start = *data;
        size_t n = size < *left ? size : *left;
        *data += n;
        *left -= n;
        return start;
}

uint8_t fuzz_byte(const uint8_t **data, size_t *left)
{
        if (*left == 0)
                return 0;
        return *fuzz_take(data, left, 1);
}

char *fuzz_line(const uint8_t **data, size_t *left)
{
        const uint8_t *end = *left > 0 ? memchr(*data, '\n', *left) : NULL;
        size_t size = end ? (size_t)(end - *data) : *left;
        char *line = fuzz_string(*data, size);
        (void)fuzz_take(data, left, size + 1);
        return line;
}

void fuzz_check_printable(const char *text, size_t max_bytes)
{
        /* Marks of direction, separators of lines, a mark that is not seen: as they are spelled in
         * UTF-8. */
        static const char *const banned[] = {"\u061c", "\u200b",     "\u200e", "\u200f", "\u2028",
                                             "\u2029", "\u202a",     "\u202e", "\u2066", "\u2069",
                                             "\ufeff", "\U000e0001", "\u034f", "\u115f", "\u2800",
                                             "\u3164", "\U0001d173"};
        size_t size = strnlen(text, max_bytes + 1);
        FUZZ_CHECK(size <= max_bytes);
        FUZZ_CHECK(text_utf8_valid(text, size));
        for (size_t i = 0; i < size; i++) {
                unsigned char c = (unsigned char)text[i];
                FUZZ_CHECK(c >= 0x20 && c != 0x7f);
                FUZZ_CHECK(c != 0xc2 || (unsigned char)text[i + 1] >= 0xa0); /* C1 */
        }
        for (size_t i = 0; i < sizeof(banned) / sizeof(banned[0]); i++)
                FUZZ_CHECK(!strstr(text, banned[i]));
}

int fuzz_file(const void *bytes, size_t size, unsigned mode, char path[static 32])
{
        int fd = memfd_create("fuzz", MFD_CLOEXEC);
        FUZZ_CHECK(fd >= 0);
        FUZZ_CHECK(size == 0 || write(fd, bytes, size) == (ssize_t)size);
        FUZZ_CHECK(fchmod(fd, mode) == 0);
        (void)snprintf(path, 32, "/proc/self/fd/%d", fd);
        return fd;
}
