/*
 * reqlog: the requests that were seen, for tests that ask what a client did. Never holds a header,
 * so never a secret. The control API is not in it.
 */
#pragma once

#include "base/text.h"
#include "base/uuid.h"
#include "catalogd/rules.h"

#define REQLOG_MAX_ENTRIES 20000 /* older ones are forgotten */

typedef struct LogEntry {
        uint64_t number; /* from 1 */
        int64_t at_ms;   /* since the start of the server, when the request's header was there */
        int64_t took_us; /* until the answer was sent */
        char method[12];
        RequestKind kind;
        char *uri; /* path and query, as received */
        Uuid edge;
        bool has_edge;
        unsigned status;    /* 0: closed without an answer */
        unsigned in_flight; /* requests being answered when it came, itself included */
        char rule[32];      /* name of the rule that struck; "": none */
} LogEntry;

typedef struct RequestLog {
        LogEntry *entries; /* a ring */
        uint64_t n_written;
        uint64_t first; /* number of the oldest entry that was not cleared */
        unsigned in_flight, in_flight_max;
        uint64_t n_by_kind[KIND_OTHER + 1];
} RequestLog;

void reqlog_done(RequestLog *log);
void reqlog_clear(RequestLog *log);
void reqlog_begin(RequestLog *log);
void reqlog_end(RequestLog *log, LogEntry *entry); /* numbers it; takes entry->uri */

/* Entries after number `since` as JSON lines, oldest first; `kind` KIND_ANY: all. */
int reqlog_print(const RequestLog *log, uint64_t since, RequestKind kind, Text *ret);
