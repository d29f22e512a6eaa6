/*
 * cmd_schedule: the command. When would each edge run next?
 */
#include "base/duration.h"
#include "base/log.h"
#include "base/own_command.h"
#include "base/text.h"
#include "cli/cli.h"
#include "cli/columns.h"
#include "cli/command.h"
#include "cli/json_out.h"
#include "cli/session.h"
#include "schedule/schedule.h"
#include "schedule/timestamp.h"
#include <stdio.h>
#include <time.h>

enum { COUNT_DEFAULT = 5, COUNT_MAX = 10000 };

static void print_edge(const ConfigEdge *edge, int64_t from_usec, int64_t count, bool json)
{
        uint64_t offset = schedule_spread_offset(edge->id.bytes, edge->spread_usec);
        cJSON *o = json ? cJSON_CreateObject() : NULL;
        cJSON *next = NULL;
        if (json) {
                json_add_text(o, "edge", edge->name);
                json_add_text(o, "schedule", edge->schedule_text);
                json_add_text(o, "timezone", edge->timezone);
                next = cJSON_AddArrayToObject(o, "next");
        } else {
                char spread[DURATION_STRING_SIZE];
                put_text(stdout, edge->name);
                printf(": %s, %s, plus %s of spread%s\n", edge->schedule_text, edge->timezone,
                       duration_format_short(offset, spread),
                       !edge->enabled ? " (disabled)"
                       : !edge->zone  ? " (not synced: no such time zone here)"
                                      : "");
        }
        for (int64_t i = 0; edge->zone && i < count; i++) {
                char text[TIMESTAMP_STRING_SIZE];
                if (schedule_next(&edge->schedule, edge->zone, 0, offset, from_usec, &from_usec) <
                    0)
                        break;
                timestamp_format(from_usec, edge->zone, text);
                if (json)
                        cJSON_AddItemToArray(next, cJSON_CreateString(text));
                else
                        printf("  %s\n", text);
        }
        if (json)
                json_print_line(o);
}

int command_schedule(const CommandLine *line)
{
        int64_t count = COUNT_DEFAULT;
        int64_t from = (int64_t)time(NULL) * (int64_t)USEC_PER_SEC;
        if (line->count && text_parse_int64(line->count, 1, COUNT_MAX, &count) < 0)
                return cli_wrong_usage("--count takes a number from 1 to %d", COUNT_MAX);
        if (line->from && timestamp_parse(line->from, &from) < 0)
                return cli_wrong_usage("--from takes a time in ISO 8601, like "
                                       "2026-03-29T01:30:00+01:00 or 2026-03-29T00:30Z");
        Session session = {0};
        const ConfigEdge **edges = NULL;
        size_t n = 0;
        int status = session_load(&session, line->config_file);
        if (status == 0)
                status = session_pick_edges(&session, &(DiscoveredEdges){0}, line->names, &edges,
                                            &n);
        bool zone_missing = false;
        for (size_t i = 0; status == 0 && i < n; i++) {
                print_edge(edges[i], from, count, line->json);
                zone_missing = zone_missing || !edges[i]->zone;
        }
        if (n > 0 && !line->json)
                printf("an edge whose last run failed is due at other times: %s status says when\n",
                       own_command());
        if (zone_missing)
                status = CLI_EXIT_CONFIG;
        free(edges);
        session_done(&session);
        return status;
}
