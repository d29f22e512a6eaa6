/*
 * sample: the option table as text.
 */
#pragma once

#include "config/answers.h"
#include <stdio.h>

extern const char *const config_section_notes[OPTION_SECTIONS];

/* A key with a value, explained; `off`: what goes before it. */
void config_print_option(FILE *out, const Option *o, const char *off, const char *value);

/* A configuration of these keys, each explained as in the sample; sections of edges may follow. */
int config_print_answers(FILE *out, const ConfigAnswer *answers, size_t n);

/* Every key with its section, accepted form, default and purpose: for people, on a terminal. All
 * return -EIO when writing fails. */
int config_print_help(FILE *out);
