/*
 * base64: bytes as printable text (RFC 4648, section 4).
 */
#pragma once

#include "base/text.h"

/* Appends "username:secret" as basic authentication sends it (RFC 7617). -ENOMEM. The caller wipes
 * it. */
int base64_credentials(const char *username, const char *secret, Text *ret);

/* Appends the SHA-256 of the bytes, as a Content-Security-Policy names what it allows. -ENOMEM. */
int base64_sha256(const char *bytes, size_t size, Text *ret);
