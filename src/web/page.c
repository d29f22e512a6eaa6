#include "web/page.h"
#include "base/duration.h"
#include "base/own_command.h"
#include "schedule/civil.h"
#include "web/style.h"
#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* ---- arguments ------------------------------------------------------------------------------ */

void page_arguments_done(PageArguments *a)
{
        for (size_t i = 0; i < a->n_fields; i++)
                free(a->values[i]);
        *a = (PageArguments){0};
}

static bool is_date(const char *s)
{
        static const char form[] = "dddd-dd-dd";
        int64_t year, month, day;
        for (size_t i = 0; i < sizeof(form); i++)
                if (form[i] == 'd' ? !isdigit((unsigned char)s[i]) : s[i] != form[i])
                        return false;
        const char y[] = {s[0], s[1], s[2], s[3], '\0'}, m[] = {s[5], s[6], '\0'};
        if (text_parse_int64(y, 1970, 9999, &year) < 0 || text_parse_int64(m, 1, 12, &month) < 0)
                return false;
        return text_parse_int64(s + 8, 1, civil_days_in_month(year, (int)month), &day) == 0;
}

static bool is_word(const char *const *words, const char *value)
{
        for (; *words; words++)
                if (text_equal(*words, value))
                        return true;
        return false;
}

static bool is_valid(const PageField *f, const char *value)
{
        int64_t number;
        switch (f->kind) {
        case PAGE_WORD:
                return is_word(f->words, value);
        case PAGE_TEXT:
                return strlen(value) <= PAGE_TEXT_MAX_BYTES &&
                       text_utf8_valid(value, strlen(value));
        case PAGE_NUMBER:
                return text_parse_int64(value, 1, PAGE_NUMBER_MAX, &number) == 0;
        case PAGE_DATE:
                return is_date(value);
        }
        return false;
}

int page_arguments_set(PageArguments *a, size_t field, const char *value)
{
        if (!value || !value[0])
                return 0;
        if (!is_valid(&a->fields[field], value))
                return -EINVAL;
        free(a->values[field]);
        a->values[field] = strdup(value);
        return a->values[field] ? 0 : -ENOMEM;
}

static size_t field_find(const PageArguments *a, const char *field)
{
        size_t i = 0;
        while (i < a->n_fields && !text_equal(a->fields[i].name, field))
                i++;
        assert(i < a->n_fields);
        return i;
}

static const char *field_default(const PageField *f)
{
        return f->kind == PAGE_WORD ? f->words[0] : f->kind == PAGE_NUMBER ? "1" : NULL;
}

const char *page_argument(const PageArguments *a, const char *field)
{
        size_t i = field_find(a, field);
        return a->values[i] ? a->values[i] : field_default(&a->fields[i]);
}

int64_t page_offset(const PageArguments *a)
{
        return (strtoll(page_argument(a, "page"), NULL, 10) - 1) * PAGE_ROWS;
}

/* ---- links ---------------------------------------------------------------------------------- */

/* The first page, when something else changes. */
int page_append_url(Text *t, const PageView *v, const char *field, const char *value)
{
        const PageArguments *a = v->arguments;
        const char *gap = "?";
        int r = text_append_string(t, v->path);
        for (size_t i = 0; i < a->n_fields && r >= 0; i++) {
                const char *name = a->fields[i].name;
                bool changed = text_equal(name, field);
                const char *now = changed ? value : text_equal(name, "page") ? NULL : a->values[i];
                if (!now || text_equal(now, field_default(&a->fields[i])))
                        continue;
                r = text_printf(t, "%s%s=", gap, name);
                r = r < 0 ? r : text_append_url(t, now);
                gap = "&";
        }
        return r;
}

void page_put_link(Html *h, const PageView *v, const char *field, const char *value,
                   const char *text)
{
        _cleanup_(text_done) Text url = {0};
        h->failed = h->failed || page_append_url(&url, v, field, value) < 0;
        html_put(h, "a", text, {"href", url.data},
                 {"aria-current",
                  text_equal(page_argument(v->arguments, field), value) ? "true" : NULL});
}

void page_put_edge(Html *h, const char *name, const char *id)
{
        _cleanup_(text_done) Text url = {0};
        /* Browsers take "." and ".." for steps, and proxies may refuse what is not printable. */
        bool by_name = name && name[0] != '.' && text_is_printable(name);
        int r = text_append_string(&url, "/edges/");
        r = r < 0 ? r : text_append_url(&url, by_name ? name : id ? id : "");
        h->failed = h->failed || r < 0;
        if (name)
                html_put(h, "a", name, {"href", url.data}, {"class", "name"});
        else
                html_put(h, "span", id ? id : "not configured", {"class", "muted"});
}

/* ---- the frame ------------------------------------------------------------------------------ */

