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

/* How long the number at the start of the text is (RFC 8259, section 6); 0: there is none. */
static size_t number_length(const char *text)
{
        static const char digits[] = "0123456789";
        const char *p = text + (*text == '-');
        size_t n = strspn(p, digits);
        bool valid = n > 0 && (n == 1 || *p != '0');
        p += n;
        if (*p == '.') {
                n = strspn(++p, digits);
                valid = valid && n > 0;
                p += n;
        }
        if (*p == 'e' || *p == 'E') {
                p += p[1] == '+' || p[1] == '-' ? 2 : 1;
                n = strspn(p, digits);
                valid = valid && n > 0;
                p += n;
        }
        return valid ? (size_t)(p - text) : 0;
}

/* Of what cJSON takes: that nothing is in it which other readers refuse. */
static bool is_strict(const char *json)
{
        bool in_string = false;
        size_t step;
        for (; *json; json += step) {
                step = in_string && *json == '\\' ? 2 : 1;
                if (*json == '"')
                        in_string = !in_string;
                else if ((unsigned char)*json < ' ' && (in_string || !strchr("\t\n\r", *json)))
                        return false;
                else if (!in_string && (*json == '-' || (*json >= '0' && *json <= '9')))
                        step = number_length(json);
                if (step == 0)
                        return false;
        }
        return true;
}

static int try(const NotifyForm *form, const Trial *t, Fault *ret_fault)
{
        _cleanup_(text_done) Text body = {0};
        _cleanup_(cleanup_json) cJSON *json = NULL;
        char complaint[TEMPLATE_COMPLAINT_BYTES] = "";
        NotifySubject subject = t->subject, *const subjects[] = {&subject, &subject};
        const NotifyForm filled = {
                .instance = (char *)FILLED, .catalog = (char *)FILLED, .template = form->template};
        int r = notify_render(&filled, subjects, t->n_subjects, t->n_more, 0, &body, complaint);
        if (r >= 0)
                r = json_parse(body.data, body.size, &json);
        if (r == -ENOMEM)
                return fault_no_memory(ret_fault);
        if (complaint[0])
                return fault_set(ret_fault, FAULT_PROCESS, -r, CODE_SECRET_MALFORMED,
                                 "template_file of [notify]: %s", complaint);
        if (r < 0)
                return fault_set(ret_fault, FAULT_PROCESS, -r, CODE_SECRET_MALFORMED,
                                 "template_file of [notify]: %s, what it gives is no JSON; "
                                 "{{name}} is always inside of a string",
                                 t->what);
        return is_strict(body.data)
                       ? 0
                       : fault_set(ret_fault, FAULT_PROCESS, EINVAL, CODE_SECRET_MALFORMED,
                                   "template_file of [notify] gives no JSON: it holds a control "
                                   "character (the line break in a string is written \\n), or a "
                                   "number in another form than 1, -0.5 or 1e9");
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
