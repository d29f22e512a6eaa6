/*
 * clock_skew: how far this machine's clock is from another's, in words.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* "this machine's clock is 5m ahead of that of the catalog", or that they agree, to a second: what
 * an answer was under way for is in the difference. True: it is more than a minute. */
bool clock_skew(int64_t ahead_usec, const char *whose, char *ret, size_t size);
