/*
 * job: a Job document into what the program decides by.
 *
 * Three shapes are in use: the reference's (epoch milliseconds, userId), the job API's (ISO 8601,
 * user, result), and that of the Edge job system (jobId, status, message, lastUpdatedDateTime; or a
 * list of such entries, of which the newest counts, but none before one that is terminal). Only id,
 * state, result, progress and message are read; the document is kept whole.
 */
#pragma once

#include "catalog/catalog.h"
#include "catalog/redact.h"

/* Owns the texts that a CatalogJob points to. */
typedef struct JobDocument {
        CatalogJob job;
        char *message;
        char *document;
} JobDocument;

void job_document_done(JobDocument *d);

/* Credentials (NULL: none) are redacted out of every text. `asked`: whose job it must be where an
 * entry of the Edge job system does not say, NULL: not known. -EINVAL: not a Job (no valid id);
 * -EPROTO: its state or result is not text, or there twice; -ENOMEM. Errors of json_parse, but what
 * cannot be stored (NUL, no Unicode) is replaced. */
int job_parse(const char *body, size_t size, const Uuid *asked, const Redact *redact,
              JobDocument *ret);
