#include "daemon/notify_lines.h"
#include "daemon/notify_message.h"
#include <stdio.h>

NotifyState notify_state_of_outcome(SyncOutcome outcome)
{
        static const NotifyState of[SYNC_OUTCOMES] = {
                [OUTCOME_HELD] = NOTIFY_HELD,
                [OUTCOME_UNSTABLE] = NOTIFY_UNSTABLE,
                [OUTCOME_FAILED] = NOTIFY_FAILED,
        };
        return of[outcome];
}

NotifyState notify_state_of_peer(const Fault *fault, ServiceRefused refused)
{
        static const NotifyState of[SERVICE_REFUSED_KINDS] = {
                [SERVICE_REFUSED_QUEUE] = NOTIFY_AWAY,
                [SERVICE_REFUSED_RUNS] = NOTIFY_FAILED,
                [SERVICE_REFUSED_REGISTERING] = NOTIFY_DEGRADED,
                [SERVICE_REFUSED_SIGN] = NOTIFY_DEGRADED,
        };
        return !fault ? NOTIFY_WELL : fault->refused ? NOTIFY_REFUSED : of[refused];
}

void notify_edge_line(const char *name, NotifyState now, const char *message,
                      char ret[static NOTIFY_TEXT_BYTES])
{
        if (now == NOTIFY_WELL)
                (void)snprintf(ret, NOTIFY_TEXT_BYTES, "edge %s: synced again", name);
        else
                (void)snprintf(ret, NOTIFY_TEXT_BYTES, "edge %s: %s%s%s", name, notify_states[now],
                               message ? ": " : "", message ? message : "");
}

void notify_peer_line(NotifyKind kind, const Fault *fault, const char *words,
                      char ret[static NOTIFY_TEXT_BYTES])
{
        const char *name = kind == NOTIFY_CATALOG ? "the catalog" : "PostgreSQL";
        if (!fault)
                (void)snprintf(ret, NOTIFY_TEXT_BYTES, "%s can be used again", name);
        else if (fault->refused)
                (void)snprintf(ret, NOTIFY_TEXT_BYTES, "%s refuses the credentials: %s", name,
                               fault->message);
        else if (kind == NOTIFY_POSTGRES)
                (void)snprintf(ret, NOTIFY_TEXT_BYTES, "%s: %s", words, fault->message);
        else
                (void)snprintf(ret, NOTIFY_TEXT_BYTES, "%s cannot be used: %s", name,
                               fault->message);
}
