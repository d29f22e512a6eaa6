#include "sync/snapshot.h"
#include "mirror/spool.h"

int snapshot_begin(Snapshot *s)
{
        return spool_new(&s->rows);
}

int snapshot_complete(Snapshot *s)
{
        int r = s->found ? 0 : spool_new(&s->found);
        if (r >= 0 && !s->verdicts)
                r = spool_new(&s->verdicts);
        return r;
}

void snapshot_done(Snapshot *s)
{
        (void)spool_free(s->rows);
        (void)spool_free(s->found);
        (void)spool_free(s->verdicts);
        *s = (Snapshot){0};
}

int snapshot_add_page(Snapshot *s, const CatalogPageAnswer *page, Fault *ret_fault)
{
        for (size_t i = 0; i < page->n_rows; i++) {
                int r = spool_add(s->rows, &page->rows[i], page->answer.asked_usec, ret_fault);
                if (r < 0)
                        return r;
        }
        return 0;
}

int snapshot_add_verdict(Snapshot *s, ProofVerdict verdict, const Uuid *asked,
                         const CatalogOneAnswer *answer, Fault *ret_fault)
{
        SpoolVerdict v = {.id = *asked,
                          .asked_usec = answer->answer.asked_usec,
                          .http_status = answer->answer.status};
        switch (verdict) {
        case PROOF_PENDING:
                return 0;
        case PROOF_HERE: /* the list has missed it */
                return spool_add(s->rows, &answer->row, answer->answer.asked_usec, ret_fault);
        case PROOF_GONE:
                v.gone = true;
                break;
        case PROOF_MOVED:
                v.moved = &answer->row;
                break;
        case PROOF_UNKNOWN:
        default:
                break;
        }
        return spool_add_verdict(s->verdicts, &v, ret_fault);
}
