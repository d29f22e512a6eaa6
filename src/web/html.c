/*
 * html: see the header. Nothing reaches the page but by append(), escaped() or a literal.
 */
#include "web/html.h"
#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void append(Html *h, const char *string)
{
        h->failed = h->failed || text_append_string(&h->text, string) < 0;
}

void html_done(Html *h)
{
        text_done(&h->text);
        *h = (Html){0};
}

/* What is plain goes in one piece. */
static void escaped(Html *h, const char *string, bool in_attribute)
{
        size_t left = strlen(string);
        while (left > 0 && !h->failed) {
                char shown[TEXT_ESCAPE_BYTES];
                size_t n = 0;
                while (n < left && string[n] >= ' ' && string[n] < 0x7f && string[n] != '&' &&
                       string[n] != '<' && string[n] != '>' && string[n] != '"')
                        n++;
                if (n > 0) {
                        h->failed = text_append(&h->text, string, n) < 0;
                } else if (*string == '&' || *string == '<' || *string == '>' || *string == '"') {
                        n = 1;
                        append(h, *string == '&'   ? "&amp;"
                                  : *string == '<' ? "&lt;"
                                  : *string == '>' ? "&gt;"
                                                   : "&quot;");
                } else {
                        n = text_escape_next(string, left, shown);
                        if (!shown[0])
                                h->failed = text_append(&h->text, string, n) < 0;
                        append(h, shown[0] && !in_attribute ? "<span class=\"esc\">" : "");
                        append(h, shown);
                        append(h, shown[0] && !in_attribute ? "</span>" : "");
                }
                string += n;
                left -= n;
        }
}

static void start_tag(Html *h, const char *element, const HtmlAttribute *a, size_t n,
                      const char *end)
{
        append(h, "<");
        append(h, element);
        for (size_t i = 0; i < n; i++) {
                if (!a[i].name || !a[i].value)
                        continue;
                append(h, " ");
                append(h, a[i].name);
                append(h, "=\"");
                escaped(h, a[i].value, true);
                append(h, "\"");
        }
        append(h, end);
}

void html_open_with(Html *h, const char *element, const HtmlAttribute *a, size_t n)
{
        assert(h->depth < HTML_DEPTH_MAX);
        start_tag(h, element, a, n, ">");
        h->open[h->depth++] = element;
}

void html_empty_with(Html *h, const char *element, const HtmlAttribute *a, size_t n)
{
        start_tag(h, element, a, n, "/>");
}

void html_put_with(Html *h, const char *element, const char *text, const HtmlAttribute *a, size_t n)
{
        html_open_with(h, element, a, n);
        html_text(h, text);
        html_close(h);
}

void html_close(Html *h)
{
        static const char *const lines[] = {"tr",    "p",     "li",     "h1",   "h2",  "dd",
                                            "table", "thead", "header", "head", "body"};
        assert(h->depth > 0);
        const char *element = h->open[--h->depth];
        append(h, "</");
        append(h, element);
        append(h, text_find(lines, ARRAY_SIZE(lines), element) < ARRAY_SIZE(lines) ? ">\n" : ">");
}

void html_text(Html *h, const char *text)
{
        if (text)
                escaped(h, text, false);
}

void html_printf(Html *h, const char *format, ...)
{
        _cleanup_(cleanup_free) char *text = NULL;
        va_list arguments;
        va_start(arguments, format);
        if (vasprintf(&text, format, arguments) < 0) {
                text = NULL;
                h->failed = true;
        }
        va_end(arguments);
        html_text(h, text);
}

void html_message(Html *h, const char *text)
{
        while (text && *text) {
                size_t n = strcspn(text, "\n");
                _cleanup_(cleanup_free) char *line = strndup(text, n);
                h->failed = h->failed || !line;
                html_text(h, line);
                text += n;
                if (*text && *++text)
                        html_empty(h, "br");
        }
}

void html_style(Html *h, const char *stylesheet)
{
        append(h, "<style>");
        append(h, stylesheet);
        append(h, "</style>\n");
}

void html_begin(Html *h)
{
        append(h, "<!DOCTYPE html>\n");
        html_open(h, "html", {"lang", "en"});
}

int html_end(Html *h)
{
        while (h->depth > 0)
                html_close(h);
        return h->failed ? -ENOMEM : 0;
}
