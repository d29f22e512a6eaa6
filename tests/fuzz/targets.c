/*
 * targets: the list of them.
 */
#include "base/text.h"
#include "fuzz/fuzz.h"

const FuzzTarget fuzz_targets[] = {
        {"uuid", fuzz_uuid},
        {"duration", fuzz_duration},
        {"text", fuzz_text},
        {"timestamp", fuzz_timestamp},
        {"retry_after", fuzz_retry_after},
        {"json", fuzz_json},
        {"page", fuzz_page},
        {"slices", fuzz_slices},
        {"row", fuzz_row},
        {"edges", fuzz_edges},
        {"job", fuzz_job},
        {"jobs", fuzz_jobs},
        {"token", fuzz_token},
        {"error", fuzz_error},
        {"redact", fuzz_redact},
        {"url", fuzz_url},
        {"request", fuzz_request},
        {"http", fuzz_http},
        {"connect", fuzz_connect},
        {"schedule", fuzz_schedule},
        {"zone", fuzz_zone},
        {"config", fuzz_config},
        {"secret", fuzz_secret},
        {"copy", fuzz_copy},
        {NULL, NULL},
};

const FuzzTarget *fuzz_find(const char *name)
{
        for (const FuzzTarget *t = fuzz_targets; t->name; t++)
                if (text_equal(t->name, name))
                        return t;
        return NULL;
}