static void put_navigation(Html *h, const char *here)
{
        static const struct {
                const char *path, *text;
        } pages[] = {{"/", "Edges"}, {"/inventory", "Inventory"}, {"/changes", "Changes"}};
        html_open(h, "nav", {"aria-label", "Pages"});
        html_open(h, "ul");
        for (size_t i = 0; i < ARRAY_SIZE(pages); i++) {
                html_open(h, "li");
                html_put(h, "a", pages[i].text, {"href", pages[i].path},
                         {"aria-current", text_equal(pages[i].path, here) ? "page" : NULL});
                html_close(h);
        }
        html_close(h);
        html_close(h);
}

/* From the document's beginning into <main>, and to its end. `here`: the path of the page that the
 * navigation shows as the present one; NULL: none. */
static void page_begin(Html *h, const char *title, const char *here)
{
        html_begin(h);
        html_open(h, "head");
        html_empty(h, "meta", {"charset", "utf-8"});
        html_empty(h, "meta", {"name", "viewport"},
                   {"content", "width=device-width,initial-scale=1"});
        html_open(h, "title");
        html_printf(h, "%s · edgemirror", title);
        html_close(h);
        html_style(h, style_sheet);
        html_close(h);
        html_open(h, "body");
        html_put(h, "a", "Skip to the content", {"class", "skip"}, {"href", "#content"});
        html_open(h, "header");
        html_put(h, "b", "edgemirror");
        put_navigation(h, here);
        html_close(h);
        html_open(h, "main", {"id", "content"}, {"tabindex", "-1"});
}

static void page_end(Html *h, const PageView *v)
{
        html_close(h);
        html_open(h, "footer");
        if (v->now)
                html_printf(h,
                            "Read from the mirror at %s; all times are UTC. Load the page again to "
                            "see what is new. ",
                            v->now);
        html_printf(h, "edgemirror %s", v->version);
        html_close(h);
}

int page_write(const WebPage *page, const PageView *v, Html *h, unsigned *ret_status)
{
        page_begin(h, v->name ? v->name : page->title, page->of_edge ? NULL : page->path);
        *ret_status = page->render(v, h);
        page_end(h, v);
        return html_end(h);
}

int page_write_problem(Html *h, const char *version, const char *title, const char *what,
                       const char *advice)
{
        page_begin(h, title, NULL);
        html_open(h, "div", {"class", "verdict trouble"});
        html_put(h, "h1", title);
        html_open(h, "p");
        html_message(h, what);
        html_close(h);
        page_put_advice(h, advice, NULL);
        html_close(h);
        page_end(h, &(PageView){.version = version});
        return html_end(h);
}

/* ---- pieces --------------------------------------------------------------------------------- */

const char *page_age(int64_t seconds, const char *none, char out[static 64])
{
        if (seconds <= 0) {
                (void)snprintf(out, 64, "%s", seconds < 0 ? none : "0s");
                return out;
        }
        return duration_format_short((uint64_t)seconds * USEC_PER_SEC, out);
}

/* 1234567 as "1,234,567". */
void page_put_number(Html *h, const char *element, int64_t value, const char *class)
{
        char digits[32], text[48];
        int n = snprintf(digits, sizeof(digits), "%" PRId64, value);
        size_t used = 0;
        for (int i = 0; i < n; i++) {
                if (i > 0 && (n - i) % 3 == 0 && digits[i - 1] != '-')
                        text[used++] = ',';
                text[used++] = digits[i];
        }
        text[used] = '\0';
        html_put(h, element, text, {"class", class});
}

static void page_put_state(Html *h, const EdgeState *state)
{
        char class[32];
        (void)snprintf(class, sizeof(class), "state %s", edge_level_names[state->level]);
        html_put(h, "span", state->label, {"class", class});
}

const EdgeState *page_put_states(Html *h, const MirrorTable *t, size_t row)
{
        const char *word = table_text(t, row, "state");
        const EdgeState *state = edge_state_find(word, table_text(t, row, "last_refresh"));
        const EdgeState *hidden = edge_state_hidden(word, table_bool(t, row, "overdue"));
        page_put_state(h, state);
        if (hidden) {
                html_text(h, " ");
                page_put_state(h, hidden);
        }
        return state;
}

void page_put_hidden_state(Html *h, const MirrorTable *t, size_t row)
{
        const EdgeState *hidden =
                edge_state_hidden(table_text(t, row, "state"), table_bool(t, row, "overdue"));
        if (!hidden)
                return;
        html_put(h, "p", hidden->meaning);
        page_put_advice(h, hidden->advice, table_string(t, row, "edge"));
}

