/*
 * zone: an IANA time zone, read once from the system's zoneinfo (TZif, RFC 9636) and then immutable.
 *
 * glibc's own conversion works on the process-wide TZ variable, which a resolver thread may be reading; hence an own reader. Answers one question:
 * which offset from UTC holds at a moment. The rest (gaps, repeats) follows from that.
 */
#pragma once

#include "base/cleanup.h"
#include <stdint.h>

typedef struct Zone Zone;

/* `name` like "Europe/Brussels" or "UTC". -ENOENT: no such zone; -EINVAL: a name with "..", a leading "/" or odd characters; -EBADMSG: a damaged file. */
int zone_load(const char *name, Zone **ret);
Zone *zone_free(Zone *zone);
DEFINE_CLEANUP(Zone, zone, zone_free)

const char *zone_name(const Zone *zone);

/* Seconds east of UTC in force at `utc_sec` (seconds since the epoch). Far moments follow the POSIX rule in the file's footer. */
int32_t zone_offset_at(const Zone *zone, int64_t utc_sec);
