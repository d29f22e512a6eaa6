/*
 * html: writes a page, and what is foreign in it as text.
 *
 * Text and the values of attributes are escaped always; what would command the display (control
 * characters, bidirectional controls, invisible ones) is shown as "\u202e", in a span of its own
 * where that is possible. Names of elements and attributes are the caller's literals. What is
 * written is well-formed XML, too: each element that is opened is closed in turn.
 *
 * A failed allocation is remembered: nothing is written after it, and html_end reports it.
 */
#pragma once

#include "base/text.h"

enum { HTML_DEPTH_MAX = 32 };

typedef struct HtmlAttribute {
        const char *name;
        const char *value; /* NULL: the attribute is left out */
} HtmlAttribute;

/* Zero-initialise. `text` is the page so far; html_done releases it. */
typedef struct Html {
        Text text;
        bool failed;
        unsigned depth;
        const char *open[HTML_DEPTH_MAX]; /* the elements that are open, outermost first */
} Html;

void html_done(Html *h); /* usable with _cleanup_ */

/* html_open(h, "a", {"href", url}, {"class", "name"}): attributes follow, any number of them. */
#define html_open(h, element, ...) html_open_with(h, element, HTML_ATTRIBUTES(__VA_ARGS__))
/* The same for an element that has no content: <br/>. */
#define html_empty(h, element, ...) html_empty_with(h, element, HTML_ATTRIBUTES(__VA_ARGS__))
/* The same, with text as its only content, and closed. NULL: no text. */
#define html_put(h, element, text, ...)                                                            \
        html_put_with(h, element, text, HTML_ATTRIBUTES(__VA_ARGS__))

/* The first one is none, so that there may be none. */
#define HTML_ATTRIBUTES(...)                                                                       \
        (const HtmlAttribute[]){{NULL, NULL}, ##__VA_ARGS__},                                      \
                sizeof((const HtmlAttribute[]){{NULL, NULL}, ##__VA_ARGS__}) /                     \
                        sizeof(HtmlAttribute)

void html_open_with(Html *h, const char *element, const HtmlAttribute *a, size_t n);
void html_empty_with(Html *h, const char *element, const HtmlAttribute *a, size_t n);
void html_put_with(Html *h, const char *element, const char *text, const HtmlAttribute *a,
                   size_t n);
void html_close(Html *h); /* the innermost element */

void html_text(Html *h, const char *text);                         /* NULL: nothing */
void html_printf(Html *h, const char *format, ...) _printf_(2, 3); /* escaped as well */
void html_message(Html *h, const char *text);                      /* lines stay lines */
void html_style(Html *h, const char *stylesheet);                  /* our own: as it is */
void html_begin(Html *h);                                          /* the document */

/* Closes what is open. -ENOMEM: something is missing. */
int html_end(Html *h);
