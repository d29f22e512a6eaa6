/*
 * page: a page of database connections into rows, every one of them checked.
 *
 * One bad row fails the page: a page that is believed in part is a mirror that is wrong in part.
 */
#pragma once

#include "base/fault.h"
#include "base/record.h"
#include <cjson/cJSON.h>

typedef struct Page {
        cJSON *document; /* the rows' names live here */
        DatabaseConnection *rows;
        size_t n_rows;
} Page;

void page_done(Page *p);

/* Negative errno and a Fault of FAULT_RUN that names row, field and what was expected. */
int page_parse(const char *body, size_t size, const Uuid *edge, unsigned limit, Page *ret, Fault *ret_fault);

/* One row alone, of any Edge connection: the answer of GET /databaseConnections/{id}. */
int page_parse_one(const char *body, size_t size, Page *ret, Fault *ret_fault);
