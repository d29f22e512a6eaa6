/*
 * zone: finding a zone's file, and the offset that holds at a time.
 *
 * A name can only lead into the zoneinfo folder: each part is letters, digits, "_", "+" and "-". A
 * loaded zone never changes and holds no file open. The bytes are understood in tzif.c, the rule
 * for far times in rule.c.
 */
#include "schedule/zone.h"
#include "base/file.h"
#include "base/limits.h"
#include "schedule/zone_internal.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#ifndef EDGEMIRROR_ZONEINFO_DIR
#define EDGEMIRROR_ZONEINFO_DIR "/usr/share/zoneinfo"
#endif

/* Beyond this the calendar's arithmetic could overflow. Offsets repeat there, so the edge serves
 * for what lies beyond. */
#define TIMESTAMP_MAX_SEC (INT64_MAX / 4)

static bool name_is_sane(const char *name)
{
        static const char part_chars[] =
                "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_+-";
        if (strlen(name) > LIMIT_ZONE_NAME_MAX_BYTES)
                return false;
        for (;;) {
                size_t n = strspn(name, part_chars);
                if (n == 0)
                        return false;
                if (name[n] == '\0')
                        return true;
                if (name[n] != '/')
                        return false;
                name += n + 1;
        }
}

static int load_file(const char *name, Zone **ret)
{
        char path[sizeof(EDGEMIRROR_ZONEINFO_DIR) + 1 + LIMIT_ZONE_NAME_MAX_BYTES];
        _cleanup_(cleanup_free) uint8_t *bytes = NULL;
        _cleanup_(cleanup_close) int fd = -1;
        struct stat st;
        size_t size = 0;
        (void)snprintf(path, sizeof(path), "%s/%s", EDGEMIRROR_ZONEINFO_DIR, name);
        fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
        if (fd < 0)
                return errno == ENOTDIR || errno == ENXIO ? -ENOENT : -errno;
        if (fstat(fd, &st) < 0)
                return -errno;
        if (!S_ISREG(st.st_mode)) /* "Europe" is a folder */
                return -ENOENT;

        /* One byte more than allowed tells a file that is too large from one that just fits,
         * whatever fstat said. */
        bytes = malloc(LIMIT_ZONE_FILE_MAX_BYTES + 1);
        if (!bytes)
                return -ENOMEM;
        int err = file_read(fd, bytes, LIMIT_ZONE_FILE_MAX_BYTES + 1, &size);
        if (err < 0)
                return err;
        if (size > LIMIT_ZONE_FILE_MAX_BYTES)
                return -EBADMSG;
        return zone_parse(name, bytes, size, ret);
}

int zone_load(const char *name, Zone **ret)
{
        if (!name_is_sane(name))
                return -EINVAL;
        if (strcmp(name, "UTC") != 0 && strcmp(name, "Etc/UTC") != 0)
                return load_file(name, ret);

        _cleanup_(cleanup_zone) Zone *zone = calloc(1, sizeof(*zone));
        if (!zone || !(zone->name = strdup(name)))
                return -ENOMEM;
        *ret = TAKE(zone);
        return 0;
}

Zone *zone_free(Zone *zone)
{
        if (zone) {
                free(zone->name);
                free(zone->transition_sec);
                free(zone->offset_after_sec);
                free(zone);
        }
        return NULL;
}

const char *zone_name(const Zone *zone)
{
        return zone->name;
}

/* How many transitions lie at or before the time. */
static size_t count_transitions(const Zone *zone, int64_t utc_sec)
{
        size_t low = 0, high = zone->n_transitions;
        while (low < high) {
                size_t middle = low + (high - low) / 2;
                if (zone->transition_sec[middle] <= utc_sec)
                        low = middle + 1;
                else
                        high = middle;
        }
        return low;
}

ZoneSpan zone_span_at(const Zone *zone, int64_t utc_sec)
{
        size_t n = count_transitions(zone, utc_sec);
        int64_t start_sec = n > 0 ? zone->transition_sec[n - 1] : INT64_MIN;
        if (n < zone->n_transitions || !zone->has_rule) {
                ZoneSpan span = {
                        .start_sec = start_sec,
                        .end_sec = n < zone->n_transitions ? zone->transition_sec[n] : INT64_MAX,
                        .offset_sec =
                                n > 0 ? zone->offset_after_sec[n - 1] : zone->first_offset_sec,
                };
                return span;
        }
        if (utc_sec > TIMESTAMP_MAX_SEC)
                utc_sec = TIMESTAMP_MAX_SEC;
        if (utc_sec < -TIMESTAMP_MAX_SEC)
                utc_sec = -TIMESTAMP_MAX_SEC;
        ZoneSpan span = tz_rule_span_at(&zone->rule, utc_sec);
        if (span.start_sec < start_sec)
                span.start_sec = start_sec;
        return span;
}

int32_t zone_offset_at(const Zone *zone, int64_t utc_sec)
{
        return zone_span_at(zone, utc_sec).offset_sec;
}
