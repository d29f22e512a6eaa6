#include "daemon/notify_trial.h"
#include "catalog/json.h"
#include <errno.h>
#include <string.h>

/* What would end a string that it does not stand in, and needs an escape where it does. */
#define FILLED "\"a\\\n"

#define EMPTY                                                                                      \
        {                                                                                          \
                .kind = NOTIFY_EDGE, .name = (char *)"", .catalog = (char *)"", .text = (char *)"" \
        }

typedef struct Trial {
        const char *what; /* for a person */
        NotifySubject subject;
        size_t n_subjects, n_more;
} Trial;

static const Trial trials[] = {
        {"with every field filled",
         {.kind = NOTIFY_CATALOG,
          .name = (char *)FILLED,
          .catalog = (char *)FILLED,
          .now = NOTIFY_AWAY,
          .code = CODE_NO_MEMORY,
          .text = (char *)FILLED},
         1,
         3},
        {"with every field that may be empty empty", EMPTY, 1, 0},
        {"with two changes", EMPTY, 2, 0},
};

static int try(const NotifyForm *form, const Trial *t, Fault *ret_fault)
{
        _cleanup_(text_done) Text body = {0};
        _cleanup_(cleanup_json) cJSON *json = NULL;
        const char *complaint = NULL;
        NotifySubject subject = t->subject, *const subjects[] = {&subject, &subject};
        const NotifyForm filled = {
                .instance = (char *)FILLED, .catalog = (char *)FILLED, .template = form->template};
        int r = notify_render(&filled, subjects, t->n_subjects, t->n_more, 0, &body, &complaint);
        if (r >= 0)
                r = json_parse(body.data, body.size, &json);
        if (r == -ENOMEM)
                return fault_no_memory(ret_fault);
        if (complaint)
                return fault_set(ret_fault, FAULT_PROCESS, -r, CODE_SECRET_MALFORMED,
                                 "template_file of [notify]: %s", complaint);
        return r >= 0 ? 0
                      : fault_set(ret_fault, FAULT_PROCESS, -r, CODE_SECRET_MALFORMED,
                                  "template_file of [notify]: %s, what it gives is no JSON; "
                                  "{{name}} is always inside of a string",
                                  t->what);
}

int notify_trial(const NotifyForm *form, Fault *ret_fault)
{
        /* an editor does not show it */
        if (text_starts_with(form->template, "\xef\xbb\xbf"))
                return fault_set(ret_fault, FAULT_PROCESS, EILSEQ, CODE_SECRET_MALFORMED,
                                 "template_file of [notify] begins with a byte order mark (UTF-8); "
                                 "save it as UTF-8 without one");
        if (!text_utf8_valid(form->template, strlen(form->template)))
                return fault_set(ret_fault, FAULT_PROCESS, EILSEQ, CODE_SECRET_MALFORMED,
                                 "template_file of [notify] is not UTF-8; save it as that");
        for (size_t i = 0; i < ARRAY_SIZE(trials); i++) {
                int r = try(form, &trials[i], ret_fault);
                if (r < 0)
                        return r;
        }
        return 0;
}
