/*
 * reqlog: a ring of entries and a few counters.
 */
#include "catalogd/reqlog.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <stdlib.h>

void reqlog_done(RequestLog *log)
{
        for (size_t i = 0; log->entries && i < REQLOG_MAX_ENTRIES; i++)
                free(log->entries[i].uri);
        free(log->entries);
        *log = (RequestLog){0};
}

void reqlog_clear(RequestLog *log)
{
        log->first = log->n_written + 1;
        log->in_flight_max = log->in_flight;
        for (size_t i = 0; i < ARRAY_SIZE(log->n_by_kind); i++)
                log->n_by_kind[i] = 0;
}

void reqlog_begin(RequestLog *log)
{
        if (++log->in_flight > log->in_flight_max)
                log->in_flight_max = log->in_flight;
}

void reqlog_end(RequestLog *log, LogEntry *entry)
{
        LogEntry *slot;

        log->in_flight--;
        log->n_by_kind[entry->kind]++;
        if (!log->entries)
                log->entries = calloc(REQLOG_MAX_ENTRIES, sizeof(*log->entries));
        if (!log->entries)
                return;
        entry->number = ++log->n_written;
        slot = &log->entries[entry->number % REQLOG_MAX_ENTRIES];
        free(slot->uri);
        *slot = *entry;
        entry->uri = NULL;
}

static int print_entry(const LogEntry *entry, Text *ret)
{
        char edge[UUID_STRING_SIZE], *printed;
        cJSON *json = cJSON_CreateObject();
        int r;

        cJSON_AddNumberToObject(json, "number", (double)entry->number);
        cJSON_AddNumberToObject(json, "atMs", (double)entry->at_ms);
        cJSON_AddNumberToObject(json, "tookUs", (double)entry->took_us);
        cJSON_AddStringToObject(json, "method", entry->method);
        cJSON_AddStringToObject(json, "kind", request_kind_names[entry->kind]);
        cJSON_AddStringToObject(json, "uri", entry->uri ? entry->uri : "");
        if (entry->has_edge)
                cJSON_AddStringToObject(json, "edge", uuid_format(&entry->edge, edge));
        cJSON_AddNumberToObject(json, "status", entry->status);
        cJSON_AddNumberToObject(json, "inFlight", entry->in_flight);
        if (entry->rule[0])
                cJSON_AddStringToObject(json, "rule", entry->rule);
        printed = cJSON_PrintUnformatted(json);
        cJSON_Delete(json);
        r = printed ? text_append_string(ret, printed) : -ENOMEM;
        free(printed);
        return r < 0 ? r : text_append(ret, "\n", 1);
}

int reqlog_print(const RequestLog *log, uint64_t since, RequestKind kind, Text *ret)
{
        uint64_t oldest =
                log->n_written > REQLOG_MAX_ENTRIES ? log->n_written - REQLOG_MAX_ENTRIES + 1 : 1;
        uint64_t from = since + 1;

        if (from < log->first)
                from = log->first;
        if (from < oldest)
                from = oldest;
        for (uint64_t n = from; n <= log->n_written; n++) {
                const LogEntry *entry = &log->entries[n % REQLOG_MAX_ENTRIES];
                int r = kind == KIND_ANY || entry->kind == kind ? print_entry(entry, ret) : 0;

                if (r < 0)
                        return r;
        }
        return 0;
}
