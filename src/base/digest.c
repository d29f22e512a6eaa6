/*
 * digest: see the header. The hash is libgcrypt's, which is in the process already (libsystemd
 * brings it), takes the parts of a row as they lie, and can neither fail nor allocate here.
 */
#include "base/digest.h"
#include <gcrypt.h>
#include <stdio.h>
#include <string.h>

#define PART(bytes, length)                                                                        \
        {                                                                                          \
                .data = (void *)(bytes), .len = (length)                                           \
        }

void digest_prepare(void)
{
        (void)gcry_check_version(NULL);
}

static void digest_hash(const DatabaseConnection *row, uint32_t ret[static 4])
{
        char id[UUID_STRING_SIZE], database[UUID_STRING_SIZE];
        uint8_t hash[32];
        const char *link = row->has_database ? uuid_format(&row->database_id, database)
                           : row->rejected   ? "!"
                                             : "-";
        const gcry_buffer_t parts[] = {PART(uuid_format(&row->id, id), UUID_STRING_SIZE - 1),
                                       PART(link, row->has_database ? UUID_STRING_SIZE - 1 : 1),
                                       PART(row->name, row->name_size)};
        digest_prepare();
        (void)gcry_md_hash_buffers(GCRY_MD_SHA256, 0, hash, parts, 3);
        for (size_t i = 0; i < 4; i++)
                ret[i] = (uint32_t)hash[4 * i] << 24 | (uint32_t)hash[4 * i + 1] << 16 |
                         (uint32_t)hash[4 * i + 2] << 8 | hash[4 * i + 3];
}

Uuid digest_make_id(const char *bytes, size_t size)
{
        uint8_t hash[32];
        Uuid id;
        digest_prepare();
        gcry_md_hash_buffer(GCRY_MD_SHA256, hash, bytes, size);
        memcpy(id.bytes, hash, sizeof(id.bytes));
        id.bytes[6] = (uint8_t)((id.bytes[6] & 0x0F) | 0x80);
        id.bytes[8] = (uint8_t)((id.bytes[8] & 0x3F) | 0x80);
        return id;
}

/* The latest number in this bucket. */
static int64_t *digest_bucket(DigestList *l, const Uuid *id)
{
        uint32_t end;
        memcpy(&end, id->bytes + sizeof(id->bytes) - sizeof(end), sizeof(end));
        return &l->latest[end * 0x9e3779b1U >> 24];
}

/* Numbers only grow, so a chain ends where one is too old to be remembered. */
static DigestRow *digest_find(DigestList *l, const Uuid *id)
{
        int64_t oldest = l->digest.rows - DIGEST_RECENT_MAX;
        for (int64_t n = *digest_bucket(l, id); n > 0 && n > oldest;
             n = l->recent[n % DIGEST_RECENT_MAX].before)
                if (uuid_equal(&l->recent[n % DIGEST_RECENT_MAX].id, id))
                        return &l->recent[n % DIGEST_RECENT_MAX];
        return NULL;
}

/* Takes the place of the oldest. Rows are numbered from 1. */
static DigestRow *digest_new(DigestList *l, const Uuid *id)
{
        int64_t number = ++l->digest.rows;
        DigestRow *row = &l->recent[number % DIGEST_RECENT_MAX];
        int64_t *bucket = digest_bucket(l, id);
        *row = (DigestRow){.id = *id, .before = *bucket};
        *bucket = number;
        return row;
}

bool digest_add(DigestList *l, const DatabaseConnection *row)
{
        uint32_t words[4];
        DigestRow *kept = digest_find(l, &row->id);
        digest_hash(row, words);
        if (kept && memcmp(kept->words, words, sizeof(words)) == 0)
                return false;
        if (!kept)
                kept = digest_new(l, &row->id);
        for (size_t i = 0; i < 4; i++)
                l->digest.words[i] += words[i] - kept->words[i];
        l->digest.rejected += (row->rejected != NULL) - kept->rejected;
        memcpy(kept->words, words, sizeof(words));
        kept->rejected = row->rejected != NULL;
        return true;
}

void digest_reset(DigestList *l)
{
        l->digest = (Digest){0};
        memset(l->latest, 0, sizeof(l->latest));
}

const char *digest_format(const Digest *d, char out[static DIGEST_STRING_SIZE])
{
        (void)snprintf(out, DIGEST_STRING_SIZE, "%08x%08x%08x%08x", d->words[0], d->words[1],
                       d->words[2], d->words[3]);
        return out;
}
