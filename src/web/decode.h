/*
 * decode: percent-encoding of paths and arguments (RFC 3986, 2.1), decoded once and strictly.
 */
#pragma once

#include <stdbool.h>

/* In place. False, and the text is unspecified: a "%" that two hexadecimal digits do not follow,
 * what is no UTF-8, or a control character. A "+" is left as it is. */
bool web_decode(char *text);
