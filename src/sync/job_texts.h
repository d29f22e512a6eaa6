/*
 * job_texts: the texts that the catalog gave for a job, and which of them are not in the journal
 * yet.
 *
 * A text that is the same again is not new: documents are large, and written when they have
 * changed. Running out of memory loses a text for people, and the run goes on.
 */
#pragma once

#include <stdbool.h>

typedef enum JobText { JOB_URL, JOB_MESSAGE, JOB_DOCUMENT, JOB_TEXTS } JobText;

/* Zero-initialise. */
typedef struct JobTexts {
        char *texts[JOB_TEXTS];
        unsigned is_new, going; /* bits: not in the journal yet; given to the write under way */
} JobTexts;

/* copied; NULL: nothing is known, what there is stays */
void job_texts_take(JobTexts *t, JobText name, const char *text);
const char *job_texts_get(const JobTexts *t, JobText name); /* NULL: none; borrowed */
/* the same, if the journal does not have it */
const char *job_texts_new(const JobTexts *t, JobText name);

/* The journal asks for what is new: between job_texts_ask and job_texts_given. `again`: what it was
 * given the last time was not written. */
void job_texts_ask(JobTexts *t, bool again);
void job_texts_given(JobTexts *t);

void job_texts_done(JobTexts *t);
