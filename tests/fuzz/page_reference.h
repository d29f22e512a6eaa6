/*
 * page_reference: decoding of pages and rows byte by byte, with a tree for every row.
 *
 * Slower than src/catalog/page.h and json.h, and meant to find the same in every text: the same
 * verdict, the same words, the same rows. It shares with them the getters of json.h and the
 * redaction.
 */
#pragma once

#include "catalog/page.h"

/* As those of json.h and page.h. */
int page_reference_parse_json(const char *text, size_t size, cJSON **ret);
int page_reference_parse(const char *body, size_t size, const Uuid *edge, unsigned limit,
                         const Redact *redact, Page *ret, Fault *ret_fault);
int page_reference_parse_one(const char *body, size_t size, const Redact *redact, Page *ret,
                             Fault *ret_fault);
