/*
 * base64: bytes as printable text (RFC 4648, section 4).
 */
#pragma once

/* Of "username:secret", as basic authentication sends it (RFC 7617). NULL: no memory. The caller
 * wipes and frees it. */
char *base64_credentials(const char *username, const char *secret);
