#include "report/service_snapshot.h"

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
                [SERVICE_REFUSED_REGISTERING] =
                        "PostgreSQL refuses a statement that registers edges; those of before are "
                        "synced",
                [SERVICE_REFUSED_RUNS] = "PostgreSQL refuses a statement that these edges need",
                [SERVICE_REFUSED_SIGN] =
                        "PostgreSQL refuses a statement that the sign of life needs; edges are "
                        "synced",
        };
        const Fault *fault = s->postgres_fault ? s->postgres_fault : s->statement_fault;
        bool of_all = s->postgres_fault || s->refused == SERVICE_REFUSED_QUEUE;
        return !fault ? NULL : of_all ? fault_postgres_words(fault) : words[s->refused];
}
