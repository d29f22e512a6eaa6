#include "base/base64.h"
#include <stdint.h>
#include <stdlib.h>

char *base64_encode(const char *bytes, size_t size)
{
        static const char digits[] =
                "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        char *out = malloc((size + 2) / 3 * 4 + 1);
        if (!out)
                return NULL;
        char *o = out;
        for (size_t i = 0; i < size; i += 3) {
                uint32_t group = 0;
                for (size_t k = 0; k < 3; k++)
                        group = group << 8 | (i + k < size ? (unsigned char)bytes[i + k] : 0);
                for (size_t k = 0; k < 4; k++)
                        *o++ = i + k <= size ? digits[group >> (18 - 6 * k) & 63] : '=';
        }
        *o = '\0';
        return out;
}
