/*
 * edgemirror: a PostgreSQL mirror of the database connections that a Collibra catalog knows.
 */
#include "base/metric.h"
#include "cli/cli.h"
#include <malloc.h>

enum {
        MALLOC_KEPT_BYTES = 1 * 1024 * 1024,
        MALLOC_OWN_BYTES = 256 * 1024,
};

/* Pages come and go by the thousand: what one takes stays for the next. What is larger than they
 * are, as the ids and the spool of a long list, is mapped by itself and unmapped when it is
 * released. Without this, both depend on what was released before. */
static void tune_malloc(void)
{
#ifdef M_TRIM_THRESHOLD /* musl has its own ways, and no say in them */
        (void)mallopt(M_TRIM_THRESHOLD, MALLOC_KEPT_BYTES);
        (void)mallopt(M_MMAP_THRESHOLD, MALLOC_OWN_BYTES);
#endif
}

int main(int argc, char **argv)
{
        tune_malloc();
        (void)metric_set_time(METRIC_PROCESS_START, 0);
        return cli_main(argc, argv);
}
