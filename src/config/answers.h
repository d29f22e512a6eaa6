/*
 * answers: a configuration that somebody is about to write: values of keys, of no file yet.
 */
#pragma once

#include "config/config.h"
#include "config/option.h"

typedef struct ConfigAnswer {
        OptionSection section; /* one without a name */
        const char *key;
        const char *value;
        const char *from; /* where it comes from, for messages: "--url" */
} ConfigAnswer;

/* As config_load, of these alone: no file is read, and the environment is not either; it needs no
 * edge, and nothing of [postgres]. In `errors`, `from` stands in place of file and line. What a
 * line of a file would not hold as it is, is an error. */
int config_load_answers(const ConfigAnswer *answers, size_t n, Config **ret, Text *errors);

/* Whether a value will do, as far as it alone tells. -EINVAL with errors, -ENOMEM. */
int config_check_answer(const ConfigAnswer *answer, Text *errors);

/* Whether a line of a file gives the value as it is: space at either end is not part of a value
 * there, and what follows " ;" is a comment. */
bool config_line_keeps(const char *value);
