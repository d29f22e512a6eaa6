/*
 * uuid: reads and writes the one accepted spelling of an identifier.
 */
#include "base/uuid.h"
#include <errno.h>
#include <string.h>

static int hex_digit(char c)
{
        if (c >= '0' && c <= '9')
                return c - '0';
        if (c >= 'a' && c <= 'f')
                return c - 'a' + 10;
        if (c >= 'A' && c <= 'F')
                return c - 'A' + 10;
        return -1;
}

static bool hyphen_at(size_t i)
{
        return i == 8 || i == 13 || i == 18 || i == 23;
}

int uuid_parse_n(const char *string, size_t size, Uuid *ret)
{
        if (size != UUID_STRING_SIZE - 1)
                return -EINVAL;
        Uuid id;
        size_t n = 0;
        for (size_t i = 0; i < size;) {
                if (hyphen_at(i)) {
                        if (string[i] != '-')
                                return -EINVAL;
                        i++;
                        continue;
                }
                int high = hex_digit(string[i]);
                int low = hex_digit(string[i + 1]);
                if (high < 0 || low < 0)
                        return -EINVAL;
                id.bytes[n++] = (uint8_t)(high << 4 | low);
                i += 2;
        }
        *ret = id;
        return 0;
}

int uuid_parse(const char *string, Uuid *ret)
{
        return uuid_parse_n(string, strnlen(string, UUID_STRING_SIZE), ret);
}

char *uuid_format(const Uuid *id, char out[UUID_STRING_SIZE])
{
        static const char digits[] = "0123456789abcdef";
        size_t n = 0;
        for (size_t i = 0; i < sizeof(id->bytes); i++) {
                if (hyphen_at(n))
                        out[n++] = '-';
                out[n++] = digits[id->bytes[i] >> 4];
                out[n++] = digits[id->bytes[i] & 15];
        }
        out[n] = '\0';
        return out;
}

int uuid_compare(const Uuid *a, const Uuid *b)
{
        return memcmp(a->bytes, b->bytes, sizeof(a->bytes));
}

bool uuid_equal(const Uuid *a, const Uuid *b)
{
        return uuid_compare(a, b) == 0;
}
