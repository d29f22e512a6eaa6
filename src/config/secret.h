/*
 * secret: a password or token from its file.
 */
#pragma once

#include "base/fault.h"
#include "base/text.h"
#include <stdbool.h>

/* Reads a secret: a path, or "credential:NAME" for $CREDENTIALS_DIRECTORY/NAME. One trailing
 * newline (LF or CRLF) is dropped. Refused, with a Fault (FAULT_PROCESS at start; the caller may
 * see it otherwise) that says what to do: a file that group or world can use (excepted: credentials
 * from systemd; where another user than root reads a file of root's, its group may read it: a
 * secret mounted into a container), one that is not a regular file, an empty one, a byte order mark
 * before the text, CR, LF or NUL inside, more than LIMIT_SECRET_MAX_BYTES. `ret` must be empty; the
 * caller releases it with text_wipe. */
int secret_read(const char *where, Text *ret, Fault *ret_fault);

/* The same of a text of several lines, a key or a certificate (PEM), whose mode matters when it
 * is_secret. */
int secret_read_text(const char *where, bool is_secret, Text *ret, Fault *ret_fault);

/* Whether a credential may be called so: a name in a directory. */
bool secret_name_is_valid(const char *name);
