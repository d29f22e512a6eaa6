/*
 * utc: times as text, in UTC.
 */
#pragma once

#include <time.h>

enum { UTC_BYTES = 32 };

typedef enum UtcForm {
        UTC_ISO,    /* 2026-11-28T12:00:00Z */
        UTC_PERSON, /* 2026-11-28 12:00:00 UTC */
} UtcForm;

/* Seconds since 1970; "?" for a time that no calendar has. Returns out. */
const char *utc_format(time_t at, UtcForm form, char out[static UTC_BYTES]);
