/*
 * job: a Job document into what the program decides by.
 *
 * Two shapes are in use: the reference's (epoch milliseconds, userId) and the job API's (ISO 8601, user, result). Only id, state, result, progress and
 * message are read, which both have under the same names; the document is kept whole.
 */
#pragma once

#include "base/text.h"
#include "catalog/blot.h"
#include "catalog/catalog.h"

/* Owns the texts that a CatalogJob points to. */
typedef struct JobDocument {
        CatalogJob job;
        char *message;
        char *document;
} JobDocument;

void job_document_done(JobDocument *d);

/* Credentials (NULL: none) are blotted out of message and document. -EINVAL: not a Job (no valid id, or a state that is not text); -ENOMEM. Errors of
 * json_parse. */
int job_parse(const char *body, size_t size, const Blot *blot, JobDocument *ret);
