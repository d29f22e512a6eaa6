#!/usr/bin/env bash
# Plants faults in a copy of the sources, one at a time, and demands that the simulation fails. By hand: tests/sim/mutants.sh [SEEDS [WORDS]], some minutes;
# WORDS: those alone whose name or file has them.
#
# Fails when a fault survives so many worlds (150,000 unless told), or when a line in which it is planted is no longer there. Those in src/ are faults of the
# program; those in tests/sim/ are faults of what stands in for it: the queries, and the reading back.
set -u
. "$(dirname "$0")/../../scripts/lib.sh"
take_options '' "$@"
cd "$(dirname "$0")/../.." || exit
seeds=${1:-150000}
words=${2:-}
[[ $seeds =~ ^[1-9][0-9]*$ ]] || {
        echo "seeds are a number: $seeds" >&2
        exit 2
}
cc=${CC:-cc}
work=$(mktemp -d "${TMPDIR:-/tmp}/edgemirror-mutants-XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM

# name; file; what sed does to it. An empty line ends each.
mutants() {
        cat <<'END'
the job of somebody else is taken up
src/sync/job_search.c
/^static bool job_may_be_ours/,/^}/s/strcmp(job->kind.user, s->kind.user) == 0/true/

a job of another type is taken up
src/sync/job_search.c
/^static bool job_may_be_ours/,/^}/s/strcmp(job->kind.type, s->kind.type) == 0/true/

a job of another edge is taken up
src/sync/job_search.c
/^static bool job_may_be_ours/,/^}/s/job->names_edge \&\&/true \&\&/

a job is taken up that is older than the first run that may have begun it
src/sync/job_search.c
/^static void job_judge/,/^}/s/job->created_msec < from_msec/job->created_msec < 0/

a job is taken up that another run has had
src/sync/job_search.c
/^static bool job_is_known/,/^}/s/return true;/return false;/

a job that nobody noted is not looked for
src/sync/machine.c
s/if (m->settings.refresh \&\& claim->lost) {/if (m->settings.refresh \&\& claim->lost \&\& claim->busy) {/

a job that was found is not taken up
src/sync/machine.c
/case JOB_SEARCH_FOUND:/,/return SYNC_JOB_FOUND;/s/return SYNC_JOB_FOUND;/return SYNC_JOB_NOT_FOUND;/

a job that was found is not noted at once
src/sync/machine_table.c
/ROW(SEARCHING, JOB_FOUND/,/),/s/SYNC_NOTE | SYNC_NOTE_URGENT/0/

a job that was found counts from the run that found it
src/sync/machine.c
s/m->found_job = true;/m->found_job = false;/

any answer is taken as proof of absence
src/sync/proof.c
s/if (a->absent)/if (a->absent || a->answer.fault.scope != FAULT_NONE)/

a 404 is believed of a catalog that denies what it has listed
src/sync/proof.c
/^static void control_answered/,/^}/s/p->given_up = true;/p->given_up = verdict != PROOF_GONE;/

no row of the list is asked for before a 404 is believed
src/sync/machine_removals.c
s/&m->controls/\&(ProofControls){0}/

403 is taken for 404
src/sync/proof.c
s/if (a->absent)/if (a->absent || a->answer.status == 403)/

a proxy's 404 is taken for the catalog's
src/sync/proof.c
s/if (a->absent)/if (a->absent || a->answer.status == 404)/

a row of another edge is taken in
src/sync/proof.c
s/PROOF_HERE : PROOF_MOVED/PROOF_HERE : PROOF_HERE/

a row of another edge is taken as gone
src/sync/proof.c
s/PROOF_HERE : PROOF_MOVED/PROOF_HERE : PROOF_GONE/

rows that are held are removed without proof
tests/sim/database_queries.c
s/: MISSING_UNKNOWN;/: MISSING_GONE;/

rows are removed after a refresh that was not clean
src/sync/machine.c
/^static bool machine_may_remove/,/^}/s/return .*/return m != NULL;/

one 401 is believed
src/catalog/doubt.c
s/d->refused || c->repeated || /d->refused || !c->repeated || /

a gateway's 401 is taken for the catalog's
src/sync/polling.c
/^static bool polling_not_here/,/^}/s/return a->foreign;/return false;/

