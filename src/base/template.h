/*
 * template: JSON with named fields.
 *
 * "{{name}}" is replaced by the field's value, escaped as the inside of a JSON string is; what
 * stands between "{{#events}}" and "{{/events}}" comes once for each item, with a comma between,
 * and knows the fields of the item before those of all. Pure.
 */
#pragma once

#include "base/text.h"

typedef struct TemplateField {
        const char *name;
        const char *value; /* UTF-8 */
} TemplateField;

typedef struct TemplateFields {
        const TemplateField *fields;
        size_t n;
} TemplateFields;

enum { TEMPLATE_COMPLAINT_BYTES = 160 };

/* -EINVAL: a field that there is not, or a section that does not end; `complaint` is one printable
 * clause about it, else untouched. -ENOMEM. Appends to `ret`. */
int template_render(const char *template, const TemplateFields *all, const TemplateFields *items,
                    size_t n_items, Text *ret, char complaint[static TEMPLATE_COMPLAINT_BYTES]);
