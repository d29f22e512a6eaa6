/*
 * init_answers: what `edgemirror init` needs to know, from its options or from a person.
 *
 * Each answer is the value of a key of the configuration, and is held against the table of keys
 * before it is taken from a person. A secret is never one: only the file that holds it is.
 */
#pragma once

#include "cli/command.h"
#include "config/answers.h"

enum { INIT_ANSWERS_MAX = 24 };

typedef struct InitAnswers {
        char *values[INIT_ANSWERS_MAX]; /* as the table in init_answers.c; NULL: none */
        bool from_person;               /* somebody is asked */
} InitAnswers;

/* What the options say. -ENOMEM. */
int init_answers_take(InitAnswers *a, const CommandLine *line);
void init_answers_done(InitAnswers *a);

/* Whether something is missing without which it cannot be; `say`: reports all of it, and that there
 * is no terminal to ask on. */
bool init_answers_missing(const InitAnswers *a, bool say);

/* Asks for what is not there of a section; `again`: for all of it, and an empty line keeps what
 * there is. -ENODATA: the person has ended the input, -ENOMEM. */
int init_answers_ask(InitAnswers *a, OptionSection section, bool again);

/* The answers as far as they are there; the values are borrowed. How many. */
size_t init_answers_list(const InitAnswers *a, ConfigAnswer out[static INIT_ANSWERS_MAX]);
