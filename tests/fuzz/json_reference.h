/*
 * json_reference: a second opinion on JSON, from RFC 8259 and what PostgreSQL's jsonb cannot keep.
 * Written for being obviously right, not for speed.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* One value and nothing else but white space, in valid UTF-8; no NUL, no lone surrogate, no deeper
 * than 900. */
bool json_reference_accepts(const char *text, size_t size);
