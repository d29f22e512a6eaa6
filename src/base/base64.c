#include "base/base64.h"
#include "base/text.h"
#include <stdint.h>
#include <stdlib.h>

static char *base64_encode(const char *bytes, size_t size)
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

char *base64_credentials(const char *username, const char *secret)
{
        _cleanup_(text_wipe) Text pair = {0};
        return text_printf(&pair, "%s:%s", username, secret) < 0
                       ? NULL
                       : base64_encode(pair.data, pair.size);
}