a refresh that is refused in a new way is unknown
src/sync/machine.c
/^static bool refresh_rejected/,/^}/s/a->status < 500/a->status < 405/

409 is taken for a refusal
src/sync/machine.c
/^static bool refresh_rejected/,/^}/s/ && a->status != 409//

a job is forgotten when a run without a refresh comes between
tests/sim/database_queries.c
/^static DbRun \*run_last_with_job/,/^}/s/ && d->runs\[i\].job >= 0//

the catalog is asked again before it wants to be
src/base/retry.c
s/if (\*ret_delay_usec < requested_usec)/if (requested_usec == 1)/

a job counts as clean whatever its result
src/base/job_state.c
/^bool job_is_clean/,/^}/s/job->result\[0\] ==.*/true ||/

a job that vanished counts as clean
src/sync/machine.c
s/\[POLLING_VANISHED\] = REFRESH_UNKNOWN/[POLLING_VANISHED] = REFRESH_CLEAN/

an unstable list is taken for whole
src/sync/machine.c
s/return machine_list_ended(m, false);/return machine_list_ended(m, true);/

rows that an unstable list has not shown are not asked for
src/sync/machine.c
s/m->missing = machine_may_remove(m) ?/m->missing = whole \&\& machine_may_remove(m) ?/

rows that an unstable list has not shown are asked for after any refresh
src/sync/machine.c
s/m->missing = machine_may_remove(m) ?/m->missing = !whole || machine_may_remove(m) ?/

what an unstable list has not shown is held when the refresh was not clean
src/sync/machine.c
s/^\( *\): MIRROR_MISSING_IGNORE;/\1: MIRROR_MISSING_HOLD;/

many rows that an unstable list has not shown are taken for removals that wait
src/sync/machine_removals.c
/^SyncEvent machine_on_missing/,/^}/s/if (!m->listed_whole)$/if (false)/

many rows that an unstable list has not shown are asked for all the same
src/sync/machine_removals.c
s/if (m->accept_removals || verdict == GUARD_OPEN)/if (m->accept_removals || verdict == GUARD_OPEN || !m->listed_whole)/

a run whose list was not whole is called held
tests/sim/database_queries.c
s/= s->applied.held > 0 \&\& s->ending.listed_whole/= s->applied.held > 0/

a run whose list was not whole is reported as held
src/sync/machine.c
s/m->applied.held > 0 \&\& m->listed_whole/m->applied.held > 0/

the digest vouches for a list that was not whole
tests/sim/database_queries.c
s/e->has_list_digest = s->ending.listed_whole \&\& /e->has_list_digest = /

