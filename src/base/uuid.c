#include "base/uuid.h"
#include <errno.h>
#include <string.h>

/* Where the two digits of each byte stand. */
static const uint8_t places[] = {0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34};

enum { VALID = 0x10 };
#define DIGIT(value) (VALID | (value))

/* 0: no hexadecimal digit. */
static const uint8_t hex_digits[256] = {
        ['0'] = DIGIT(0),  ['1'] = DIGIT(1),  ['2'] = DIGIT(2),  ['3'] = DIGIT(3),
        ['4'] = DIGIT(4),  ['5'] = DIGIT(5),  ['6'] = DIGIT(6),  ['7'] = DIGIT(7),
        ['8'] = DIGIT(8),  ['9'] = DIGIT(9),  ['a'] = DIGIT(10), ['b'] = DIGIT(11),
        ['c'] = DIGIT(12), ['d'] = DIGIT(13), ['e'] = DIGIT(14), ['f'] = DIGIT(15),
        ['A'] = DIGIT(10), ['B'] = DIGIT(11), ['C'] = DIGIT(12), ['D'] = DIGIT(13),
        ['E'] = DIGIT(14), ['F'] = DIGIT(15),
};

int uuid_parse_n(const char *string, size_t size, Uuid *ret)
{
        if (size != UUID_STRING_SIZE - 1 || string[8] != '-' || string[13] != '-' ||
            string[18] != '-' || string[23] != '-')
                return -EINVAL;
        Uuid id;
        unsigned valid = VALID;
        for (size_t i = 0; i < sizeof(id.bytes); i++) {
                unsigned high = hex_digits[(uint8_t)string[places[i]]];
                unsigned low = hex_digits[(uint8_t)string[places[i] + 1]];
                valid &= high & low;
                id.bytes[i] = (uint8_t)(high << 4 | (low & 15));
        }
        if (!valid)
                return -EINVAL;
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
        for (size_t i = 0; i < sizeof(id->bytes); i++) {
                out[places[i]] = digits[id->bytes[i] >> 4];
                out[places[i] + 1] = digits[id->bytes[i] & 15];
        }
        out[8] = out[13] = out[18] = out[23] = '-';
        out[UUID_STRING_SIZE - 1] = '\0';
        return out;
}

int uuid_compare(const Uuid *a, const Uuid *b)
{
        return memcmp(a->bytes, b->bytes, sizeof(a->bytes));
}

int uuid_order(const void *a, const void *b)
{
        return uuid_compare(a, b);
}

bool uuid_equal(const Uuid *a, const Uuid *b)
{
        return uuid_compare(a, b) == 0;
}
