#include "base/base64.h"
#include <gcrypt.h>
#include <stdint.h>

/* In one piece: growing would leave copies behind. */
static int base64_encode(const Text *bytes, Text *ret)
{
        static const char digits[] =
                "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        int r = text_reserve(ret, (bytes->size + 2) / 3 * 4);
        for (size_t i = 0; r >= 0 && i < bytes->size; i += 3) {
                uint32_t group = 0;
                char out[4];
                for (size_t k = 0; k < 3; k++)
                        group = group << 8 |
                                (i + k < bytes->size ? (unsigned char)bytes->data[i + k] : 0);
                for (size_t k = 0; k < 4; k++)
                        out[k] = i + k <= bytes->size ? digits[group >> (18 - 6 * k) & 63] : '=';
                r = text_append(ret, out, sizeof(out));
        }
        return r;
}

int base64_credentials(const char *username, const char *secret, Text *ret)
{
        _cleanup_(text_wipe) Text pair = {0};
        int r = text_printf(&pair, "%s:%s", username, secret);
        return r < 0 ? r : base64_encode(&pair, ret);
}

int base64_sha256(const char *bytes, size_t size, Text *ret)
{
        char hash[32];
        (void)gcry_check_version(NULL);
        gcry_md_hash_buffer(GCRY_MD_SHA256, hash, bytes, size);
        return base64_encode(&(Text){.data = hash, .size = sizeof(hash)}, ret);
}
