/*
 * engine: the targets as libFuzzer wants them; $FUZZ_TARGET names the one to run.
 */
#include "fuzz/fuzz.h"
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const FuzzTarget *target;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
        (void)argc;
        (void)argv;
        const char *name = getenv("FUZZ_TARGET");
        target = fuzz_find(name ? name : "");
        if (target)
                return 0;
        (void)fprintf(stderr, "FUZZ_TARGET is to name one of:");
        for (const FuzzTarget *t = fuzz_targets; t->name; t++)
                (void)fprintf(stderr, " %s", t->name);
        (void)fprintf(stderr, "\n");
        exit(2);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        target->run(data, size);
        return 0;
}
