#include "web/health.h"
#include "web/service.h"

void health_answer_alive(WebRequest *request, WebService *service)
{
        ServiceSnapshot s = service->take(service->userdata);
        if (s.stopping)
                web_request_answer_line(request, 503, "stopping");
        else
                web_request_answer_line(request, 200, "ok");
}

void health_answer_ready(WebRequest *request, WebService *service)
{
        ServiceSnapshot s = service->take(service->userdata);
        char trouble[SERVICE_LINE_BYTES];
        service_format_trouble(&s, trouble);
        if (s.stopping)
                web_request_answer_line(request, 503, "not ready: stopping");
        else if (s.postgres_fault)
                web_request_answer_line(request, 503, "not ready: %s: %s",
                                        service_postgres_words(&s), s.postgres_fault->message);
        else if (s.registering && s.statement_fault)
                web_request_answer_line(request, 503, "not ready: registering %zu edge%s; %s: %s",
                                        s.n_edges, text_plural(s.n_edges),
                                        service_postgres_words(&s), s.statement_fault->message);
        else if (s.registering)
                web_request_answer_line(request, 503, "not ready: registering %zu edge%s",
                                        s.n_edges, text_plural(s.n_edges));
        else
                web_request_answer_line(request, 200, "ready%s%s", trouble[0] ? "; " : "", trouble);
}
