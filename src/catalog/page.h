/*
 * page: a page of database connections into rows, every one of them checked.
 *
 * A row that cannot be mirrored is set aside, and the others are read all the same: it comes out
 * with `rejected` set (see record.h), at its place in the page, and with its id when that can be
 * read. What is wrong with the page as a whole is a fault: it is no page; it holds more rows than
 * were asked for; a row belongs to another Edge connection, since then another question was
 * answered than was asked; or no id in it can be read at all.
 */
#pragma once

#include "base/fault.h"
#include "base/record.h"
#include "catalog/redact.h"
#include <cjson/cJSON.h>

typedef struct Page {
        cJSON *document;          /* texts of rows that are not plain (plain_row.h) live here, */
        DatabaseConnection *rows; /* the others behind these */
        size_t n_rows;
} Page;

void page_done(Page *p);

/* Negative errno and a Fault of FAULT_RUN that says what was expected. Credentials (NULL: none) are
 * redacted out of the documents of rejected rows. */
int page_parse(const char *body, size_t size, const Uuid *edge, unsigned limit,
               const Redact *redact, Page *ret, Fault *ret_fault);

/* One row alone, of any Edge connection: the answer of GET /databaseConnections/{id}. A fault when
 * its id cannot be read. */
int page_parse_one(const char *body, size_t size, const Redact *redact, Page *ret,
                   Fault *ret_fault);
