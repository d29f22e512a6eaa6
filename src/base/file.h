/*
 * file: reading a whole file, of which the caller knows how much is allowed; writing a new one.
 */
#pragma once

#include <stddef.h>

/* From the root; a link is not followed: other files may lie beside it than beside its target.
 * The caller frees it. NULL: no memory, or there is no directory here. */
char *file_absolute(const char *path);

/* Reads up to the end of the file or until the buffer is full, however the bytes arrive. Negative
 * errno, and then the buffer may hold what came before. To tell a file that just fits from one that
 * is too large, offer a byte more than is allowed. */
int file_read(int fd, void *buffer, size_t size, size_t *ret_size);

/* Makes a file that only its owner may use (mode 0600), whole and on the disk, or not at all; never
 * in the place of anything that is there, a symbolic link among them (-EEXIST). Signals wait until
 * it is over, so that none leaves a part of it behind. Negative errno. */
int file_write_new(const char *path, const char *bytes, size_t size);
