#include "base/template.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define SECTION_BEGIN "#events"
#define SECTION_END   "/events"

typedef struct Rendering {
        const TemplateFields *all, *item; /* item: NULL outside of the section */
        Text *out;
        char *complaint;
} Rendering;

static int append_escaped(Text *out, const char *value)
{
        int r = 0;
        for (const char *p = value; r >= 0 && *p; p++)
                r = *p == '"' || *p == '\\'   ? text_printf(out, "\\%c", *p)
                    : (unsigned char)*p < ' ' ? text_printf(out, "\\u%04x", (unsigned char)*p)
                                              : text_append(out, p, 1);
        return r;
}

static const char *find_field(const TemplateFields *fields, const char *name, size_t size)
{
        for (size_t i = 0; fields && i < fields->n; i++)
                if (strlen(fields->fields[i].name) == size &&
                    memcmp(fields->fields[i].name, name, size) == 0)
                        return fields->fields[i].value;
        return NULL;
}

/* About what stands there, up to its end or as much of it as tells one from another. */
static int complain(const Rendering *r, const char *at, const char *end, const char *what)
{
        char shown[64];
        (void)text_printable(at, (size_t)(end - at), shown, sizeof(shown));
        (void)snprintf(r->complaint, TEMPLATE_COMPLAINT_BYTES, "%s %s", shown, what);
        return -EINVAL;
}

/* Up to the end, without a section in it. */
static int render_fields(Rendering *r, const char *from, const char *to)
{
        while (from < to) {
                const char *open = memmem(from, (size_t)(to - from), "{{", 2);
                int error = text_append(r->out, from, (size_t)((open ? open : to) - from));
                if (error < 0 || !open)
                        return error;
                const char *name = open + 2;
                const char *close = memmem(name, (size_t)(to - name), "}}", 2);
                if (!close)
                        return complain(r, open, to, "has no }}");
                const char *value = find_field(r->item, name, (size_t)(close - name));
                if (!value)
                        value = find_field(r->all, name, (size_t)(close - name));
                if (!value)
                        return complain(r, open, close + 2,
                                        "is no field, or one of events outside of {{#events}}");
                error = append_escaped(r->out, value);
                if (error < 0)
                        return error;
                from = close + 2;
        }
        return 0;
}

int template_render(const char *template, const TemplateFields *all, const TemplateFields *items,
                    size_t n_items, Text *ret, char complaint[static TEMPLATE_COMPLAINT_BYTES])
{
        static const char begin[] = "{{" SECTION_BEGIN "}}", end[] = "{{" SECTION_END "}}";
        Rendering r = {.all = all, .out = ret, .complaint = complaint};
        const char *at = template, *section;
        int error = 0;
        while (error >= 0 && (section = strstr(at, begin))) {
                const char *inside = section + strlen(begin), *close = strstr(inside, end);
                if (!close) {
                        return complain(&r, section, inside, "has no {{/events}}");
                }
                error = render_fields(&r, at, section);
                for (size_t i = 0; error >= 0 && i < n_items; i++) {
                        r.item = &items[i];
                        error = i > 0 ? text_append(ret, ",", 1) : 0;
                        if (error >= 0)
                                error = render_fields(&r, inside, close);
                }
                r.item = NULL;
                at = close + strlen(end);
        }
        return error < 0 ? error : render_fields(&r, at, at + strlen(at));
}