a list that was not whole is known by its digest
tests/sim/database_queries.c
s/if (!s->ending.listed_whole || !e->has_list_digest/if (!e->has_list_digest/

a list that was not whole moves the clocks
tests/sim/database_queries.c
s/^        if (s->ending.listed_whole)$/        if (s != NULL)/

an empty list is believed
src/sync/guard.c
s/if (listed == 0)/if (listed < 0)/

the guard lets one more pass
src/sync/guard.c
s/missing > guard_allowance(limit, present)/missing > guard_allowance(limit, present) + 1/

the list ends on a page that is short of the limit
src/sync/listing.c
s/^\( *\)if (!l->full \&\& !uneven) {$/\1if (n_rows < l->limit) { l->position = INT64_MAX; return; }\n&/; s/^\( *\)if (l->received >= l->target)$/\1if (n_rows < l->limit) return LISTING_END;\n&/

any empty page ends the list at once
src/sync/listing.c
s/if (n_rows == 0 && (first || l->probing))/if (n_rows == 0)/; s/if (!doubtful || places == 0 || l->broken || again)/if (true)/

the anchor is ignored
src/sync/listing.c
s/if (j.found || first || (l->blind && n_rows > 0)) {/if (n_rows > 0) {/

a list that was read without an anchor is whole
src/sync/listing.c
/^static void listing_go_blind/,/^}/s/l->broken = true;//

rows that stand behind the newest one again do not count
src/sync/listing.c
s/l->unordered = true;/l->unordered = false;/

fewer ids than places are enough
src/sync/listing.c
s/whole = l->received >= .*/whole = true;/

a list whose rows change places is whole whatever its count
src/sync/listing.c
s/whole = l->in_pass == different;/whole = true;/

ids that repeat are not counted as places
src/sync/listing.c
s/(l->unordered ? 0 : l->doubles)/0 * l->doubles/

each row that comes again counts as a place
src/sync/listing.c
s/else if (i >= j->from && page_has_before(rows, i))/else if (i >= j->from)/

an empty place behind a page that was cut ends the list
src/sync/listing.c
s/ || listing_was_cut(l);/;/

caps that vary end a list like a constant one
src/sync/listing.c
/^static bool listing_uneven/,/^}/s/return .*/return l == NULL;/

requests without progress are not counted
src/sync/listing.c
s/l->idle += idle ? idle : -1;/l->idle += idle < 0;/; s/l->tries = idle ? l->tries + idle : 0;/l->tries = 0;/

the list goes on where the page was expected, not where its anchor is
src/sync/listing.c
s/^\( *\)l->position = l->offset + (int64_t)n_rows;/\1l->position = l->offset + 2 * (int64_t)n_rows;/

rows of a pass that was not whole are forgotten
src/sync/sync_steps.c
/case SYNC_DO_LIST_ANEW:/,/sync_forget_pages/s/sync_forget_pages(s);/& spool_reset(s->snapshot.rows);/

a refresh that may have begun is asked for again
src/sync/machine.c
/^static bool refresh_not_begun/,/^}/s/return .*/return a != NULL;/

a run that takes up a job refreshes again
src/sync/machine.c
s/if (m->settings.refresh && claim->resumes)/if (false)/

a refresh that had ended before the answer came counts as later
src/sync/sync_steps.c
s/s->refreshed_usec = s->asked_usec;/s->refreshed_usec = (int64_t)clock_boottime_usec();/

a list counts as begun when its last pass was
src/sync/sync_steps.c
/case SYNC_DO_LIST_ANEW:/,/sync_forget_pages/s/sync_forget_pages(s);/& s->listed_usec = 0;/

a job is as old as the run that took it up last
tests/sim/database_queries.c
s/before ? before->job_from : now/now/

the job of a run that failed is not taken up
tests/sim/database_queries.c
s/strcmp(last->outcome, "aborted") == 0 || strcmp(last->outcome, "failed") == 0/strcmp(last->outcome, "aborted") == 0/

a refresh is asked for although the lease may be over
src/sync/journal.c
/^bool journal_lease_holds/,/^}/s/return .*/return j != NULL;/

the apply does not look at the epoch
tests/sim/database_queries.c
/^static DbEnd query_apply_lock/,/^}/s/if (!is_holder(.*/if (s->epoch < 0) {/

of a row seen twice the first observation counts
tests/sim/database_queries.c
s/^\( *\)d->last\[row\].index = (uint32_t)i;/\1if (i == 0 || d->last[row].index >= i || snapshot->rows[d->last[row].index].row != row) &/

rows are written that did not change
tests/sim/database_queries.c
s/^\( *\)if (same)$/\1if (same \&\& i % 2)/

an edge that loses a row keeps the digest of its list, and its rows are not counted
tests/sim/database_queries.c
/^static void edge_loses/,/^}/s/has_list_digest = false;/has_list_digest = true;/; /^static bool is_unchanged/,/^}/s/e->row_count != count_present(w, s->edge)/false/

a row that comes is not added to the digest
tests/sim/database_queries.c
/^static void edge_gains/,/^}/s/digest_sum(&e->digest, &hash, true);/(void)hash;/

a row that goes is not subtracted from the digest
tests/sim/database_queries.c
/^static void edge_loses/,/^}/s/digest_sum(&e->digest, &hash, false);/(void)hash;/

what an edge had before it lost a row to another one counts as compared
tests/sim/database_queries.c
s/edges\[s->edge\].version != t->version/edges[s->edge].version < t->version/

a refresh that was not clean counts as one
tests/sim/database_queries.c
/^static bool is_clean/,/^}/s/return .*/return true;/

