#include "base/base64.h"
#include <gcrypt.h>
#include <openssl/evp.h>

/* In one piece: growing would leave copies behind. */
static int base64_encode(const Text *bytes, Text *ret)
{
        int r = text_reserve(ret, (bytes->size + 2) / 3 * 4);
        if (r >= 0)
                ret->size += (size_t)EVP_EncodeBlock((unsigned char *)ret->data + ret->size,
                                                     (const unsigned char *)bytes->data,
                                                     (int)bytes->size);
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
