/*
 * gzip: header, stored blocks of deflate (RFC 1951, section 3.2.4), checksum and length.
 */
#include "catalogd/gzip.h"

#include <stdint.h>

enum { BLOCK_MAX_BYTES = 65535 };

static uint32_t crc32_of(const char *bytes, size_t size)
{
        uint32_t crc = UINT32_MAX;

        for (size_t i = 0; i < size; i++) {
                crc ^= (unsigned char)bytes[i];
                for (int k = 0; k < 8; k++)
                        crc = crc >> 1 ^ (crc & 1 ? UINT32_C(0xEDB88320) : 0);
        }
        return ~crc;
}

static int append_number(Text *out, uint32_t value, int n_bytes)
{
        char bytes[4];

        for (int i = 0; i < n_bytes; i++)
                bytes[i] = (char)(value >> (8 * i));
        return text_append(out, bytes, (size_t)n_bytes);
}

static int append_block(Text *out, const char *bytes, size_t size, bool last)
{
        int r = text_append(out, last ? "\1" : "\0", 1);

        if (r >= 0)
                r = append_number(out, (uint32_t)size, 2);
        if (r >= 0)
                r = append_number(out, (uint32_t)~size, 2);
        return r < 0 ? r : text_append(out, bytes, size);
}

int gzip_wrap(Text *body)
{
        static const char header[10] = {'\x1f', '\x8b', 8, 0, 0, 0, 0, 0, 0, '\xff'};
        Text out = {0};
        int r = text_append(&out, header, sizeof(header));
        size_t done = 0;

        do {
                size_t size =
                        body->size - done < BLOCK_MAX_BYTES ? body->size - done : BLOCK_MAX_BYTES;

                if (r >= 0)
                        r = append_block(&out, body->data ? body->data + done : "", size,
                                         done + size == body->size);
                done += size;
        } while (done < body->size);
        if (r >= 0)
                r = append_number(&out, crc32_of(body->data, body->size), 4);
        if (r >= 0)
                r = append_number(&out, (uint32_t)body->size, 4);
        if (r < 0) {
                text_done(&out);
                return r;
        }
        text_done(body);
        *body = out;
        return 0;
}
