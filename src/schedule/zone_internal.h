/*
 * zone_internal: what a loaded zone is made of. For the files of this directory and for the tests
 * that feed it damaged bytes.
 */
#pragma once

#include "schedule/rule.h"
#include "schedule/zone.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct Zone {
        char *name;
        int32_t first_offset_sec; /* before the first transition */
        size_t n_transitions;
        int64_t *transition_sec;   /* strictly ascending */
        int32_t *offset_after_sec; /* beside it: the offset from that time on */
        bool has_rule;
        TzRule rule; /* from the last transition on; always, where there is none */
};

/* A whole TZif file. The bytes are not kept. -EBADMSG: not a TZif file, damaged, or with leap
 * seconds; -ENOMEM. */
int zone_parse(const char *name, const uint8_t *bytes, size_t size, Zone **ret);
