/*
 * markup: see the header. A parser of exactly what web/html.h writes.
 */
#include "harness/markup.h"
#include "base/cleanup.h"
#include "base/text.h"
#include <ctype.h>
#include <stdio.h>
#include <string.h>

enum { DEPTH_MAX = 64, ATTRIBUTES_MAX = 16, IDS_MAX = 64, WORD_MAX = 256 };

typedef struct Attribute {
        char name[32], value[WORD_MAX];
} Attribute;

typedef struct Parser {
        const char *at, *begin;
        char open[DEPTH_MAX][32];
        int depth;
        Attribute attributes[ATTRIBUTES_MAX];
        int n_attributes;
        char ids[IDS_MAX][64], labels[IDS_MAX][64], fields[IDS_MAX][64];
        int n_ids, n_labels, n_fields, n_main, n_h1, level;
        bool captioned;
} Parser;

static char problem[512];

static const char *fail(const Parser *p, const char *what, const char *detail)
{
        (void)snprintf(problem, sizeof(problem), "%s %s at byte %zu: %.60s", what, detail,
                       (size_t)(p->at - p->begin), p->at);
        return problem;
}

static const char *const elements[] = {
        "html", "head", "meta",    "link",     "title",  "style",      "body",  "a",     "header",
        "b",    "nav",  "ul",      "li",       "main",   "div",        "h1",    "h2",    "p",
        "span", "dl",   "dt",      "dd",       "table",  "caption",    "thead", "tbody", "tr",
        "th",   "td",   "code",    "pre",      "br",     "form",       "label", "input", "button",
        "svg",  "rect", "polygon", "polyline", "footer", "blockquote",
};
static const char *const names[] = {
        "lang",
        "charset",
        "name",
        "content",
        "rel",
        "href",
        "class",
        "id",
        "tabindex",
        "role",
        "scope",
        "method",
        "action",
        "type",
        "value",
        "maxlength",
        "for",
        "viewBox",
        "aria-label",
        "width",
        "height",
        "x",
        "y",
        "points",
        "preserveAspectRatio",
        "aria-hidden",
        "aria-current",
        "aria-sort",
};

static bool is_of(const char *const *list, unsigned n, const char *word)
{
        return text_find(list, n, word) < n;
}

static const char *attribute(const Parser *p, const char *name)
{
        for (int i = 0; i < p->n_attributes; i++)
                if (strcmp(p->attributes[i].name, name) == 0)
                        return p->attributes[i].value;
        return NULL;
}

static bool word(Parser *p, char *out, size_t size)
{
        size_t n = 0;
        while ((isalnum((unsigned char)*p->at) || *p->at == '-') && n + 1 < size)
                out[n++] = *p->at++;
        out[n] = '\0';
        return n > 0;
}

/* After "&". */
static bool reference(const char *at)
{
        static const char *const known[] = {"amp;", "lt;", "gt;", "quot;"};
        for (size_t i = 0; i < ARRAY_SIZE(known); i++)
                if (strncmp(at, known[i], strlen(known[i])) == 0)
                        return true;
        return false;
}

static const char *parse_attributes(Parser *p)
{
        p->n_attributes = 0;
        while (*p->at == ' ') {
                Attribute *a = &p->attributes[p->n_attributes];
                size_t n = 0;
                p->at++;
                if (p->n_attributes == ATTRIBUTES_MAX || !word(p, a->name, sizeof(a->name)))
                        return fail(p, "no attribute", "");
                if (!is_of(names, ARRAY_SIZE(names), a->name))
                        return fail(p, "an attribute that is not ours:", a->name);
                if (attribute(p, a->name))
                        return fail(p, "an attribute twice:", a->name);
                if (strncmp(p->at, "=\"", 2) != 0)
                        return fail(p, "an attribute without quotes:", a->name);
                for (p->at += 2; *p->at && *p->at != '"'; p->at++) {
                        if (*p->at == '<' || *p->at == '>' ||
                            (*p->at == '&' && !reference(p->at + 1)) || *p->at < ' ')
                                if ((unsigned char)*p->at < 0x80)
                                        return fail(p, "a bare character in", a->name);
                        if (n + 1 < sizeof(a->value))
                                a->value[n++] = *p->at;
                }
                a->value[n] = '\0';
                p->n_attributes++;
                if (*p->at++ != '"')
                        return fail(p, "an attribute without an end:", a->name);
        }
        return NULL;
}

