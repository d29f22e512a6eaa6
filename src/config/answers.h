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

/* As config_load, of these in place of `file`, and of FILE.d/ *.conf, which are so many
 * (ret_beside); the environment is not read, no edge is needed, and nothing of [postgres]. In
 * `errors`, `from` stands in place of file and line. What a line of a file would not hold as it is,
 * is an error. */
int config_load_answers(const char *file, const ConfigAnswer *answers, size_t n, Config **ret,
                        size_t *ret_beside, Text *errors);

/* Whether a value will do, as far as it alone tells. -EINVAL with errors, -ENOMEM. */
int config_check_answer(const ConfigAnswer *answer, Text *errors);

/* Whether a line of a file gives the value as it is: space at either end is not part of a value
 * there, and what follows " ;" is a comment. */
bool config_line_keeps(const char *value);
