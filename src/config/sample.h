/*
 * sample: the option table as text.
 */
#pragma once

#include <stdio.h>

/* The commented sample configuration: what etc/edgemirror.conf holds. */
int config_print_sample(FILE *out);

/* Every key with its section, accepted form, default and purpose: for people, on a terminal. Both
 * return -EIO when writing fails. */
int config_print_help(FILE *out);
