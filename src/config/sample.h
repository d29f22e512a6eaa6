/*
 * sample: the option table as text.
 */
#pragma once

#include "config/answers.h"
#include <stdio.h>

/* The commented sample configuration: what etc/edgemirror.conf holds. */
int config_print_sample(FILE *out);

/* A configuration of these keys, each explained as in the sample; sections of edges may follow. */
int config_print_answers(FILE *out, const ConfigAnswer *answers, size_t n);

/* Every key with its section, accepted form, default and purpose: for people, on a terminal. All
 * return -EIO when writing fails. */
int config_print_help(FILE *out);
