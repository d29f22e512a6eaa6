#include "daemon/notify_message.h"
#include "base/duration.h"
#include "base/file.h"
#include "base/own_command.h"
#include "base/template.h"
#include "base/utc.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* A receiver that takes an alert for over after a while is told when: not soon. */
#define ENDS_AFTER_USEC USEC_PER_WEEK
/* A peer is one instance's, which may never tell that it is well again: the next one has another
 * name. So its alert ends soon, unless it is sent again, for which there must be time. */
#define PEER_ENDS_TIMES 3
#define AGAIN_USEC      (20 * USEC_PER_MINUTE)
/* An end that Alertmanager, whose clock may be behind, takes to be in the future does not end an
 * alert: it is kept until the end that was told before. So it is told as this much earlier. */
#define END_EARLIER_USEC USEC_PER_DAY

const char *const notify_kinds[NOTIFY_KINDS] = {
        [NOTIFY_EDGE] = "edge", [NOTIFY_CATALOG] = "catalog", [NOTIFY_POSTGRES] = "postgres"};

const char *const notify_states[NOTIFY_STATES] = {
        [NOTIFY_WELL] = "well",      [NOTIFY_HELD] = "held",         [NOTIFY_UNSTABLE] = "unstable",
        [NOTIFY_FAILED] = "failed",  [NOTIFY_DEGRADED] = "degraded", [NOTIFY_AWAY] = "away",
        [NOTIFY_REFUSED] = "refused"};

/* clang-format off */
#define TEAMS_LINE(text)                                                                           \
        "{\"type\":\"RichTextBlock\",\"inlines\":[{\"type\":\"TextRun\",\"text\":\"" text "\"}]}"

/* Slack reads "<!channel>" and links in a text that does not escape them; Teams reads Markdown, but
 * not in a TextRun. */
static const char *const formats[CONFIG_NOTIFY_FORMATS] = {
        [CONFIG_NOTIFY_JSON] =
                "{\"instance\":\"{{instance}}\",\"catalog\":\"{{catalog}}\","
                "\"status\":\"{{status}}\",\"text\":\"{{text}}\",\"more\":\"{{more}}\","
                "\"events\":[{{#events}}{"
                "\"kind\":\"{{kind}}\",\"name\":\"{{name}}\",\"catalog\":\"{{catalog}}\","
                "\"status\":\"{{status}}\",\"state\":\"{{state}}\",\"code\":\"{{code}}\","
                "\"text\":\"{{text}}\",\"time\":\"{{time}}\"}{{/events}}]}",
        [CONFIG_NOTIFY_SLACK] =
                "{\"text\":\"{{text_escaped}}\"}",
        [CONFIG_NOTIFY_TEAMS] =
                "{\"type\":\"message\",\"attachments\":[{"
                "\"contentType\":\"application/vnd.microsoft.card.adaptive\","
                "\"content\":{\"type\":\"AdaptiveCard\",\"version\":\"1.4\",\"body\":["
                TEAMS_LINE("edgemirror {{instance}} {{more}}") ","
                "{\"type\":\"Container\",\"items\":["
                "{{#events}}" TEAMS_LINE("{{text}}") "{{/events}}]}]}}]}",
        [CONFIG_NOTIFY_ALERTMANAGER] =
                "[{{#events}}{\"labels\":{"
                "\"alertname\":\"EdgemirrorTrouble\",\"kind\":\"{{kind}}\",\"name\":\"{{name}}\","
                "\"catalog\":\"{{catalog}}\",\"instance\":\"{{peer_instance}}\"},"
                "\"annotations\":{"
                "\"summary\":\"{{text}}\",\"state\":\"{{state}}\",\"code\":\"{{code}}\"},"
                "\"startsAt\":\"{{time}}\",\"endsAt\":\"{{ends}}\"}{{/events}}]",
};
/* clang-format on */

enum { EVENT_FIELDS = 10 };

typedef struct EventFields {
        TemplateField fields[EVENT_FIELDS];
        char time[UTC_BYTES], ends[UTC_BYTES], name[4 * LIMIT_EDGE_NAME_MAX_BYTES];
} EventFields;

uint64_t notify_again_usec(const NotifyForm *form)
{
        return form->every_usec > AGAIN_USEC ? form->every_usec : AGAIN_USEC;
}

static uint64_t ends_after_usec(const NotifyForm *form, NotifyKind kind)
{
        bool soon = form->alerts && kind != NOTIFY_EDGE;
        return soon ? PEER_ENDS_TIMES * notify_again_usec(form) : ENDS_AFTER_USEC;
}

static const char *line_of(const NotifySubject *s)
{
        return s->text ? s->text : s->name;
}