a list is known by its digest whatever the epoch
tests/sim/database_queries.c
/^static DbEnd query_apply_unchanged/,/^}/s/if (!is_holder(.*/if (s->epoch < 0) {/

the digest leaves the names out
src/base/digest.c
s/PART(row->name, row->name_size)/PART(row->name, 0)/

the digest leaves the links out
src/base/digest.c
s/const char \*link = row->has_database/const char *link = false/; s/PART(link, row->has_database ? UUID_STRING_SIZE - 1 : 1)/PART(link, 1)/

of a row that comes again the digest has the first observation
src/base/digest.c
s/words\[i\] - kept->words\[i\];/kept->words[i] ? 0 : words[i];/

a COMMIT without an answer counts as failed
tests/sim/mirror_apply.c
s/apply_again(t, \*s->fault, true);/apply_again(t, *s->fault, false);/

a COMMIT without an answer counts as done
tests/sim/mirror_apply.c
s/case DB_ROLLED_BACK:/case DB_ROLLED_BACK: case DB_UNKNOWN:/; /^ *case DB_UNKNOWN:$/,/return;/d

a row is removed by the first proof, whatever confirm_removals
tests/sim/database_queries.c
s/r->proofs + 1 >= s->snapshot.confirm_removals/r->proofs + 1 >= 1/

a row is removed as soon as enough syncs have proven it gone, whatever removal_delay
tests/sim/database_queries.c
s/(delay == 0 || (r->proofs > 0/(true || (delay > 0/

removal_delay is not handed on
src/sync/sync_steps.c
s/s->order.accept_removals ? 0 : s->order.settings.removal_delay_usec/0/

a page that was asked for ahead forgets when
src/sync/prefetch.c
s/s->asked_usec = page->answer.asked_usec;//

a row that an edge saw again, unchanged, is taken by what another saw before
tests/sim/database_queries.c
s/e->listed_at > seen$/false/

a row is as of when it was written
tests/sim/database_queries.c
s/r->as_of = database_time_of(w, (int64_t)x->asked_usec);/r->as_of = database_now(w);/

what has been removed is restored by what was seen before
tests/sim/database_queries.c
s/if (r->exists \&\& r->edge != s->edge \&\&$/if (r->exists \&\& !r->removed_at \&\& r->edge != s->edge \&\&/

a row that is listed again keeps its proofs
tests/sim/database_queries.c
/^static void query_apply_mark/,/^}/s/if (m->verdict == MISSING_GONE/if (m->verdict == MISSING_LISTED || m->verdict == MISSING_GONE/

what is not proven does not end the series of proofs
tests/sim/database_queries.c
s/r->proofs = pending ? r->proofs + 1 : 0;/r->proofs += pending;/

a row that is taken over, changed or restored keeps its proofs
tests/sim/database_queries.c
/^static void query_apply_rows/,/^}/s/r->proofs = 0;/r->proofs += 0;/

an edge with pending rows keeps its digest
tests/sim/database_queries.c
s/count_kept(w, s, t) == 0/count_kept(w, s, t) - s->applied.pending == 0/

a proxy's 410 is taken for the catalog's
src/sync/proof.c
s/if (a->absent)/if (a->absent || a->answer.status == 410)/

a row that cannot be mirrored is mirrored all the same
tests/sim/database_queries.c
s/if (shown->spoiled || d->last/if (d->last/

a row that cannot be mirrored does not count as seen
tests/sim/database_queries.c
s/if (snapshot->rows\[i\].anonymous) {/if (snapshot->rows[i].spoiled) {/

a row whose id cannot be read leaves the list whole
src/sync/machine_fault.c
s/if (m->unreadable > 0)/if (m->unreadable < 0)/

rows whose ids cannot be read are forgotten with the next page
src/sync/machine.c
s/m->unreadable += page->rows\[i\].anonymous/m->unreadable = page->rows[i].anonymous/

the digest leaves out what is wrong with a row
src/base/digest.c
s/row->rejected   ? "!"/row->rejected   ? "-"/

the apply begins before the journal is quiet
src/sync/sync_steps.c
/^static bool sync_postpone/,/^}/s/if (!journal_busy(s->journal))/if (action == SYNC_DO_APPLY || !journal_busy(s->journal))/

the end is recorded before the journal is quiet
src/sync/sync_steps.c
/^static bool sync_postpone/,/^}/s/if (!journal_busy(s->journal))/if (action == SYNC_DO_FINISH || !journal_busy(s->journal))/

what waited for the journal is done each time that it is quiet
src/sync/sync_steps.c
/^static void sync_on_journal_idle/,/^}/s/s->postponed = SYNC_DO_NOTHING;//

a lease that is lost while the apply waits for the journal ends nothing
src/sync/sync_steps.c
/^static void sync_on_lease_lost/,/^}/s/if (s->postponed != SYNC_DO_NOTHING)/if (false)/

pages are asked for while the list is applied
src/sync/sync_steps.c
/case SYNC_DO_APPLY:/,/return/s/sync_end_list(s);//

what was asked for ahead is not forgotten at the end of a run
src/sync/sync_steps.c
/^void sync_abandon/,/^}/s/sync_end_list(s);//

a request goes on while the end is recorded
src/sync/sync_steps.c
/^void sync_abandon/,/^}/s/s->call = catalog_cancel(s->call);//

an apply goes on while the end is recorded
src/sync/sync_steps.c
/^void sync_abandon/,/^}/s/s->task = mirror_cancel(s->task);//

a stop during the apply is reported as a success
src/sync/sync_steps.c
/^static void sync_report/,/^}/s/\.outcome = m->outcome/.outcome = m->stopped_applying ? OUTCOME_SYNCED : m->outcome/

a stop before the start is not expected
src/sync/sync.c
/^static int sync_on_starter/,/^}/s/if (s->machine.state == SYNC_IDLE) {/if (!s->stopping) {/

a job is not noted before it is asked for
src/sync/machine_table.c
/ROW(REFRESHING, JOB_STARTED/,/),/s/SYNC_NOTE | SYNC_NOTE_URGENT)/0)/

the address of a job is not noted
src/sync/sync_steps.c
/^static void sync_take_location/,/^}/s/job_texts_take(.*//

the lease that was taken is not used
src/sync/sync_steps.c
s/\.held_epoch = s->order\.held_epoch/.held_epoch = 0/

the run has another epoch than its claim
src/sync/sync_steps.c
s/\.epoch = claim->epoch}/.epoch = claim->epoch - 1}/

rows that are held are handed on to be removed
src/sync/sync_steps.c
s/\.missing = s->machine\.missing,/.missing = s->machine.missing == MIRROR_MISSING_HOLD ? MIRROR_MISSING_FIND : s->machine.missing,/

confirm_removals is not handed on
src/sync/sync_steps.c
s/s->order\.accept_removals ? 1 : s->order\.settings\.confirm_removals/1/

compare is not handed on
src/sync/sync_steps.c
s/\.compare = s->order\.compare/.compare = false/

schema_connection is not handed on
src/sync/sync_steps.c
s/s->order\.settings\.has_schema_connection$/false/

a job that is taken up counts as one of now
src/sync/sync_steps.c
s/(int64_t)s->claimed_usec - claim->job_since_usec/(int64_t)s->claimed_usec/

a job is asked for at one address alone
src/sync/sync_steps.c
s/s->machine.polling.address/JOB_ADDRESS_LOCATION/

a lease whose end was not recorded is reported as released
src/sync/sync_steps.c
s/s->lease_kept = .*/s->lease_kept = false;/

a row for which there is no room is forgotten
src/sync/sync.c
/^static SyncAction sync_keep/,/^}/s/return r < 0 ? .*/return action;/

the rows of the last page are not kept
src/sync/machine_table.c
/ROW(LISTING, LIST_ENDED/s/SYNC_KEEP)/0)/

