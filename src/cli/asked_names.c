#include "cli/asked_names.h"
#include "base/log.h"
#include "base/own_command.h"
#include "base/text.h"
#include <errno.h>
#include <stdlib.h>

int asked_names_take(AskedNames *a, char *const *given)
{
        size_t n = 0;
        while (given[n])
                n++;
        if (n == 0)
                return 0;
        a->names = calloc(n + 1, sizeof(*a->names));
        a->seen = calloc(n, sizeof(*a->seen));
        if (!a->names || !a->seen)
                return -ENOMEM;
        for (size_t i = 0; i < n; i++)
                a->names[i] = given[i];
        return 0;
}

void asked_names_mark(AskedNames *a, const char *name, const Uuid *id)
{
        for (size_t i = 0; a->names && a->names[i]; i++) {
                Uuid asked;
                bool by_id = uuid_parse(a->names[i], &asked) == 0 && uuid_equal(&asked, id);
                a->seen[i] = a->seen[i] || by_id || text_equal(a->names[i], name);
        }
}

bool asked_names_missing(const AskedNames *a, const char *command, const char *advice)
{
        bool missing = false;
        for (size_t i = 0; a->names && a->names[i]; i++) {
                if (a->seen[i])
                        continue;
                log_error("%s: the mirror knows no edge \"%s\"; %s %s", command, a->names[i],
                          own_command(), advice);
                missing = true;
        }
        return missing;
}

void asked_names_done(AskedNames *a)
{
        free(a->names);
        free(a->seen);
        *a = (AskedNames){0};
}