static bool keep(char list[IDS_MAX][64], int *n, const char *text, bool unique)
{
        for (int i = 0; i < *n; i++)
                if (strcmp(list[i], text) == 0)
                        return !unique;
        if (*n < IDS_MAX)
                (void)snprintf(list[(*n)++], 64, "%.63s", text);
        return true;
}

/* What an element must have. */
static const char *check_element(Parser *p, const char *name)
{
        const char *id = attribute(p, "id"), *href = attribute(p, "href");
        p->n_main += strcmp(name, "main") == 0;
        p->n_h1 += strcmp(name, "h1") == 0;
        if (strcmp(name, "h1") == 0 || strcmp(name, "h2") == 0) {
                if (name[1] - '0' > p->level + 1)
                        return fail(p, "a level of headings is left out before", name);
                p->level = name[1] - '0';
        }
        if (id && !keep(p->ids, &p->n_ids, id, true))
                return fail(p, "an id twice:", id);
        if (href && href[0] != '/' && href[0] != '#' && href[0] != '?')
                return fail(p, "a link that leads elsewhere:", href);
        if (strcmp(name, "label") == 0)
                (void)keep(p->labels, &p->n_labels, attribute(p, "for") ? attribute(p, "for") : "",
                           false);
        if (strcmp(name, "input") == 0 && !text_equal(attribute(p, "type"), "hidden"))
                (void)keep(p->fields, &p->n_fields, id ? id : "a field without an id", false);
        if (strcmp(name, "th") == 0 && !attribute(p, "scope"))
                return fail(p, "a heading cell without a scope", "");
        if (strcmp(name, "svg") == 0 && !attribute(p, "aria-label") && !attribute(p, "aria-hidden"))
                return fail(p, "a picture without a text", "");
        if (strcmp(name, "table") == 0)
                p->captioned = false;
        if (strcmp(name, "caption") == 0)
                p->captioned = true;
        if (strcmp(name, "tr") == 0 && !p->captioned)
                return fail(p, "a table without a caption", "");
        return NULL;
}

static const char *parse_tag(Parser *p)
{
        char name[32];
        const char *wrong;
        bool closing = p->at[1] == '/';
        p->at += closing ? 2 : 1;
        if (!word(p, name, sizeof(name)) || !is_of(elements, ARRAY_SIZE(elements), name))
                return fail(p, "an element that is not ours:", name);
        if (closing) {
                if (p->depth == 0 || strcmp(p->open[p->depth - 1], name) != 0)
                        return fail(p, "closed out of turn:", name);
                p->depth--;
                return *p->at++ == '>' ? NULL : fail(p, "no end of", name);
        }
        if ((wrong = parse_attributes(p)) || (wrong = check_element(p, name)))
                return wrong;
        if (strncmp(p->at, "/>", 2) == 0) {
                p->at += 2;
                return NULL;
        }
        if (*p->at++ != '>' || p->depth == DEPTH_MAX)
                return fail(p, "no end of", name);
        (void)snprintf(p->open[p->depth++], 32, "%s", name);
        return NULL;
}

static const char *check_whole(const Parser *p)
{
        if (p->depth > 0)
                return fail(p, "not closed:", p->open[p->depth - 1]);
        if (p->n_main != 1 || p->n_h1 != 1)
                return fail(p, "not one main and one h1", "");
        for (int i = 0; i < p->n_fields; i++) {
                bool labelled = false;
                for (int k = 0; k < p->n_labels; k++)
                        labelled = labelled || strcmp(p->fields[i], p->labels[k]) == 0;
                if (!labelled)
                        return fail(p, "a field without a label:", p->fields[i]);
        }
        return NULL;
}

const char *markup_problem(const char *page)
{
        static Parser p;
        static const char begin[] = "<!DOCTYPE html>\n";
        p = (Parser){.at = page, .begin = page};
        if (!text_utf8_valid(page, strlen(page)))
                return "not UTF-8";
        if (!text_starts_with(page, begin))
                return "no DOCTYPE";
        p.at += strlen(begin);
        while (*p.at) {
                const char *wrong = NULL;
                if (*p.at == '<')
                        wrong = parse_tag(&p);
                else if (*p.at == '>' || (*p.at == '&' && !reference(p.at + 1)))
                        if (p.depth > 0 && strcmp(p.open[p.depth - 1], "style") != 0)
                                return fail(&p, "a bare character", "");
                        else
                                p.at++;
                else if ((*p.at >= 0 && *p.at < ' ' && *p.at != '\n') || *p.at == 0x7f)
                        return fail(&p, "a control character", "");
                else
                        p.at++;
                if (wrong)
                        return wrong;
        }
        return check_whole(&p);
}