a lease is not renewed
src/sync/journal.c
/^static void journal_on_heartbeat/,/^}/s/if (!j->task)/if (false)/

a lease is not renewed while rows are proven gone
src/sync/journal.c
/^static void journal_on_heartbeat/,/^}/s/if (!j->task)/MirrorProgress p = {0}; j->state(\&p, true, j->userdata); if (!j->task \&\& p.phase != SYNC_PHASE_VERIFY)/

a note that failed is the last
src/sync/journal.c
/^static void journal_on_written/,/^}/s/if (!j->stopped)$/if (!j->stopped \&\& !j->failed)/

what a note that failed had to say is forgotten
src/sync/journal.c
s/j->state(&progress, j->failed, j->userdata)/j->state(\&progress, false, j->userdata)/

a change during a note is not noted
src/sync/journal.c
/^static void journal_on_written/,/^}/s/if (j->again \&\&/if (!j->task \&\& false \&\&/

a lost lease is taken for a note that failed
src/sync/journal.c
/^static void journal_on_written/,/^}/s/if (fault->code == CODE_LEASE_LOST)/if (false)/

a lease is counted from the answer of the note
src/sync/journal.c
s/j->held_usec = j->written_usec;/j->held_usec = clock_boottime_usec();/

a lease is measured by a clock that stands still with the host
src/sync/journal.c
s/clock_boottime_usec() - j->held_usec < j->lease_usec/clock_monotonic_usec() - j->held_usec < j->lease_usec/; s/j->held_usec = j->written_usec/j->held_usec = clock_monotonic_usec()/; s/\.held_usec = claimed_usec/.held_usec = clock_monotonic_usec() - (clock_boottime_usec() - claimed_usec)/

two notes are under way at once
src/sync/journal.c
/^void journal_note/,/^}/s/if (j->task) {/if (false) {/

the note of a job waits
src/sync/machine_table.c
s/SYNC_NOTE | SYNC_NOTE_URGENT/SYNC_NOTE/

the note of a job waits although it is urgent
src/sync/journal.c
/^void journal_note/,/^}/s/urgent || since >= waits/since >= waits/

the note of a job that is found while another is written waits
src/sync/journal.c
/^static void journal_on_written/,/^}/s/journal_note(j, j->urgent)/journal_note(j, false)/

