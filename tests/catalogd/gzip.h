/*
 * gzip: a body in the form of gzip (RFC 1952), stored and not compressed: what a client must
 * decode, not how small it gets.
 */
#pragma once

#include "base/text.h"

/* Replaces what *body holds. -ENOMEM. */
int gzip_wrap(Text *body);
