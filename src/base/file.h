/*
 * file: reading a whole file, of which the caller knows how much is allowed.
 */
#pragma once

#include <stddef.h>

/* Reads up to the end of the file or until the buffer is full, however the bytes arrive. Negative
 * errno, and then the buffer may hold what came before. To tell a file that just fits from one that
 * is too large, offer a byte more than is allowed. */
int file_read(int fd, void *buffer, size_t size, size_t *ret_size);