static TemplateFields event_fill(const NotifyForm *form, const NotifySubject *e, time_t time,
                                 EventFields *f)
{
        bool well = e->now == NOTIFY_WELL;
        time_t ends = time + (time_t)(ends_after_usec(form, e->kind) / USEC_PER_SEC);
        time_t since = e->time < time ? e->time : time; /* the clock may have been set back */
        if (form->alerts && well)
                since -= (time_t)(END_EARLIER_USEC / USEC_PER_SEC);
        (void)utc_format(since, UTC_ISO, f->time);
        (void)utc_format(well ? since : ends, UTC_ISO, f->ends);
        /* as it is: edges are told apart by it */
        const char *name = e->name;
        if (!text_is_printable(name))
                name = text_show(name, f->name);
        const TemplateField fields[EVENT_FIELDS] = {
                {"kind", notify_kinds[e->kind]},
                {"name", name},
                {"catalog", e->catalog},
                {"status", well ? "resolved" : "firing"},
                {"state", notify_states[e->now]},
                {"code", fault_code_name(e->code)},
                {"text", line_of(e)},
                {"time", f->time},
                {"ends", f->ends},
                /* an edge is every instance's, a peer is seen by each for itself */
                {"peer_instance", e->kind == NOTIFY_EDGE ? "" : form->instance},
        };
        memcpy(f->fields, fields, sizeof(fields));
        return (TemplateFields){f->fields, EVENT_FIELDS};
}

/* All lines, and how many more there are. */
static int format_lines(const NotifyForm *form, NotifySubject *const *subjects, size_t n,
                        const char *more, Text *text, Text *escaped)
{
        static const char *const entities[] = {"&amp;", "&lt;", "&gt;"};
        int r = text_printf(text, "edgemirror %s", form->instance);
        for (size_t i = 0; r >= 0 && i < n; i++)
                r = text_printf(text, "\n%s", line_of(subjects[i]));
        if (r >= 0 && more[0])
                r = text_printf(text, "\n%s", more);
        return r < 0 ? r : text_append_replaced(escaped, text->data, "&<>", entities);
}

int notify_render(const NotifyForm *form, NotifySubject *const *subjects, size_t n_subjects,
                  size_t n_more, time_t time, Text *ret,
                  char complaint[static TEMPLATE_COMPLAINT_BYTES])
{
        _cleanup_(text_done) Text text = {0}, escaped = {0};
        _cleanup_(cleanup_free) EventFields *fields = calloc(n_subjects + 1, sizeof(*fields));
        _cleanup_(cleanup_free) TemplateFields *items = calloc(n_subjects + 1, sizeof(*items));
        bool firing = false;
        char more[64 + OWN_COMMAND_BYTES] = "";
        if (n_more > 0)
                (void)snprintf(more, sizeof(more), "… and %zu more; see %s status", n_more,
                               own_command());
        if (!fields || !items ||
            format_lines(form, subjects, n_subjects, more, &text, &escaped) < 0)
                return -ENOMEM;
        for (size_t i = 0; i < n_subjects; i++) {
                items[i] = event_fill(form, subjects[i], time, &fields[i]);
                firing = firing || subjects[i]->now != NOTIFY_WELL;
        }
        const TemplateField all[] = {
                {"instance", form->instance},
                {"catalog", form->catalog},
                {"status", firing ? "firing" : "resolved"},
                {"text", text.data},
                {"text_escaped", escaped.data},
                {"more", more},
        };
        return template_render(form->template, &(TemplateFields){all, ARRAY_SIZE(all)}, items,
                               n_subjects, ret, complaint);
}

static int read_template(const char *path, char **ret, Fault *ret_fault)
{
        _cleanup_(cleanup_free) char *text = calloc(1, LIMIT_NOTIFY_TEMPLATE_BYTES + 2);
        size_t size = 0;
        _cleanup_(cleanup_close) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
        int r = fd < 0 ? -errno : -ENOMEM;
        if (fd >= 0 && text)
                r = file_read(fd, text, LIMIT_NOTIFY_TEMPLATE_BYTES + 1, &size);
        if (r >= 0 && size > LIMIT_NOTIFY_TEMPLATE_BYTES)
                r = -EFBIG;
        if (r < 0)
                return fault_set(ret_fault, FAULT_PROCESS, -r,
                                 error_is_shortage(-r) ? CODE_NO_RESOURCES : CODE_SECRET_UNREADABLE,
                                 "template_file of [notify]: %s cannot be read: %s", path,
                                 strerrordesc_np(-r));
        if (memchr(text, '\0', size)) /* as UTF-16 has */
                return fault_set(ret_fault, FAULT_PROCESS, EILSEQ, CODE_SECRET_MALFORMED,
                                 "template_file of [notify] holds a NUL byte; save it as UTF-8");
        *ret = TAKE(text);
        return 0;
}

int notify_form_open(NotifyForm *form, const Config *config, Fault *ret_fault)
{
        const ConfigNotify *c = &config->notify;
        const char *host = strstr(config->catalog.url, "://") + 3;
        form->catalog = strndup(host, strcspn(host, "/"));
        form->every_usec = c->every_usec;
        if (!form->instance || !form->catalog)
                return fault_no_memory(ret_fault);
        if (!c->template_file) {
                form->template = strdup(formats[c->format]);
                return form->template ? 0 : fault_no_memory(ret_fault);
        }
        return read_template(c->template_file, &form->template, ret_fault);
}

void notify_form_close(NotifyForm *form)
{
        free(form->template);
        free(form->instance);
        free(form->catalog);
        *form = (NotifyForm){0};
}
