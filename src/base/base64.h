/*
 * base64: bytes as printable text (RFC 4648, section 4).
 */
#pragma once

#include <stddef.h>

/* NULL: no memory. The caller frees it. */
char *base64_encode(const char *bytes, size_t size);
