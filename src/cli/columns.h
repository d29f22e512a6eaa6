/*
 * columns: texts below each other on a terminal.
 */
#pragma once

#include <stddef.h>
#include <stdio.h>

/* What UTF-8 text takes on the screen: letters of the east and pictures take two columns. Near enough to keep lines below each other. */
size_t columns_of(const char *text);

/* The text, and blanks up to so many columns; a longer text is not cut. */
void columns_put(FILE *out, const char *text, size_t columns);
