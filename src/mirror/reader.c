/*
 * reader: see the header. An answer is copied whole into one allocation: libpq's is gone when its
 * handler returns, and a page is written from all answers together.
 */
#include "mirror/reader.h"
#include "base/duration.h"
#include "base/limits.h"
#include "base/text.h"
#include "mirror/mirror_private.h"
#include "mirror/sql_embedded.h"
#include "mirror/trust_private.h"
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define LOCK_TIMEOUT_USEC (3 * USEC_PER_SEC)

typedef struct ReadTask {
        MirrorTask task;
        MirrorReadCallback callback;
        PgStep steps[1 + MIRROR_QUESTIONS_MAX];
        MirrorTable tables[MIRROR_QUESTIONS_MAX];
        const char **memory[MIRROR_QUESTIONS_MAX]; /* of a table */
        size_t n_tables;
        bool failed; /* no memory for one of them */
} ReadTask;

/* ---- tables --------------------------------------------------------------------------------- */

const char *table_text(const MirrorTable *t, size_t row, const char *column)
{
        size_t i = 0;
        while (i < t->n_columns && !text_equal(t->columns[i], column))
                i++;
        return row < t->n_rows && i < t->n_columns ? t->cells[row * t->n_columns + i] : NULL;
}

const char *table_string(const MirrorTable *t, size_t row, const char *column)
{
        const char *text = table_text(t, row, column);
        return text ? text : "";
}

int64_t table_int(const MirrorTable *t, size_t row, const char *column, int64_t otherwise)
{
        const char *text = table_text(t, row, column);
        return text ? strtoll(text, NULL, 10) : otherwise;
}

int64_t table_age(const MirrorTable *t, size_t row, const char *column)
{
        int64_t age = table_int(t, row, column, 0);
        return !table_text(t, row, column) ? -1 : age < 0 ? 0 : age;
}

bool table_bool(const MirrorTable *t, size_t row, const char *column)
{
        const char *text = table_text(t, row, column);
        return text && text[0] == 't';
}

/* Not longer than the text, whatever is cut, and whatever bytes are in it. */
static const char *keep(char **at, const char *text)
{
        size_t size = strlen(text);
        bool cut = size > LIMIT_WEB_TEXT_BYTES;
        const char *end = cut ? "…" : "";
        size_t end_size = strlen(end) + 1;
        if (cut)
                size = LIMIT_WEB_TEXT_BYTES + 1 - end_size;
        while (cut && size > 0 && (text[size] & 0xc0) == 0x80)
                size--;
        char *copy = *at;
        memcpy(copy, text, size);
        memcpy(copy + size, end, end_size);
        *at = copy + size + end_size;
        return copy;
}

/* The pointers first, the texts behind them. NULL: no memory. */
static const char **table_fill(const PGresult *result, MirrorTable *ret)
{
        int n_rows = PQntuples(result), n_columns = PQnfields(result);
        size_t n = (size_t)(n_rows + 1) * (size_t)n_columns, size = n * sizeof(char *);
        for (int column = 0; column < n_columns; column++) {
                size += strlen(PQfname(result, column)) + 1;
                for (int row = 0; row < n_rows; row++)
                        size += (size_t)PQgetlength(result, row, column) + 1;
        }
        const char **memory = malloc(size + 1), **cell = memory;
        if (!memory)
                return NULL;
        char *at = (char *)(memory + n);
        for (int column = 0; column < n_columns; column++)
                *cell++ = keep(&at, PQfname(result, column));
        for (int row = 0; row < n_rows; row++)
                for (int column = 0; column < n_columns; column++) {
                        const char *text = result_text(result, row, column);
                        *cell++ = text ? keep(&at, text) : NULL;
                }
        *ret = (MirrorTable){(size_t)n_rows, (size_t)n_columns, memory, memory + n_columns};
        return memory;
}

/* ---- the task ------------------------------------------------------------------------------- */

static PgNext read_on_result(const PGresult *result, void *userdata, Fault *ret_fault _unused_)
{
        ReadTask *t = userdata;
        size_t i = t->n_tables++;
        t->memory[i] = table_fill(result, &t->tables[i]);
        t->failed = t->failed || !t->memory[i];
        return PG_NEXT;
}

static bool read_complete(MirrorTask *task, PgEnd end _unused_, const Fault *fault)
{
        ReadTask *t = (ReadTask *)task;
        Fault no_memory = {0};
        if (fault->scope == FAULT_NONE && t->failed) {
                fault_set(&no_memory, FAULT_PROCESS, ENOMEM, CODE_NO_MEMORY, "no memory");
                fault = &no_memory;
        }
        t->callback(fault->scope == FAULT_NONE ? t->tables : NULL, fault, task->userdata);
        return false;
}

static void read_done(MirrorTask *task)
{
        ReadTask *t = (ReadTask *)task;
        for (size_t i = 0; i < t->n_tables; i++)
                free(t->memory[i]);
}

int mirror_read(Mirror *m, const MirrorQuestion *questions, size_t n, uint64_t limit_usec,
                MirrorReadCallback callback, void *userdata, MirrorTask **ret)
{
        assert(n <= MIRROR_QUESTIONS_MAX && n <= TASK_PARAMS_MAX);
        ReadTask *t = task_new(m, sizeof(*t), read_complete, userdata);
        if (!t)
                return -ENOMEM;
        t->callback = callback;
        t->task.done = read_done;
        t->steps[0] = task_step(sql_catalog, NULL, trust_on_catalog);
        for (size_t i = 0; i < n; i++) {
                Params *params = &t->task.params[i];
                for (int k = 0; k < questions[i].n_params; k++)
                        params_text(params, questions[i].params[k]);
                t->steps[1 + i] = task_step(questions[i].sql, params, read_on_result);
                t->steps[1 + i].certain = true;
        }
        PgWork work = {.steps = t->steps,
                       .n_steps = 1 + n,
                       .transaction = true,
                       .read_only = true,
                       .phase = "page",
                       .statement_timeout_usec = limit_usec,
                       .lock_timeout_usec = LOCK_TIMEOUT_USEC,
                       .bulk = true,
                       .awaited = true};
        return task_start(&t->task, &work, ret);
}
