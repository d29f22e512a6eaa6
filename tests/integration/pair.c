/*
 * pair: see the header.
 */
#include "integration/pair.h"
#include "base/cleanup.h"
#include "harness/program.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

enum { WAIT_SECONDS_MAX = 60 };

void pair_start(Pair *p)
{
        MirrorBench *const both[] = {&p->publisher, &p->subscriber};
        document_open("docs/replication.md", &p->page);
        for (size_t i = 0; i < 2; i++) {
                harness_postgres_start(&both[i]->pg);
                free(harness_sql(&both[i]->pg, "CREATE ROLE edgemirror_reader NOLOGIN;"
                                               "CREATE ROLE edgemirror_operator NOLOGIN"));
        }
}

void pair_stop(Pair *p)
{
        document_close(&p->page);
        bench_stop(&p->subscriber);
        bench_stop(&p->publisher);
}

void pair_follow(Pair *p, PageBlock n, const char *user)
{
        static const char address[] =
                "host=publisher.example dbname=reporting user=edgemirror_feed sslmode=verify-full "
                "sslrootcert=/etc/ssl/certs/ca-certificates.crt";
        const char *block = p->page.blocks[n];
        bool at_publisher = strncmp(block, "-- publisher\n", strlen("-- publisher\n")) == 0;
        char sql[2048];
        assert_true(at_publisher ||
                    strncmp(block, "-- subscriber\n", strlen("-- subscriber\n")) == 0);
        const char *found = strstr(block, address);
        if (found)
                (void)snprintf(sql, sizeof(sql), "%.*shost=%s dbname=test user=%s%s",
                               (int)(found - block), block, p->publisher.pg.folder, user,
                               found + strlen(address));
        else
                (void)snprintf(sql, sizeof(sql), "%s", block);
        free(harness_sql(at_publisher ? &p->publisher.pg : &p->subscriber.pg, sql));
}

/* Between two looks; fails when it took too long. */
static void pause_until(time_t give_up, const MirrorBench *b, const char *what)
{
        const struct timespec pause = {.tv_nsec = 20 * 1000 * 1000};
        if (time(NULL) > give_up)
                fail_msg("not after %d s: %s; see %s/log", WAIT_SECONDS_MAX, what, b->pg.folder);
        (void)nanosleep(&pause, NULL);
}

void pair_wait_for(const MirrorBench *b, const char *condition)
{
        if (!harness_await_sql(&b->pg, condition, WAIT_SECONDS_MAX))
                fail_msg("waited in vain: %s; see %s/log", condition, b->pg.folder);
}

void pair_wait_for_log(const MirrorBench *b, const char *words)
{
        time_t give_up = time(NULL) + WAIT_SECONDS_MAX;
        for (;;) {
                _cleanup_(cleanup_free) char *log = harness_read(b->pg.folder, "log");
                if (strstr(log, words))
                        return;
                pause_until(give_up, b, words);
        }
}

/* All rows of a table as text. */
static char *rows_of(const Pair *p, const MirrorBench *side, const char *table)
{
        char sql[2048];
        (void)snprintf(
                sql, sizeof(sql),
                "SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) FROM pg_attribute"
                " WHERE attrelid = 'edgemirror.%s'::regclass AND attnum > 0 AND NOT attisdropped",
                table);
        _cleanup_(cleanup_free) char *columns = harness_sql(&p->publisher.pg, sql);
        (void)snprintf(sql, sizeof(sql),
                       "SELECT string_agg(t::text, E'\\n' ORDER BY t::text) FROM (SELECT %s FROM "
                       "edgemirror.%s) t",
                       columns, table);
        return harness_sql(&side->pg, sql);
}

static bool equal(const Pair *p, const char *table)
{
        _cleanup_(cleanup_free) char *here = rows_of(p, &p->publisher, table);
        _cleanup_(cleanup_free) char *there = rows_of(p, &p->subscriber, table);
        return strcmp(here, there) == 0;
}

void pair_wait_until_equal(const Pair *p)
{
        time_t give_up = time(NULL) + WAIT_SECONDS_MAX;
        _cleanup_(cleanup_free) char *tables = bench_column(
                &p->publisher,
                "SELECT tablename FROM pg_publication_tables WHERE pubname = 'edgemirror'");
        char *rest = tables;
        for (const char *table; (table = strsep(&rest, "|"));)
                while (!equal(p, table))
                        pause_until(give_up, &p->subscriber, table);
}
