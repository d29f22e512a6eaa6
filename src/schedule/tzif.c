/*
 * tzif: from the bytes of a TZif file (RFC 9636; versions 1 to 4) to a Zone.
 *
 * Version 1 has one block with 32-bit times. Later versions repeat everything in a second block
 * with 64-bit times, followed by a footer with a POSIX rule; the first block is then stepped over.
 * Every access is checked against the end of the bytes before it is made, every index against its
 * table: any damage ends in -EBADMSG. Names and indicators in the file are skipped; leap seconds
 * are refused.
 */
#include "schedule/civil.h"
#include "schedule/zone_internal.h"
#include <errno.h>
#include <string.h>

#define HEADER_BYTES 44
#define TYPE_BYTES   6
#define TYPES_MAX    256
#define OFFSET_LIMIT_SEC                                                                           \
        (26 * SEC_PER_HOUR) /* RFC 9636, 3.2: readers may rely on -25:59:59 to 26:00 */
#define LEAP_CORRECTION_B 4

typedef struct Reader {
        const uint8_t *at;
        size_t left;
} Reader;

typedef struct Header {
        uint8_t version; /* 0: version 1; otherwise a character from '2' on */
        uint32_t n_ut, n_standard, n_leap, n_times, n_types, n_chars;
} Header;

static const uint8_t *reader_take(Reader *r, size_t size)
{
        if (size > r->left)
                return NULL;
        const uint8_t *bytes = r->at;
        r->at += size;
        r->left -= size;
        return bytes;
}

static uint32_t decode_u32(const uint8_t *b)
{
        return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

static int64_t decode_time(const uint8_t *b, size_t time_bytes)
{
        if (time_bytes == 4)
                return (int32_t)decode_u32(b);
        return (int64_t)((uint64_t)decode_u32(b) << 32 | decode_u32(b + 4));
}

static int header_read(Reader *r, Header *ret)
{
        const uint8_t *b = reader_take(r, HEADER_BYTES);
        if (!b || memcmp(b, "TZif", 4) != 0)
                return -EBADMSG;
        Header h = {
                .version = b[4],
                .n_ut = decode_u32(b + 20),
                .n_standard = decode_u32(b + 24),
                .n_leap = decode_u32(b + 28),
                .n_times = decode_u32(b + 32),
                .n_types = decode_u32(b + 36),
                .n_chars = decode_u32(b + 40),
        };
        if (h.version != 0 && h.version < '2')
                return -EBADMSG;
        *ret = h;
        return 0;
}

/* Counts are 32 bits wide, so the sum fits into 64. */
static bool block_skip(Reader *r, const Header *h, size_t time_bytes)
{
        uint64_t size = (uint64_t)h->n_times * (time_bytes + 1) +
                        (uint64_t)h->n_types * TYPE_BYTES + h->n_chars +
                        (uint64_t)h->n_leap * (time_bytes + LEAP_CORRECTION_B) + h->n_standard +
                        h->n_ut;
        return size <= r->left && reader_take(r, (size_t)size);
}

static bool types_decode(const uint8_t *types, const Header *h, int32_t offsets[TYPES_MAX])
{
        for (uint32_t i = 0; i < h->n_types; i++) {
                const uint8_t *type = types + (size_t)i * TYPE_BYTES;
                int32_t offset = (int32_t)decode_u32(type);
                if (offset <= -OFFSET_LIMIT_SEC || offset > OFFSET_LIMIT_SEC || type[4] > 1 ||
                    type[5] >= h->n_chars)
                        return false;
                offsets[i] = offset;
        }
        return true;
}

static int block_read(Reader *r, const Header *h, size_t time_bytes, Zone *zone)
{
        int32_t offsets[TYPES_MAX];
        Reader block = *r;
        if (h->n_types == 0 || h->n_types > TYPES_MAX || h->n_chars == 0 || h->n_leap != 0 ||
            (h->n_ut != 0 && h->n_ut != h->n_types) ||
            (h->n_standard != 0 && h->n_standard != h->n_types) || !block_skip(r, h, time_bytes))
                return -EBADMSG;

        /* The whole block is there, so none of these can fail. */
        const uint8_t *times = reader_take(&block, h->n_times * time_bytes);
        const uint8_t *indices = reader_take(&block, h->n_times);
        const uint8_t *types = reader_take(&block, (size_t)h->n_types * TYPE_BYTES);

        if (!types_decode(types, h, offsets))
                return -EBADMSG;
        zone->first_offset_sec = offsets[0];
        if (h->n_times == 0)
                return 0;

        zone->transition_sec = calloc(h->n_times, sizeof(*zone->transition_sec));
        zone->offset_after_sec = calloc(h->n_times, sizeof(*zone->offset_after_sec));
        if (!zone->transition_sec || !zone->offset_after_sec)
                return -ENOMEM;
        zone->n_transitions = h->n_times;
        for (uint32_t i = 0; i < h->n_times; i++) {
                int64_t transition = decode_time(times + (size_t)i * time_bytes, time_bytes);
                if (indices[i] >= h->n_types ||
                    (i > 0 && transition <= zone->transition_sec[i - 1]))
                        return -EBADMSG;
                zone->transition_sec[i] = transition;
                zone->offset_after_sec[i] = offsets[indices[i]];
        }
        return 0;
}

/* "\n" rule "\n"; an empty rule says that nothing is known beyond the last transition. */
static int footer_read(Reader *r, Zone *zone)
{
        const uint8_t *open = reader_take(r, 1);
        if (!open || *open != '\n')
                return -EBADMSG;
        const uint8_t *close = memchr(r->at, '\n', r->left);
        if (!close)
                return -EBADMSG;
        size_t size = (size_t)(close - r->at);
        if (size == 0)
                return 0;
        zone->has_rule = true;
        return tz_rule_parse((const char *)r->at, size, &zone->rule);
}

int zone_parse(const char *name, const uint8_t *bytes, size_t size, Zone **ret)
{
        Reader r = {.at = bytes, .left = size};
        _cleanup_(cleanup_zone) Zone *zone = NULL;
        Header h;
        int err = header_read(&r, &h);
        if (err < 0)
                return err;
        zone = calloc(1, sizeof(*zone));
        if (!zone || !(zone->name = strdup(name)))
                return -ENOMEM;
        if (h.version == 0) {
                err = block_read(&r, &h, 4, zone);
        } else {
                if (!block_skip(&r, &h, 4))
                        return -EBADMSG;
                err = header_read(&r, &h);
                if (err == 0)
                        err = block_read(&r, &h, 8, zone);
                if (err == 0)
                        err = footer_read(&r, zone);
        }
        if (err < 0)
                return err;
        *ret = TAKE(zone);
        return 0;
}
