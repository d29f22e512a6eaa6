/*
 * page: what the pages for people have in common: their arguments, their frame, and the pieces they
 * are made of.
 *
 * A page is two functions: what it asks the mirror, and how the answers look. Both are pure: of
 * plain data into questions or into a page.
 */
#pragma once

#include "mirror/reader.h"
#include "web/edge_state.h"
#include "web/html.h"

enum { PAGE_FIELDS_MAX = 6, PAGE_TEXT_MAX_BYTES = 256, PAGE_NUMBER_MAX = 100000 };

typedef enum PageFieldKind {
        PAGE_WORD,   /* one of `words`, the first unless given */
        PAGE_TEXT,   /* anything; empty: not given */
        PAGE_NUMBER, /* from 1 */
        PAGE_DATE,   /* 2026-11-29 */
} PageFieldKind;

typedef struct PageField {
        const char *name;
        PageFieldKind kind;
        const char *const *words; /* ended by NULL */
} PageField;

/* What stands behind the "?", checked. Zero-initialise. */
typedef struct PageArguments {
        const PageField *fields;
        size_t n_fields;
        char *values[PAGE_FIELDS_MAX]; /* NULL: not given */
} PageArguments;

void page_arguments_done(PageArguments *a);
/* -EINVAL: not one of its values; -ENOMEM. NULL or "": not given. */
int page_arguments_set(PageArguments *a, size_t field, const char *value);
/* The value; a word's first one, "1" or NULL where it is not given. */
const char *page_argument(const PageArguments *a, const char *field);

typedef struct PageView {
        const char *path;    /* of the page, as a link leads to it */
        const char *name;    /* of the edge; NULL: not of one */
        const char *version; /* of the program */
        const char *now;     /* a time, which says that it is in UTC, for the reader */
        const PageArguments *arguments;
        const MirrorTable *tables; /* in the order of the questions */
        const char *refused; /* what the instance that answers says, where PostgreSQL refuses it
                                something; NULL: nothing */
} PageView;

/* A page of one table shows so many rows. */
#define PAGE_ROWS 100

/* A macro that is a number, as the parameter of a question. */
#define PAGE_TEXT_OF(number)  PAGE_TEXT_OF_(number)
#define PAGE_TEXT_OF_(number) #number

typedef struct WebPage {
        const char *path;
        bool of_edge; /* the name of an edge follows */
        const char *title;
        const PageField *fields;
        size_t n_fields;
        /* Fills the questions and returns how many they are. What they point to lives as long as
         * the arguments and the name, or is `scratch`. */
        size_t (*ask)(const PageArguments *a, const char *name, char scratch[static 32],
                      MirrorQuestion *ret);
        /* Writes what is inside <main>; returns the HTTP status. */
        unsigned (*render)(const PageView *v, Html *h);
} WebPage;

extern const WebPage page_home, page_edge, page_inventory, page_changes;

/* A whole page: 0, or -ENOMEM. */
int page_write(const WebPage *page, const PageView *v, Html *h, unsigned *ret_status);
/* A page that says what is wrong, and what to do. */
int page_write_problem(Html *h, const char *version, const char *title, const char *what,
                       const char *advice);

/* ---- pieces --------------------------------------------------------------------------------- */

/* How long ago, or until then, as "12m30s"; negative: `none`. */
const char *page_age(int64_t seconds, const char *none, char out[static 64]);

void page_put_number(Html *h, const char *element, int64_t value, const char *class);
/* A link to the page of an edge. name NULL: an Edge connection that was never configured here. */
void page_put_edge(Html *h, const char *name, const char *id);
/* A paragraph on what to do. What stands in backquotes is a command; "%s" in one becomes the name
 * of the edge, which may be NULL where there is none in it, as a shell reads it. */
void page_put_advice(Html *h, const char *advice, const char *edge);
/* The state of an edge by the row's columns, which is returned, and what it hides. */
const EdgeState *page_put_states(Html *h, const MirrorTable *t, size_t row);
/* What is hidden means, and what to do; nothing where nothing is. */
void page_put_hidden_state(Html *h, const MirrorTable *t, size_t row);

/* Appends the link to this page with one argument changed; without what is not given. -ENOMEM. */
int page_append_url(Text *t, const PageView *v, const char *field, const char *value);
/* The same as an element <a>, the present one marked. */
void page_put_link(Html *h, const PageView *v, const char *field, const char *value,
                   const char *text);

/* A table that may be wider than its page: begin, its headings, body, its rows, end. */
void page_table_begin(Html *h, const char *caption);
void page_table_body(Html *h);
void page_table_end(Html *h);
/* A column's heading; `class` of its cells. */
void page_put_heading(Html *h, const char *text, const char *class);
/* One that sorts by this word: descending first where that says more. */
void page_put_sorting(Html *h, const PageView *v, const char *text, const char *word,
                      bool descending_first, const char *class);
/* The pages of a table of so many rows, and how many there are. */
void page_put_pages(Html *h, const PageView *v, int64_t n_rows, const char *of_what);
/* Offset of the present one. */
int64_t page_offset(const PageArguments *a);
/* The edge that rows are chosen by ("edge"), with a link to all, as an item of a list; nothing
 * where it is not given. */
void page_put_edge_filter(Html *h, const PageView *v);
void page_put_search(Html *h, const PageView *v, const char *field, const char *label);
