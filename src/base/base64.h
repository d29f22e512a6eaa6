/*
 * base64: bytes as printable text (RFC 4648, section 4).
 */
#pragma once

#include "base/text.h"

/* Appends "username:secret" as basic authentication sends it (RFC 7617). -ENOMEM. The caller wipes
 * it. */
int base64_credentials(const char *username, const char *secret, Text *ret);