static void put_command(Html *h, const char *command, size_t size, const char *edge)
{
        _cleanup_(text_done) Text t = {0};
        const char *place = memmem(command, size, "%s", 2);
        size_t before = place ? (size_t)(place - command) : size;
        /* the configuration goes between this program and what it is to do */
        size_t skipped = text_starts_with(command, "edgemirror ") ? strlen("edgemirror") : 0;
        int r = text_append_string(&t, skipped ? own_command() : "");
        if (r >= 0)
                r = text_append(&t, command + skipped, before - skipped);
        if (place && r >= 0)
                r = edge_append_quoted(&t, edge);
        if (place && r >= 0)
                r = text_append(&t, place + 2, size - before - 2);
        h->failed = h->failed || r < 0;
        html_put(h, "code", t.data);
}

void page_put_advice(Html *h, const char *advice, const char *edge)
{
        html_open(h, "p");
        html_put(h, "b", "What to do: ");
        for (bool command = false; *advice; command = !command) {
                size_t n = strcspn(advice, "`");
                if (command)
                        put_command(h, advice, n, edge);
                else
                        html_printf(h, "%.*s", (int)n, advice);
                advice += n + (advice[n] == '`');
        }
        html_close(h);
}

void page_table_begin(Html *h, const char *caption)
{
        html_open(h, "div", {"class", "scroll"}, {"role", "region"}, {"aria-label", caption},
                  {"tabindex", "0"});
        html_open(h, "table");
        html_put(h, "caption", caption);
        html_open(h, "thead");
        html_open(h, "tr");
}

void page_table_body(Html *h)
{
        html_close(h);
        html_close(h);
        html_open(h, "tbody");
}

void page_table_end(Html *h)
{
        html_close(h);
        html_close(h);
        html_close(h);
}

void page_put_heading(Html *h, const char *text, const char *class)
{
        html_put(h, "th", text, {"scope", "col"}, {"class", class});
}

void page_put_sorting(Html *h, const PageView *v, const char *text, const char *word,
                      bool descending_first, const char *class)
{
        _cleanup_(text_done) Text url = {0};
        bool present = text_equal(page_argument(v->arguments, "sort"), word);
        bool descending = text_equal(page_argument(v->arguments, "order"), "desc");
        /* Sorted by it already: the other way round. */
        const char *next = (present ? !descending : descending_first) ? "desc" : "asc";
        PageArguments other = *v->arguments;
        other.values[field_find(&other, "order")] = (char *)next;
        const PageView turned = {.path = v->path, .arguments = &other};
        h->failed = h->failed || page_append_url(&url, &turned, "sort", word) < 0;
        html_open(h, "th", {"scope", "col"}, {"class", class},
                  {"aria-sort", !present     ? NULL
                                : descending ? "descending"
                                             : "ascending"});
        html_open(h, "a", {"href", url.data});
        html_text(h, text);
        html_text(h, !present ? "" : descending ? " ↓" : " ↑");
        html_close(h);
        html_close(h);
}

void page_put_pages(Html *h, const PageView *v, int64_t n_rows, const char *of_what)
{
        int64_t first = page_offset(v->arguments) + 1, page = first / PAGE_ROWS + 1;
        int64_t last = first + PAGE_ROWS - 1 < n_rows ? first + PAGE_ROWS - 1 : n_rows;
        char number[32];
        if (n_rows <= PAGE_ROWS)
                return;
        html_open(h, "p", {"class", "pages"});
        html_printf(h, "%" PRId64 " to %" PRId64 " of %" PRId64 " %s. ", first, last, n_rows,
                    of_what);
        if (page > 1) {
                (void)snprintf(number, sizeof(number), "%" PRId64, page - 1);
                page_put_link(h, v, "page", number, "Previous page");
                html_text(h, " ");
        }
        if (last < n_rows) {
                (void)snprintf(number, sizeof(number), "%" PRId64, page + 1);
                page_put_link(h, v, "page", number, "Next page");
        }
        html_close(h);
}

void page_put_edge_filter(Html *h, const PageView *v)
{
        const char *edge = page_argument(v->arguments, "edge");
        if (!edge)
                return;
        html_open(h, "li");
        html_text(h, "of the edge ");
        html_put(h, "span", edge, {"class", "name"});
        html_text(h, " (");
        page_put_link(h, v, "edge", NULL, "all edges");
        html_text(h, ")");
        html_close(h);
}

/* A search keeps what the page shows otherwise. */
void page_put_search(Html *h, const PageView *v, const char *field, const char *label)
{
        const PageArguments *a = v->arguments;
        html_open(h, "form", {"method", "get"}, {"action", v->path}, {"role", "search"});
        for (size_t i = 0; i < a->n_fields; i++)
                if (a->values[i] && !text_equal(a->fields[i].name, field) &&
                    !text_equal(a->fields[i].name, "page"))
                        html_empty(h, "input", {"type", "hidden"}, {"name", a->fields[i].name},
                                   {"value", a->values[i]});
        html_put(h, "label", label, {"for", field});
        html_empty(h, "input", {"type", "search"}, {"id", field}, {"name", field},
                   {"maxlength", "256"}, {"value", page_argument(a, field)});
        html_put(h, "button", "Search", {"type", "submit"});
        html_close(h);
}
