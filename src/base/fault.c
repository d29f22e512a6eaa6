/*
 * fault: fills and words what went wrong. Never allocates, so that it works when memory is what is
 * missing.
 */
#include "base/fault.h"
#include "base/text.h"
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const Fault fault_none;

int fault_set(Fault *f, FaultScope scope, int error, FaultCode code, const char *format, ...)
{
        if (!f)
                return -error;

        char raw[2 * LIMIT_FAULT_MESSAGE_BYTES];
        va_list arguments;
        va_start(arguments, format);
        int n = vsnprintf(raw, sizeof(raw), format, arguments);
        va_end(arguments);

        fault_clear(f);
        f->scope = scope;
        f->code = code;
        f->origin = fault_code_origin(code);
        text_printable(raw, n < 0 ? 0 : strlen(raw), f->message, sizeof(f->message));
        return -error;
}

int fault_no_memory(Fault *f)
{
        return fault_set(f, FAULT_PROCESS, ENOMEM, CODE_NO_MEMORY, "out of memory");
}

int fault_not_begun(Fault *f, int error, const char *what)
{
        return fault_set(f, FAULT_PROCESS, -error, CODE_NO_RESOURCES, "%s: %s", what,
                         strerrordesc_np(-error));
}

void fault_prefix(Fault *f, const char *format, ...)
{
        if (!f)
                return;

        char raw[2 * LIMIT_FAULT_MESSAGE_BYTES];
        va_list arguments;
        va_start(arguments, format);
        int n = vsnprintf(raw, sizeof(raw), format, arguments);
        va_end(arguments);
        if (n < 0)
                return;

        size_t used = strlen(raw);
        (void)snprintf(raw + used, sizeof(raw) - used, "%s", f->message);
        text_show(raw, f->message);
}

void fault_suffix(Fault *f, const char *format, ...)
{
        char raw[2 * LIMIT_FAULT_MESSAGE_BYTES];
        size_t used = (size_t)snprintf(raw, sizeof(raw), "%s", f->message);
        va_list arguments;
        va_start(arguments, format);
        (void)vsnprintf(raw + used, sizeof(raw) - used, format, arguments);
        va_end(arguments);
        text_show(raw, f->message);
}

void fault_set_http_status(Fault *f, int status)
{
        f->http_status = status;
        if (status >= 502 && status <= 504)
                f->origin = ORIGIN_GATEWAY;
        else if (status > 0 && f->origin == ORIGIN_GATEWAY)
                f->origin = ORIGIN_CATALOG;
}

bool fault_is_of_gateway(const Fault *f)
{
        return f->scope == FAULT_REQUEST && f->origin == ORIGIN_GATEWAY;
}

bool fault_is_of_proxy(const Fault *f)
{
        return f->origin == ORIGIN_PROXY;
}

void fault_clear(Fault *f)
{
        memset(f, 0, sizeof(*f));
}

bool fault_is_of_statement(const Fault *f)
{
        return f->code == CODE_PG_PRIVILEGE || f->code == CODE_PG_SCHEMA_MISSING ||
               f->code == CODE_PG_RESOURCES;
}

bool fault_is_refusal(const Fault *f)
{
        return f->scope == FAULT_RUN || fault_is_of_statement(f);
}

Fault fault_of_statement(const Fault *f)
{
        Fault ret = *f;
        if (ret.scope != FAULT_NONE)
                ret.scope = FAULT_RUN;
        ret.refused = false;
        return ret;
}

const char *fault_postgres_words(const Fault *f)
{
        return f->code == CODE_OTHER_CATALOG ? "no edge is synced"
               : f->scope == FAULT_RUN ? "PostgreSQL refuses a statement that every sync needs"
                                       : "PostgreSQL cannot be used";
}

bool error_is_shortage(int error)
{
        return error == ENOMEM || error == EMFILE || error == ENFILE || error == EIO;
}

const char *fault_scope_name(FaultScope scope)
{
        static const char *const names[] = {
                [FAULT_NONE] = "none", [FAULT_REQUEST] = "request", [FAULT_RUN] = "run",
                [FAULT_PEER] = "peer", [FAULT_PROCESS] = "process",
        };
        return (size_t)scope < ARRAY_SIZE(names) ? names[scope] : "unknown";
}
