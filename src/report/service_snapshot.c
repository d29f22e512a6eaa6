#include "report/service_snapshot.h"
#include <stdio.h>
#include <string.h>

void service_set_refused(ServiceSnapshot *s, const Fault *const of[static SERVICE_REFUSED_KINDS])
{
        unsigned kind = 0;
        while (kind < SERVICE_REFUSED_KINDS - 1 && !of[kind])
                kind++;
        s->refused = (ServiceRefused)kind;
        s->statement_fault = of[kind];
        memcpy(s->statement_faults, of, sizeof(s->statement_faults));
}

static const char *refused_words(unsigned kind, const Fault *fault)
{
        static const char *const words[SERVICE_REFUSED_KINDS] = {
                [SERVICE_REFUSED_RUNS] = "PostgreSQL refuses a statement that syncs need",
                [SERVICE_REFUSED_REGISTERING] =
                        "PostgreSQL refuses a statement that registers edges, which those of "
                        "before do not need",
                [SERVICE_REFUSED_SIGN] =
                        "PostgreSQL refuses a statement that the sign of life needs, and no sync",
        };
        return words[kind] ? words[kind] : fault_postgres_words(fault);
}

const char *service_postgres_words(const ServiceSnapshot *s)
{
        if (s->postgres_fault)
                return fault_postgres_words(s->postgres_fault);
        return s->statement_fault ? refused_words(s->refused, s->statement_fault) : NULL;
}

static void put_clause(char out[static SERVICE_LINE_BYTES], const char *words, const char *message)
{
        size_t used = strlen(out);
        (void)snprintf(out + used, SERVICE_LINE_BYTES - used, "%s%s: %s", used > 0 ? "; and " : "",
                       words, message);
}

void service_format_trouble(const ServiceSnapshot *s, char out[static SERVICE_LINE_BYTES])
{
        const Fault *catalog = s->catalog_fault;
        out[0] = '\0';
        if (catalog)
                put_clause(out,
                           fault_is_of_proxy(catalog) ? "the proxy cannot be used"
                                                      : "the catalog cannot be used",
                           catalog->message);
        if (catalog && catalog->refused)
                (void)snprintf(out + strlen(out), SERVICE_LINE_BYTES - strlen(out), "; %s",
                               s->catalog_next);
        for (unsigned kind = 0; kind < SERVICE_REFUSED_KINDS; kind++)
                if (s->statement_faults[kind])
                        put_clause(out, refused_words(kind, s->statement_faults[kind]),
                                   s->statement_faults[kind]->message);
}
