/*
 * zone: an IANA time zone, read once from the system's zoneinfo (TZif versions 1 to 4, RFC 9636)
 * and then immutable.
 *
 * glibc's own conversion works on the process-wide TZ variable, which a resolver thread may be
 * reading; hence an own reader. Answers one question: which offset from UTC holds at a time, and
 * from when to when. The rest (gaps, repeats) follows from that.
 *
 * Files come from Debian's package tzdata (as on Fedora), in /usr/share/zoneinfo unless configure
 * was given --with-zoneinfo=DIR. $TZ and $TZDIR are not looked at: the configuration alone decides.
 * "UTC" and "Etc/UTC" need no file.
 */
#pragma once

#include "base/cleanup.h"
#include <stdint.h>

typedef struct Zone Zone;

/* `name` like "Europe/Brussels" or "UTC". -ENOENT: no such zone (or no tzdata); -EINVAL: a name
 * with "..", a leading "/" or odd characters; -EBADMSG: a damaged file, or one that counts leap
 * seconds ("right/…"), which the system's clock does not; -ENOMEM, and what open and read give. */
int zone_load(const char *name, Zone **ret);
Zone *zone_free(Zone *zone); /* always NULL */
DEFINE_CLEANUP(Zone, zone, zone_free)

const char *zone_name(const Zone *zone);

/* Seconds east of UTC in force at `utc_sec` (seconds since the epoch). Far times follow the POSIX
 * rule in the file's footer. */
int32_t zone_offset_at(const Zone *zone, int64_t utc_sec);

/* A stretch of time [start_sec, end_sec) in which one offset holds. INT64_MIN and INT64_MAX: no
 * known begin or end. Neighbouring spans may have the same offset (a change of name only, or a turn
 * of the year). */
typedef struct ZoneSpan {
        int64_t start_sec;
        int64_t end_sec;
        int32_t offset_sec;
} ZoneSpan;

/* The span that holds `utc_sec`. */
ZoneSpan zone_span_at(const Zone *zone, int64_t utc_sec);
