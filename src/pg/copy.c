#include "pg/copy_private.h"
#include "pg/flight_private.h"

enum {
        COPY_PORTION_BYTES = 64 * 1024,
        COPY_TURN_BYTES = 1024 * 1024, /* then the loop's other sources have their turn */
};

static void copy_finish(PgConnection *c, const Fault *fault)
{
        if (fault)
                c->task->fault = *fault;
        if (PQputCopyEnd(c->conn, fault ? "the source failed" : NULL) <= 0) {
                connection_break(c);
                return;
        }
        c->task->at.copy_sourced = true;
        (void)connection_flush(c, false);
}

/* Asks the source for more when it has nothing left. False: the COPY has been ended. */
static bool copy_ask(PgConnection *c)
{
        PgTask *t = c->task;
        if (t->at.chunk_size > 0)
                return true;
        Fault fault = {0};
        bool given = t->work.steps[t->at.step].copy_source(t->userdata, &t->at.chunk,
                                                           &t->at.chunk_size, &fault) >= 0;
        if (given && t->at.chunk_size > 0)
                return true;
        t->at.chunk_size = 0;
        copy_finish(c, given ? NULL : &fault);
        return false;
}

/* Feeds the COPY while the socket takes it. libpq's buffer grows without bound, so it is seen to be
 * empty before it is given the next portion. */
void copy_feed(PgConnection *c)
{
        PgTask *t = c->task;
        for (size_t turn_bytes = 0;;) {
                if (!connection_flush(c, turn_bytes >= COPY_TURN_BYTES))
                        return;
                for (size_t portion_bytes = 0; portion_bytes < COPY_PORTION_BYTES;) {
                        if (!copy_ask(c))
                                return;
                        size_t n = t->at.chunk_size < COPY_PORTION_BYTES ? t->at.chunk_size
                                                                         : COPY_PORTION_BYTES;
                        int r = PQputCopyData(c->conn, t->at.chunk, (int)n);
                        if (r < 0) {
                                connection_break(c);
                                return;
                        }
                        if (r == 0)
                                break;
                        t->at.chunk += n;
                        t->at.chunk_size -= n;
                        portion_bytes += n;
                        turn_bytes += n;
                }
                (void)connection_set_deadline(c, flight_limit(c, 1));
        }
}

void copy_begin(PgConnection *c)
{
        PgTask *t = c->task;
        /* our own mistake: end the COPY, the server reports it */
        if (!t->work.steps[t->at.step].copy_source) {
                (void)PQputCopyEnd(c->conn, "no source");
                (void)connection_flush(c, false);
                return;
        }
        t->at.stage = WORK_COPY;
        t->at.copy_sourced = false;
        t->at.chunk_size = 0;
        copy_feed(c);
}
