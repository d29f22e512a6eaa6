/*
 * answers: a draft in which they stand for a file, assembled as any other.
 */
#include "config/answers.h"
#include "config/draft.h"
#include <string.h>

bool config_line_keeps(const char *value)
{
        size_t size = strlen(value);
        return *value != ';' && *value != ' ' && (size == 0 || value[size - 1] != ' ') &&
               !strstr(value, " ;");
}

static int draft_take_answer(Draft *d, const ConfigAnswer *a)
{
        int r = draft_take(d, a->section, a->from, a->key, a->value);
        if (r >= 0 && !config_line_keeps(a->value))
                problems_add(&d->problems,
                             (Place){.file = (unsigned)d->n_files - 1, .line = PLACE_VARIABLE},
                             "%s: a comment begins with \" ;\", and space at the ends is dropped; "
                             "accepted: a value without them",
                             a->key);
        return r;
}

int config_load_answers(const char *file, const ConfigAnswer *answers, size_t n, Config **ret,
                        size_t *ret_beside, Text *errors)
{
        _cleanup_(draft_done) Draft draft = {.edges_optional = true, .postgres_optional = true};
        int r = 0;
        for (size_t i = 0; i < n && r >= 0; i++)
                r = draft_take_answer(&draft, &answers[i]);
        if (r >= 0)
                r = draft_read_directory(&draft, file);
        *ret_beside = draft.n_files - n;
        return r < 0 ? r : draft_finish(&draft, ret, errors);
}

int config_check_answer(const ConfigAnswer *answer, Text *errors)
{
        /* as of a file of which the rest cannot be read */
        _cleanup_(draft_done) Draft draft = {.unreadable = true};
        _cleanup_(cleanup_config) Config *config = NULL;
        int r = draft_take_answer(&draft, answer);
        return r < 0 ? r : draft_finish(&draft, &config, errors);
}
