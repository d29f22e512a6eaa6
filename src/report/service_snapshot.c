#include "report/service_snapshot.h"
#include <stdio.h>

void service_set_refused(ServiceSnapshot *s, const Fault *const of[static SERVICE_REFUSED_KINDS])
{
        unsigned kind = 0;
        while (kind < SERVICE_REFUSED_KINDS - 1 && !of[kind])
                kind++;
        s->refused = (ServiceRefused)kind;
        s->statement_fault = of[kind];
}

const char *service_postgres_words(const ServiceSnapshot *s)
{
        static const char *const words[SERVICE_REFUSED_KINDS] = {
                [SERVICE_REFUSED_RUNS] = "PostgreSQL refuses a statement that syncs need",
                [SERVICE_REFUSED_REGISTERING] =
                        "PostgreSQL refuses a statement that registers edges, which those of "
                        "before do not need",
                [SERVICE_REFUSED_SIGN] =
                        "PostgreSQL refuses a statement that the sign of life needs, and no sync",
        };
        const Fault *fault = s->postgres_fault ? s->postgres_fault : s->statement_fault;
        bool of_all = s->postgres_fault || s->refused == SERVICE_REFUSED_QUEUE;
        return !fault ? NULL : of_all ? fault_postgres_words(fault) : words[s->refused];
}

void service_format_trouble(const ServiceSnapshot *s, char out[static SERVICE_LINE_BYTES])
{
        const Fault *catalog = s->catalog_fault, *statement = s->statement_fault;
        int used = 0;
        out[0] = '\0';
        if (catalog)
                used = snprintf(out, SERVICE_LINE_BYTES, "the %s cannot be used: %s%s%s%s",
                                fault_is_of_proxy(catalog) ? "proxy" : "catalog", catalog->message,
                                catalog->refused ? "; " : "",
                                catalog->refused ? s->catalog_next : "", statement ? "; and " : "");
        if (statement && used >= 0)
                (void)snprintf(out + used, SERVICE_LINE_BYTES - (size_t)used, "%s: %s",
                               service_postgres_words(s), statement->message);
}