a note waits for longer than it may
src/sync/journal.c
s/#define NOTE_WAITS_USEC USEC_PER_SEC/#define NOTE_WAITS_USEC (5 * USEC_PER_SEC)/

notes go on after the journal was stopped
src/sync/journal.c
/^void journal_stop/,/^}/s/j->stopped = true;//

another row than the one in question is asked for
src/sync/prover.c
s/spool_get_id(p->found, order->number/spool_get_id(p->found, 0/

a row is asked for again at once
src/sync/prover.c
s/order->delay_usec/0 * order->delay_usec/

the answer about one row is taken for that about another
src/sync/prover.c
/^static void prover_on_answer/,/^}/s/Uuid asked = slot->asked;/Uuid asked = slot->prover->slots[0].asked;/

requests by id are left behind
src/sync/prover.c
/^Prover \*prover_free/,/^}/s/(void)catalog_cancel(p->slots\[i\]\.call);//

rows of which nothing is known are recorded as gone
src/sync/snapshot.c
s/case PROOF_UNKNOWN:/& v.gone = true; break;/

rows that are proven gone are recorded as not known
src/sync/snapshot.c
s/v\.gone = true;/v.gone = false;/

rows that are with another edge are recorded as gone
src/sync/snapshot.c
s/v\.moved = &answer->row;/v.gone = true;/

a row that the list has missed is not kept
src/sync/snapshot.c
s/case PROOF_HERE:.*/case PROOF_HERE: return 0;/

the first row of a page is not kept
src/sync/snapshot.c
/^int snapshot_add_page/,/^}/s/size_t i = 0/size_t i = 1/

a dry run writes
src/sync/sync_steps.c
/^static int sync_do_apply/,/^}/s/if (s->machine.dry_run)/if (false)/

the reason of a stop is forgotten
src/sync/sync.c
/^void sync_break_off/,/^}/s/s->stop_reason = \*reason;//

a page of a list that was begun anew is taken
src/sync/prefetch.c
/^static void slot_clear/,/^}/s/(void)catalog_cancel(s->call);//

a page that failed ahead of its time is taken for an empty one
src/sync/prefetch.c
/^static void slot_on_page/,/^}/s/page->answer.fault.scope != FAULT_NONE || slot_keep/slot_keep/

a page that came ahead of its time is taken for that of another offset
src/sync/prefetch.c
/^static int prefetch_on_give/,/^}/s/\.offset = s->offset,/.offset = s->offset + 1,/

requests for pages that were not used are not counted
src/sync/sync_steps.c
s/s->machine.requests += prefetch_forget(s->prefetch);/(void)prefetch_forget(s->prefetch);/

a request for a page that is given up is counted twice
src/sync/prefetch.c
/^static void slot_clear/,/^}/s/s->call ? 1/s->call ? 2/

waits between requests by id are left behind
src/sync/prover.c
/^Prover \*prover_free/,/^}/s/timer_cancel(&p->slots\[i\]\.timer);//

an edge that is configured anew has its epochs once more
tests/sim/database_queries.c
/^static int64_t next_epoch/,/^}/s/return .*/return now < 0 ? 0 : e->epoch + 1;/

END
}

