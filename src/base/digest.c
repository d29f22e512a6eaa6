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

static uint32_t digest_key(const Uuid *id)
{
        uint32_t key;
        memcpy(&key, id->bytes + sizeof(id->bytes) - sizeof(key), sizeof(key));
        return key;
}

static DigestRow *digest_find(DigestList *l, const Uuid *id, uint32_t key)
{
        for (size_t i = 0; i < l->n_recent; i++)
                if (l->keys[i] == key && uuid_equal(&l->recent[i].id, id))
                        return &l->recent[i];
        return NULL;
}

void digest_add(DigestList *l, const DatabaseConnection *row)
{
        uint32_t words[4], key = digest_key(&row->id);
        DigestRow *before = digest_find(l, &row->id, key);
        digest_hash(row, words);
        for (size_t i = 0; i < 4; i++)
                l->digest.words[i] += words[i] - (before ? before->words[i] : 0);
        l->digest.rejected += (row->rejected != NULL) - (before && before->rejected);
        if (before) {
                memcpy(before->words, words, sizeof(words));
                before->rejected = row->rejected != NULL;
                return;
        }
        l->digest.rows++;
        l->keys[l->next] = key;
        l->recent[l->next].id = row->id;
        memcpy(l->recent[l->next].words, words, sizeof(words));
        l->recent[l->next].rejected = row->rejected != NULL;
        l->next = (l->next + 1) % DIGEST_RECENT_MAX;
        if (l->n_recent < DIGEST_RECENT_MAX)
                l->n_recent++;
}

void digest_reset(DigestList *l)
{
        l->digest = (Digest){0};
        l->n_recent = l->next = 0;
}

const char *digest_format(const Digest *d, char out[static DIGEST_STRING_SIZE])
{
        (void)snprintf(out, DIGEST_STRING_SIZE, "%08x%08x%08x%08x", d->words[0], d->words[1],
                       d->words[2], d->words[3]);
        return out;
}