sources="$(sed -n '/^tests_sim_sim_SOURCES/,/[^\\]$/p' tests/sim/sim.am | grep -o 'src/[a-z0-9_/]*\.c') $(sed -n '/^SIM_SOURCES/,/[^\\]$/p' tests/sim/sim.am | grep -o 'tests/sim/[a-z0-9_]*\.c')"
echo '#define EDGEMIRROR_VERSION "0"' >"$work/config.h"
# shellcheck disable=SC2086
flags="-std=gnu11 -D_GNU_SOURCE -O2 -w -include $work/config.h $(pkg-config --cflags libcurl libcjson libpq libsystemd libgcrypt libcrypto)"

build() { # ROOT FILE OBJECT
        # shellcheck disable=SC2086
        $cc $flags -I"$1/src" -I"$1/tests" -c "$1/$2" -o "$3"
}

object() { # FILE: where its object is
        echo "$work/$(echo "$1" | tr / _).o"
}

link() { # OBJECT…: makes $work/sim, and $work/lists of those that it needs
        # shellcheck disable=SC2046
        $cc "$@" -o "$work/sim" -Wl,--wrap=sync_machine_handle $(pkg-config --libs libcjson libgcrypt libcrypto) || return
        local object few=("$work/lists.o")
        for object; do
                case $object in
                */src_base_fault.c.o | */src_base_fault_code.c.o | */src_base_text.c.o | */src_base_uuid.c.o | */src_sync_listing.c.o | */src_sync_seen.c.o) few+=("$object") ;;
                */mutant.o) [ "$planted" != src/sync/listing.c ] || few+=("$object") ;;
                esac
        done
        [ ${#few[@]} -lt 7 ] || $cc "${few[@]}" -o "$work/lists"
}

first_failure() { # of the simulation, or of the lists alone
        timeout 300 "$work/sim" --seeds 1 "$seeds" >"$work/out" 2>&1
        local status=$?
        grep -a -m 1 '^seed' "$work/out" && return
        [ "$status" -lt 124 ] || echo "ends with status $status"
        [ "$planted" != src/sync/listing.c ] || timeout 300 "$work/lists" --seeds 1 "$seeds" | sed -n '/^# seed/{s/^# /lists: /p;q}'
}

# The mutant's object in place of the sound one.
plant() { # FILE SED
        mkdir -p "$work/copy" && rm -rf "$work/copy/src" "$work/copy/tests" && cp -r src "$work/copy/" && mkdir "$work/copy/tests" &&
                cp -r tests/sim tests/catalogd "$work/copy/tests/" || return
        sed "$2" "$1" >"$work/copy/$1"
        ! cmp -s "$1" "$work/copy/$1" || return
        build "$work/copy" "$1" "$work/mutant.o" || return
        local file objects=()
        planted=$1
        for file in $sources; do
                [ "$file" = "$1" ] && objects+=("$work/mutant.o") || objects+=("$(object "$file")")
        done
        link "${objects[@]}"
}

planted=
objects=()
build . tests/sim/lists.c "$work/lists.o" || exit
for file in $sources; do
        build . "$file" "$(object "$file")" || exit
        objects+=("$(object "$file")")
done
link "${objects[@]}" || exit
"$work/sim" --seeds 1 "$seeds" >"$work/sound" || {
        echo "the sources as they are fail already:"
        head -n 3 "$work/sound"
        exit 1
}
echo "sound: $(grep ' a second' "$work/sound")"

caught=0
survived=0
while IFS= read -r name && IFS= read -r file && IFS= read -r edit && IFS= read -r _; do
        case $name$file in *"$words"*) ;; *) continue ;; esac
        if ! plant "$file" "$edit"; then
                printf '%-70s %s\n' "$name" "CANNOT BE PLANTED in $file"
                survived=$((survived + 1))
                continue
        fi
        first=$(first_failure | head -n 1)
        if [ -n "$first" ]; then
                printf '%-70s %s\n' "$name" "$first"
                caught=$((caught + 1))
        else
                printf '%-70s %s\n' "$name" "SURVIVED $seeds worlds"
                survived=$((survived + 1))
        fi
done < <(mutants)
echo "$caught caught, $survived not"
[ $((caught + survived)) -gt 0 ] || echo "no fault has these words in its name or file: $words" >&2
[ "$survived" = 0 ] && [ "$caught" -gt 0 ]
