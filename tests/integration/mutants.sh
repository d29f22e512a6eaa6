#!/usr/bin/env bash
# Plants faults in code that the simulation does not run, one at a time, and demands that a test named with it fails. By hand: tests/integration/mutants.sh [WORDS],
# some minutes; WORDS: those alone whose name or file has them.
#
# Fails when a fault survives, when a line in which it is planted is no longer there, or when the tests fail without any. Works on a copy of the sources, which it
# builds once.
set -u
. "$(dirname "$0")/../../scripts/lib.sh"
take_options '' "$@"
cd "$(dirname "$0")/../.." || exit
words=${1:-}
work=$(mktemp -d "${TMPDIR:-/tmp}/edgemirror-mutants-XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM

# name; file; test program and pattern of its tests; what sed does to the file. An empty line ends each.
mutants() {
        cat <<'END'
a corrected ca_file is not read after a failure
src/http/http.c
unit/test_http_tls a_corrected_ca_file*
s/client->tls_failed_usec = clock_monotonic_usec();/client->tls_failed_usec = 0;/

a failure of TLS is forgotten with the next request
src/http/http.c
unit/test_http_tls a_corrected_ca_file*
s/r = http_transfer_trust(t, client->tls_failed_usec, .*/& client->tls_failed_usec = 0;/

a job that has failed runs on by an entry of its log that looks newer
src/catalog/job.c
unit/test_catalog_decode_job the_edge_job_system*
s/bool ends = job_is_terminal(&status);/bool ends = false;/

times in a job's log are compared as text
src/catalog/job.c
unit/test_catalog_decode_job the_edge_job_system*
s/timestamp_parse(a, &at) < 0 ||/true ||/

of damaged files of PostgreSQL it is not said who must look
src/pg/pg_fault.c
unit/test_pg_answers an_error_says*
/{"XX001", /d

of a refresh that failed it is not said which job it was
src/sync/machine.c
integration/test_sync_faults an_unclean*
s/if (step == POLLING_BAD)/if (false)/

of a list that is not whole it is not said what to do
src/sync/machine.c
unit/test_sync_lives too_many_rows*
s/machine_record_fault(m, &advised);/machine_record_fault(m, fault);/

an edge is advised by a name that a shell does not take
src/base/own_command.c
unit/test_own_command an_edge_is_named*
s/return usable ? name :/return usable || name ? name :/

a service with a long lease counts as alive for as long
sql/queries/instance_list.sql
integration/test_on_call who_was_killed_is_not_silent_when_another_of_its_name_is_alive
s/seen_at > now() - least(lease, interval '1 minute')/seen_at > now() - lease/

a run that could not begin is no trouble of the service
src/daemon/refusal.c
integration/test_refusals runs_that_nobody_takes_down*
s/(unrecorded && fault->origin/(false \&\& unrecorded \&\& fault->origin/

a sync of any edge ends what is refused for another
src/daemon/refusal.c
integration/test_refusals what_is_refused_for_one_edge*
/^const Fault \*refusal_take/,/^}/s/i < r->n \&\&/r->n > 0 \&\&/; /^const Fault \*refusal_take/,/^}/s/refusal_end(r, i)/refusal_over(r)/

what is refused for two edges is over with the first
src/daemon/refusal.c
integration/test_refusals what_is_refused_for_one_edge*
/^static void refusal_end/,/^}/s/if (r->n == 0)/if (true)/

what was refused for an edge waits for a sync by the same instance
src/daemon/refusal.c
integration/test_refusals what_is_refused_for_one_edge*
s/e->recorded = true;/e->recorded = false;/

what was refused for an edge that is not synced any more is trouble for ever
src/daemon/refusal.c
integration/test_refusals what_is_refused_for_one_edge*
s/if (!r->find(&r->edges\[i\].edge, r->userdata))/if (false)/

a command stands in the name of a unit
src/pg/pg_fault.c
integration/test_pg_loss a_server_that_cannot_be_had*
s/m->advice, "\$", &own/m->advice, "@", \&own/

a sign of life waits for whoever holds the row of a dead instance
sql/queries/instance_beat.sql
integration/test_refusals a_row_of_the_dead*
s/ FOR UPDATE OF o SKIP LOCKED/ FOR UPDATE OF o/

an edge is said to have met what another met
src/daemon/refusal.c
unit/test_daemon_refusal nobody_is_said*
s/bool same = text_equal(r->edges\[i\].fault.message, named.message);/bool same = true;/

an edge that was not asked about is heard of
src/daemon/refusal.c
unit/test_daemon_refusal an_answer_is_of*
s/if (r->edges\[i\].asked \&\& r->edges/if (r->edges/

what a database refused is said of the next one
src/daemon/refusal.c
unit/test_daemon_refusal another_database*
s/if (!text_equal(r->conninfo, conninfo))/if (!r->conninfo)/

what a run of before the reload met is said of the database of now
src/daemon/refusal.c
unit/test_daemon_refusal another_database*
s/bool ours = text_equal(r->conninfo, conninfo);/bool ours = true; (void)conninfo;/

an end that is not recorded is no trouble where the run failed of something else
src/daemon/refusal.c
integration/test_refusals an_end_that_is_not_recorded*
s/if (run_was_refused(&report->end_fault, report->lease_kept))/if (false)/

a sign of life that is refused is known to the debug log alone
src/daemon/presence.c
integration/test_refusals a_sign_of_life*
s/if (refused \&\& outage_failed(.*/if (false)/

a due time that cannot be written keeps signs of life and pages away
src/daemon/claims.c
integration/test_refusals a_due_time_that*
/^static bool claims_is_refused/,/^}/s/return c->was_registered \&\&/return false \&\&/

a due time that cannot be written is said by nobody
src/daemon/claims.c
integration/test_refusals a_due_time_that*
/^const Fault \*claims_queue_refused/,/^}/s/if (claims_is_refused(c))/if (false)/

a sign of life that is refused is not said by the monitor
src/daemon/daemon.c
integration/test_refusals a_sign_of_life*
s/presence_refused(&d->presence)}/NULL}/

a sign of life that is refused says of itself that it waits
src/daemon/presence.c
integration/test_refusals a_sign_of_life*
s/if (fault == &p->refused)/if (false)/

status advises to start an instance where none can write
src/cli/status_service.c
integration/test_status what_keeps_every_instance*
/^void service_status_end/,/^}/s/service_is_blocked(s)/false/

status --check is content with a database in which no run can begin
src/cli/status_service.c
integration/test_status what_keeps_every_instance*
s/(e->n_scheduled > 0 || blocked)/(e->n_scheduled > 0)/

a database without a service that takes no writes is well
src/cli/status_service.c
integration/test_status what_keeps_every_instance*
s/s->n_known > 0 || !s->blocked.is_standby/s->n_known > 0/

migrate by a role that may not set the number of the next run ends well
src/mirror/migrate.c
integration/test_roles a_role_that_does_not_own*
s/return !subscribes \&\& writer_check(result, ret_fault) < 0 ? PG_ROLLBACK : PG_NEXT;/(void)writer_check, (void)subscribes, (void)ret_fault; return PG_NEXT;/

a registration that is refused ends a service that has been registered
src/daemon/claims.c
integration/test_refusals a_registration_that*
s/bool refused = c->was_registered \&\& fault_is_refusal(fault)/bool refused = false \&\& fault_is_refusal(fault)/

a sign of life that wants a privilege is known to nobody
src/base/fault.c
integration/test_refusals a_sign_of_life*
s/return f->scope == FAULT_RUN || fault_is_of_statement(f);/return f->scope == FAULT_RUN;/

a page says that nobody is alive where its own instance is refused to say so
src/web/pages.c
integration/test_refusals a_sign_of_life*
s/s.statement_fault ? strdup(trouble) : NULL/NULL/

figures that want a privilege stand still unsaid
src/web/metrics.c
integration/test_metrics figures_that_postgres*
s/fault_is_refusal(fault) || fault->scope == FAULT_REQUEST;/fault->scope == FAULT_RUN;/

a schema of a version before is no reason why nobody gives a sign of life
src/mirror/trust.c
integration/test_status what_keeps_every_instance*
s/int r = version < mirror_schema_version() ? schema_check(version, NULL, ret_fault) : 0;/int r = 0; (void)version;/

a program that is older says that nobody can sync
src/mirror/trust.c
integration/test_status what_keeps_every_instance*
s/int r = version < mirror_schema_version() ? schema_check/int r = version != mirror_schema_version() ? schema_check/

a role that only reads says of all that nobody can write
sql/queries/schema_version.sql
integration/test_databases a_database_that_takes_no_writes*
s/ AND source IN (.*))/)/

a database that takes no connections is said to refuse a statement
src/pg/pg_fault.c
integration/test_outages a_database_that_was_restored*
/nobody comes in, not one run/,/}/s/FAULT_PEER/FAULT_RUN/

figures that stand still are known to nobody
src/web/metrics.c
integration/test_metrics figures_that_postgres*
s/if (o->is_refused != told \&\& o->on_refused)/if (false)/

a PostgreSQL that refuses a statement counts as up
src/web/metrics.c
integration/test_refusals what_is_refused_for_one_edge*
s/!s.postgres_fault \&\& !s.statement_fault/!s.postgres_fault/

a PostgreSQL that refuses a statement is not said by the monitor, nor in the status line
src/report/service_snapshot.c
integration/test_refusals what_is_refused_for_one_edge*
s/if (s->statement_faults\[kind\])/if (false)/

a refusal of the sign of life that becomes another one is not logged
src/daemon/presence.c
integration/test_refusals a_sign_of_life*
s/if (refused \&\& outage_failed(.*/if (refused \&\& !was_refused)/

nobody is told that PostgreSQL refuses a statement
src/daemon/notify.c
unit/test_daemon_notify peers_are_seen*
s/: snapshot.statement_fault,/: NULL,/

what waits for a lock that is held on waits since its last attempt
src/daemon/lock_log.c
unit/test_daemon_outage a_lock_that_is_held_on*
s/now_usec - l->seen_usec >= BETWEEN_ATTEMPTS_USEC/true/

a clock that is ahead for a minute prunes what was to be kept
src/daemon/prune.c
unit/test_daemon_prune a_clock_that_goes_ahead*
s/return (uint64_t)ahead;/return 0;/

a 404 that a cache has kept proves that a row is gone
src/catalog/answer.c
integration/test_removals anything_but*
s/response->error < 0 || response->age_sec > 0 ||/response->error < 0 ||/

a cache in between may answer for the catalog
src/http/http_transfer.c
unit/test_http_answers *
s/if (r >= 0)$/if (false)/

a weekly edge whose failed run nobody recorded waits for a week
src/daemon/due.c
unit/test_daemon_due a_run_whose_end_nobody*
s/due = due < latest ? due : latest;/(void)latest;/

a row is removed as soon as it has been proven gone often enough
sql/queries/apply_compare.sql
integration/test_confirm *removal_delay_is_over
s/AND (\$4::interval <= interval '0' OR d.proven_since <= s.asked_at - \$4::interval)//

the delay of a removal is counted to its end, not to when the catalog was asked
sql/queries/apply_compare.sql
integration/test_confirm *removal_delay_is_over
s/d.proven_since <= s.asked_at - /d.proven_since <= statement_timestamp() - /

a row keeps the time of its first proof when the series of them ends
sql/queries/apply_rows.sql
integration/test_confirm *removal_delay_is_over
s/CASE WHEN reason = 'pending' THEN least(proven_since, asked_at) END/least(proven_since, asked_at)/

a first proof of a clock that was set back since delays a removal until then
sql/queries/apply_rows.sql
integration/test_confirm *removal_delay_is_over
s/least(proven_since, asked_at)/coalesce(proven_since, asked_at)/

each proof of a row begins the delay of its removal anew
sql/queries/apply_rows.sql
integration/test_confirm *removal_delay_is_over
s/least(proven_since, asked_at)/asked_at/

a second Host of a request is not looked at
src/web/request.c
integration/test_monitor_hostile methods*
s/host->allowed = host->allowed && host_is_allowed/host->allowed = host->allowed || host_is_allowed/

after a failure of TLS the connections of before are used
src/http/http_transfer.c
unit/test_http_tls after_a_failure*
s/if (in_doubt) .*/if (false)/

a clock that went ahead deletes the history for good
src/daemon/prune.c
unit/test_daemon_prune a_clock*
s/.history_keep_usec = kept_for(p->retention.history_keep_usec, ahead)/.history_keep_usec = p->retention.history_keep_usec/

a service counts as dead when its lease is over, by what people are told
sql/queries/instance_list.sql
integration/test_on_call who_was_killed*
s/least(lease, interval '1 minute') AS silence/lease AS silence/

each sign of life begins what an instance waits for anew
sql/queries/instance_beat.sql
integration/test_discovery rows_tell_ids*
s/WHEN i.waiting_for = \$2::text THEN i.waiting_since//

what was due before another mirror took over waits for its next time
sql/queries/register.sql
integration/test_queue what_another_mirror*
s/WHEN c.edge_connection_id IS NULL AND e.listed_at IS NOT NULL THEN now()//

a list in which a row is with another edge counts as what the mirror is
src/mirror/apply_steps.c
integration/test_as_of what_was_seen_before*
s/t->kept == 0 && t->elsewhere == 0/t->kept == 0/

what another edge has written since the comparison is overwritten
sql/queries/apply_rows.sql
integration/test_as_of what_another_edge*
s/WHERE NOT (begins AND overtaken)/WHERE true/

a row that another edge has removed since the comparison is restored
sql/queries/apply_rows.sql
integration/test_as_of what_another_edge_removes*
s/coalesce(o.removed_at, o.changed_at) IS DISTINCT FROM x.version/(o.removed_at IS NULL AND o.changed_at IS DISTINCT FROM x.version)/

who reads of an old 404 is not told of the cache
src/catalog/answer.c
integration/test_removals anything_but*
/^static void answer_kept/,/^}/s/response->age_sec > 0/false/

a list takes a row back from the edge to which it has moved meanwhile
sql/queries/apply_compare.sql
integration/test_moves a_row_that_has_moved*
s/WHEN o.as_of > s.asked_at THEN 'elsewhere'/WHEN false THEN 'elsewhere'/

a row that an edge saw again, unchanged, is taken by what another saw before
sql/queries/apply_compare.sql
integration/test_as_of an_unchanged*
s/CASE WHEN n.listed_at <= statement_timestamp() AND k.removed_at IS NULL AND k.missing_since IS NULL THEN n.listed_at END/NULL/

a list counts as sight of the rows that it lacks
sql/queries/apply_compare.sql
integration/test_as_of a_row_that_its_edge_misses*
s/ AND k.missing_since IS NULL THEN/ THEN/

a row that is left to another edge does not count as missing
sql/queries/apply_rows.sql
integration/test_as_of a_row_that_its_edge_misses*
s/kind IN ('gone', 'left') THEN coalesce/kind IN ('gone') THEN coalesce/

a row that is left to another edge is written at each sync
sql/queries/apply_rows.sql
integration/test_as_of a_row_that_is_left*
s/x.kind = 'left' AND o.missing_since IS NULL/x.kind = 'left'/

a row is left for ever to an edge whose list leaves it out
sql/queries/apply_compare.sql
integration/test_as_of a_row_that_is_left*
s/coalesce(e.listed_at <= d.missing_since, true)/true/

a row that was left to another edge and is back counts as missing
sql/queries/apply_compare.sql
integration/test_as_of a_row_that_is_back*
s/WHEN d.missing_since IS NOT NULL THEN 'listed'/WHEN false THEN 'listed'/

what has been removed is restored by what was seen before
sql/queries/apply_compare.sql
integration/test_as_of a_row_that_another_edge_has_removed*
s/WHEN o.as_of > s.asked_at THEN/WHEN o.removed_at IS NULL AND o.as_of > s.asked_at THEN/

a row is as of when it was written
sql/queries/apply_rows.sql
integration/test_as_of what_was_applied_last*
s/CASE WHEN begins OR kind = 'gone' THEN asked_at ELSE as_of END/$2::timestamptz/

a time of a clock that was set back since keeps a row
sql/queries/apply_compare.sql
integration/test_as_of a_time_that*
s/CASE WHEN k.as_of <= statement_timestamp() THEN k.as_of END/k.as_of/

a time of a clock that was set back since keeps the rows of an edge
sql/queries/apply_compare.sql
integration/test_as_of a_time_that*
s/CASE WHEN n.listed_at <= statement_timestamp() AND k/CASE WHEN k/

check says nothing of a service that may have the secret of before
src/cli/check_lines.c
integration/test_service_credentials log_status_and_check*
s/else if (instance->alive && !c->told_of_service)/else if (false)/

a refusal does not tell when a corrected secret is taken
src/catalog/auth.c
unit/test_catalog_auth a_refusal_names*
s/password_file; " SECRET_RENEWAL/password_file"/

a broken off run that nobody recorded waits for the next tick
src/daemon/due.c
unit/test_daemon_due a_run_whose_end_nobody*
s/return end->unrecorded ? due_after_no_run(now_usec, random) : end->next_run_usec;/return end->next_run_usec;/

who takes over from a publisher goes on with numbers that are taken
sql/sharing.sql
integration/test_replication *
s/WHERE r.newest > s.last_value OR .*/WHERE false;/

a copy without its primary keys is whole
sql/queries/check_tables.sql
integration/test_altered *
s/WHERE NOT EXISTS (SELECT FROM pg_index i/WHERE false AND NOT EXISTS (SELECT FROM pg_index i/

a row that is still there is counted as moved
src/sync/sync.c
integration/test_metrics missing_rows_are_counted*
s/: verdict == PROOF_HERE  ? METRIC_VERDICT_HERE/: verdict == PROOF_HERE  ? METRIC_VERDICT_MOVED/

rows that come back are counted as rows that are new
src/daemon/runs.c
integration/test_metrics rows_that_come_back*
s/METRIC_CHANGE_RESTORED, (double)a->restored/METRIC_CHANGE_ADDED, (double)a->restored/

connections that are closed count as working
src/base/metric.c
integration/test_pg_lifetime connections_are_counted*
s/"idle", "working", "closing"/"idle", "closing", "working"/

a scrape has its turn with the work of the service
src/web/monitor.c
unit/test_web_monitor whatever_else*
/r = sd_event_source_set_priority(m->io/d

what libmicrohttpd does by its timer has its turn with the work of the service
src/web/monitor.c
unit/test_web_monitor so_does_it*
s/r = timer_set_idle(&m->again)/r = 0/

what PostgreSQL remarks is printed by libpq
src/pg/connection.c
integration/test_pg notices_are_swallowed
/PQsetNoticeReceiver(/d

the times of a schedule are given as if no run could fail
src/cli/cmd_schedule.c
integration/test_commands schedule*
/if (n > 0 && !line->json)/,/own_command());/d

the first edge that was discovered is registered as one of the configuration
src/daemon/edges.c
unit/test_daemon_edges each_edge_is_registered*
s/i >= s->config->n_edges/i > s->config->n_edges/

the same edge is probed with again
src/daemon/edges.c
unit/test_daemon_edges each_edge_is_registered*
s/if (next \&\& !uuid_equal/if (next || !uuid_equal/

a PostgreSQL that is away is warned of by whoever prunes
src/daemon/prune.c
unit/test_daemon_prune what_goes_wrong*
s/lasting \&\& !p->reported/lasting || !p->reported/

each batch has a line of its own, and the last has none
src/daemon/prune.c
unit/test_daemon_prune batches_follow*
s/if (!pruned->more)/if (pruned->more)/

what is no ASCII is an address
src/catalog/url.c
unit/test_catalog_decode_url a_location*
s/<= . . || (unsigned char)\*c >= 0x7f/<= 32 \&\& (unsigned char)*c >= 0x7f/

what the database keeps is not read after a reload, where something else was found before
src/daemon/edges.c
unit/test_daemon_edges what_the_database*
/may be wanted again/d

a lease is renewed when an apply or a page has ended
src/mirror/lease.c
integration/test_mirror a_lease_is_renewed*
s/.phase = "progress", .prompt = true/.phase = "progress"/

the end of a question to the database of before is taken for that of the one in force
src/daemon/claims.c
integration/test_daemon a_database_that_was_left*
s/= c->task.peers != c->peers;/= false;/

of several edges the last alone decides whether one is configured
src/cli/cmd_retire.c
integration/test_retire what_is_configured*
s/^        if (configured)$/        c->some_configured = false;\n&/

everybody may ask a monitor on a unix socket
src/web/listener.c
integration/test_monitor a_socket_that_was_left*
s/0660/0666/

what the command has synced counts as told by another instance
src/daemon/notify.c
unit/test_daemon_notify what_was_synced_by_hand*
s/^                return n->form.alerts;/                return true;/

what the command has synced is told to people as if a service had
sql/queries/outcomes.sql
integration/test_mirror how_edges_have_ended*
s/CASE WHEN $2::boolean THEN/CASE WHEN $2::boolean OR true THEN/

people are told what somebody has synced by hand
src/daemon/notify.c
sim/messages messages
s/count, n->form.alerts,/count, true,/

how a sync by hand ended counts as what was told
sql/queries/claim.sql
integration/test_mirror how_edges_have_ended*
s/s.run_id = e.service_run_id/s.run_id = e.completed_run_id/

what one catalog has is taken to the next
src/daemon/edges.c
unit/test_daemon_edges what_a_catalog_has*
s/!text_equal(s->config->catalog.url, config->catalog.url)/false/

what vanished from one catalog is not taken in the next
src/daemon/edges.c
unit/test_daemon_edges what_a_catalog_has*
s/^        s->n_vanished = 0;/        (void)s->n_vanished;/

two edges whose names look alike are one for the receiver
src/daemon/notify_message.c
unit/test_daemon_notify_formats names_that_look*
s/if (!text_is_printable(name))/if (true)/

an alert ends when it did, and so in the future of an Alertmanager whose clock is behind
src/daemon/notify_message.c
unit/test_daemon_notify_formats an_alert_begins_and_ends*
s/if (form->alerts \&\& well)/if (false)/

an alert begins after its end when the clock was set back
src/daemon/notify_message.c
unit/test_daemon_notify_formats an_alert_begins_and_ends*
s/e->time < time ? e->time : time/e->time/

what was declined is taken for told
src/daemon/notify_subjects.c
unit/test_daemon_notify what_was_declined_is_told*
s/fate == NOTIFY_TAKEN ? s->sent : NOTIFY_UNKNOWN/s->sent/

that an edge failed hides on its page that nobody tries it again
src/web/edge_state.c
integration/test_pages an_edge_that_failed_and_is_overdue*
s/return overdue \&\& !text_equal/return false \&\& !text_equal/

an overdue edge whose time zone nobody knows is called failing only
src/cli/status_service.c
integration/test_process an_unknown_time_zone*
s/if (!s->overdue || !wanted || configured->zone)/if (true)/

a template is not tried with every field filled
src/daemon/notify_trial.c
unit/test_daemon_notify_trial a_template_gives*
s/for (size_t i = 0; i < ARRAY_SIZE(trials)/for (size_t i = 1; i < ARRAY_SIZE(trials)/

a template is taken whose JSON only cJSON reads, for a control character
src/daemon/notify_trial.c
unit/test_daemon_notify_trial a_template_gives*
s/(in_string || !strchr("[^"]*", .json))/!in_string/

a template is taken whose JSON only cJSON reads, for a number
src/daemon/notify_trial.c
unit/test_daemon_notify_trial a_template_gives*
s/n > 0 \&\& (n == 1 || .p != '0')/true/

a template is taken whose JSON only cJSON reads, for a number that ends with its dot
src/daemon/notify_trial.c
unit/test_daemon_notify_trial a_template_gives*
/n = strspn(++p, digits);/{n;s/valid \&\& n > 0/valid/}

a template is cut at a NUL byte
src/daemon/notify_message.c
integration/test_process check_tries_a_template*
s/if (memchr(text, '.0', size))/if (false)/

a template is tried by the check as by the service alone
src/cli/check_lines.c
integration/test_process check_tries_a_template*
s/if (form.template)/if (false)/

the credential that is advised is pasted as it is
src/cli/by_hand.c
unit/test_by_hand *
s/text_append_quoted(command, property)/text_append_string(command, property)/

the credential that is advised has another name than the one that systemd looks for
src/cli/by_hand.c
unit/test_by_hand *
s/"LoadCredential=%s:%s.%s", name, source, name/"LoadCredential=%s:%s", name, source/

the credential of an instance is advised without the name of the instance
src/config/secret.c
unit/test_secret credentials_come*
s/size > 0 ? "." : "", size, instance/"", 0, instance/

the file of a secret is pasted as it is
src/config/secret.c
unit/test_secret a_file_that_others*
s/where, mode, quoted.data/where, mode, path/

a TMPDIR that cannot be used is passed over in silence
src/mirror/spool.c
unit/test_spool a_tmpdir_that*
s/if (fd >= 0 || error_is_shortage(-fd))/if (true)/

the service says nothing of a TMPDIR that cannot be used
src/cli/cmd_run.c
integration/test_process a_directory_for_lists*
s/session_log_spool();//

little free space is shown as none
src/base/bytes.c
unit/test_bytes a_size_has*
s,size_t unit = 0,size_t unit = 2,

a list of all rows that does not end is read for ever
src/sync/discover.c
unit/test_discover a_list_that_does_not_end*
s/if (clock_monotonic_usec() < d->until_usec)/if (true)/

that nothing is discovered is in the log alone
src/daemon/presence.c
integration/test_discovery an_edge_api_of_no_use*
s/if (!fault \&\& s->discovery_fault)/if (false)/

that patterns have no names to choose by is in the log alone
src/daemon/discovery.c
integration/test_discovery rows_tell_ids*
s/d->without_api \&\& d->by_name ? &d->nameless : NULL/NULL/

what request_sync has asked for is recorded as a run of the schedule
sql/queries/claim.sql
integration/test_request what_was_asked_for*
s/THEN 'manual'/THEN $4::text/

what was asked for and stopped waits for its schedule
sql/queries/finish.sql
integration/test_request what_was_asked_for*
s/($21::boolean OR (SELECT trigger FROM run) <> 'manual')/(SELECT trigger FROM run) <> 'manual' AND $21::boolean IS NOT NULL/

the figures of an edge are each other's
src/web/metrics.c
unit/test_web_metrics *
s/METRIC_EDGE_ROWS, METRIC_EDGE_FAILURES};/METRIC_EDGE_FAILURES, METRIC_EDGE_ROWS};/

each restart leaves a line in the status
src/cli/status_service.c
integration/test_on_call status_of_the_service*
s/s->n_stopped++ > 0/false/

a list that fails does not say where
src/catalog/catalog.c
integration/test_on_call a_list_that_fails*
s/call->offset > 0 \&\& (answer/call->offset < 0 \&\& (answer/

an edge whose time zone is not known here is disabled for everybody
src/peers/peers.c
integration/test_process an_unknown_time_zone*
s/.enabled = edge->enabled/.enabled = config_edge_is_due(edge)/

an alert of a name that is no more stays
src/daemon/notify.c
unit/test_daemon_notify_formats an_alert_of_an_edge*
s/!text_equal(now, s->name)/false/

an alert ends under another catalog than it began
src/daemon/notify_message.c
unit/test_daemon_notify_formats an_alert_ends_under*
s/"catalog", e->catalog/"catalog", form->catalog/

the growth of a mirror of millions is counted for a page
sql/queries/page_growth.sql
integration/test_pages the_growth_of_a_large*
s/<= 2000000/<= 2000000000/

a list for which there is no space passes the check
src/mirror/check.c
integration/test_databases check_fails_when_the_longest*
s/(double)bytes >= needed/true/

a directory without space passes the check
src/cli/check_lines.c
integration/test_databases check_fails_when_there_is_no_space*
s/bytes < SPOOL_BYTES_NONE/false/

a slot of a standby is offered to be dropped
src/mirror/check.c
integration/test_commands check_names_a_replication_slot*
s/result_bool(result, row, 4)/false/

what fills a name and is not seen is shown as it is
src/base/text.c
unit/test_text foreign_text*
s/{0x3164, 0x3164},//

an age of nothing leaves the buffer as it was
src/web/page.c
unit/test_web_pages an_age_is*
s/snprintf(out, 64, "%s"/snprintf(out, 0, "%s"/

a value that a file would cut is shown as a line of one
src/cli/cmd_check.c
integration/test_process check_shows*
s/if (!config_line_keeps(value->value)) {/if (false) {/

monitoring is told nothing of a configuration that cannot be used
src/cli/cmd_status.c
integration/test_process check_shows*
s/else if (v.check)/else if (false)/

a file in place of the socket is said to be an address in use
src/web/listener.c
integration/test_monitor a_socket_that*
s/return -ENOTSOCK/return 0/

a template that gives no message passes the check
src/cli/check_lines.c
integration/test_notify a_template_or_ca_file*
s/if (notify->template_file)$/if (false)/

a file without a certificate is taken for trusted ones
src/http/ca_file.c
integration/test_notify a_template_or_ca_file*
s/X509_STORE_load_file(store, path) == 1/true/

a receiver is trusted by the system's authorities alone
src/daemon/notify.c
integration/test_notify a_receiver_of_https*
s/.ca_file = c->ca_file,/.ca_file = NULL,/

messages do not go through the proxy
src/daemon/notify.c
integration/test_notify a_receiver_of_https*
s/plain_http ? NULL : c->proxy/NULL/

a receiver that is not there is silent until there is something to tell
src/daemon/notify.c
unit/test_daemon_notify one_that_is_not_there*
s/n->answered = false;/n->answered = true;/

another receiver that is not there is as silent as the one before
src/daemon/notify.c
unit/test_daemon_notify one_that_is_not_there*
s/outage_log_next(&n->outage);//

a sync by hand does not look for locks
src/cli/cmd_sync.c
integration/test_on_call a_sync_by_hand_says_who_holds*
s/(void)lock_log(&c->lock, wait.*/(void)wait, (void)fault;/

what was observed of another database is given on
src/web/monitor.c
integration/test_metrics the_figures_of_another*
s/metrics_observation_reset(&m->service.metrics);//

who asks for a lease counts the signs of its holder by a lease of its own
sql/queries/claim.sql
integration/test_on_call status_says_since*
s/coalesce(i.lease, $3::interval)/$3::interval/g

an instance whose sign is missing is alive all the same
src/cli/status_service.c
integration/test_on_call status_says_since*
s/3 \* i->seen_sec > i->silence_sec/false/

a database of another catalog reads as a server that is away
src/base/fault.c
integration/test_on_call a_service_says_whose*
s/f->code == CODE_OTHER_CATALOG/false/

the role of a command is pasted as it is
src/base/text.c
integration/test_roles what_is_granted*
s/word\[strspn(word, plain)\] == '\\0'/plain[0]/

of a publication of somebody else it is said that migrate makes it
sql/queries/migrate_notes.sql
integration/test_altered a_publication_of_somebody_else_is_named
s/m.role), false/m.role), true/

a publication that somebody else owns is said to get its tables from migrate
sql/queries/migrate_notes.sql
integration/test_altered a_publication_of_somebody_else_is_named
s/r.oid = m.oid OR/true OR/

a run of the version before publishes into a schema that was migrated meanwhile
sql/queries/migrate_leases.sql
integration/test_upgrade_running a_sync_under_way*
s/WHERE holder IS NOT NULL/WHERE false/

a role that does not own the schema is let to migrate it
src/mirror/migrate.c
integration/test_roles a_role_that_does_not_own*
s/= migrate_may_change;/= migrate_may_change; step.wanted = NULL;/

a right to create is said to be all that is missing in the schema of another role
sql/queries/migrate_needs.sql
integration/test_roles a_role_that_does_not_own*
s/WHERE s.rolsuper AND s.filled/WHERE false AND s.filled/

check advises the role that does not own the schema to migrate it
src/mirror/check.c
integration/test_roles a_role_that_does_not_own*
s/schema_check(version, t->owner/schema_check(version, NULL/

a role for readers that was granted nothing is passed over
sql/queries/migrate_notes.sql
integration/test_roles check_says_when_the_roles*
s/ WHERE NOT has_schema_privilege(r.oid/ WHERE false AND NOT has_schema_privilege(r.oid/

of a role for readers it is not looked what it may call
sql/queries/migrate_notes.sql
integration/test_roles check_says_when_the_roles*
s/p.proname = ANY (n.functions)/false/

the way to connect is said to be what migrate grants
src/pg/pg_fault.c
integration/test_roles a_role_that_may_not_connect*
s/"CheckMyDatabase"/"nothing"/

the printed SQL applies again what has been applied
src/mirror/migrate.c
integration/test_commands the_printed_sql*
s/"    IF recorded = '%s' THEN/"    IF false AND recorded = '%s' THEN/

the printed SQL leaves the leases of the version before
src/mirror/migrate.c
integration/test_upgrade *
s/^\( *\)sql_migrate_leases, m->number/\1"NULL", m->number/

the printed SQL of a version before is run on a newer schema
src/mirror/migrate.c
integration/test_upgrade *
s/schema_version) > %d THEN/schema_version) < %d THEN/

a program reads a schema that is newer than itself as its own
src/mirror/trust.c
integration/test_upgrade *
s/version == known/version >= known/

numbers that only the edges name are given again
sql/sharing.sql
integration/test_altered run_numbers*
s/greatest((SELECT max(run_id) FROM edgemirror.sync_run), (SELECT max(last_run_id) FROM edgemirror.edge))/(SELECT max(run_id) FROM edgemirror.sync_run)/

the number of the only run is given again
sql/sharing.sql
integration/test_altered run_numbers*
s/ OR r.newest = s.last_value AND NOT s.is_called//

a subscriber that is upgraded forgets the digests that it was given
sql/sharing.sql
integration/test_upgrade_subscriber the_subscriber_first*
s/IF EXISTS (SELECT FROM pg_subscription_rel/IF false AND EXISTS (SELECT FROM pg_subscription_rel/

who takes over goes by digests of lists that its rows need not be
sql/sharing.sql
integration/test_altered run_numbers*
s/SET list_digest = NULL WHERE/SET list_digest = list_digest WHERE/

who may not change the numbers of runs cannot see that they are taken
sql/queries/check_privileges.sql
integration/test_altered run_numbers*
/'SEQUENCE', 'sync_run_run_id_seq'/d

a table that is new in a version is not published beside the others
sql/sharing.sql
integration/test_upgrade_subscriber the_subscriber_first*
s/IF missing IS NOT NULL AND/IF missing LIKE '%database_connection,%' AND/

a subscription that is held off keeps the schema from being migrated
sql/queries/migrate_subscribed.sql
integration/test_upgrade_subscriber the_subscriber_first*
s/s.pid IS NOT NULL/true/

a worker of a disabled subscription that has not ended is refused at once
src/mirror/migrate.c
integration/test_upgrade_subscriber a_worker*
s/else if (now < t->worker_deadline_usec)/else if (false)/

a worker of a disabled subscription is waited for without an end
src/mirror/migrate.c
integration/test_upgrade_subscriber a_worker*
s/else if (now < t->worker_deadline_usec)/else if (now > 0)/

a schema is migrated while the worker of a disabled subscription writes it
sql/queries/migrate_subscribed.sql
integration/test_upgrade_subscriber a_worker*
s/FILTER (WHERE NOT p.subenabled)/FILTER (WHERE false)/

an enabled subscription is waited for as one that is disabled
sql/queries/migrate_subscribed.sql
integration/test_upgrade_subscriber the_subscriber_first*
s/FILTER (WHERE p.subenabled)/FILTER (WHERE false)/

a schema is migrated under the subscription that writes it
src/mirror/migrate.c
integration/test_upgrade_subscriber the_subscriber_first*
s/migrate_step(t, task_step(sql_migrate_subscribed.*//

the publication of the role that migrates is not that of the service, which is to get it
sql/queries/migrate_notes.sql
integration/test_roles another_role_is_the_service*
s/ELSE r.rolname END/ELSE current_user END/

a file that may be read is to be opened where its directory is closed
src/config/draft.c
unit/test_config_files a_file_or_its_directory*
s/error == -EACCES \&\& directory_is_closed/false \&\& directory_is_closed/

the sample that is installed names a catalog
src/config/options.c
unit/test_config_sample the_sample*
s/"https:..acme.collibra.com", .sample_is_off = true,/"https:\/\/acme.collibra.com",/

the password of the first catalog is advised for the second one
src/cli/by_hand.c
unit/test_by_hand *
s/text_format("edgemirror.%.\*s", (int)(n - before - after), path + before)/strdup("edgemirror")/

a command that is advised loses the database of its environment
src/config/variables.c
unit/test_by_hand *
s/i < n && r >= 0/false \&\& i < n/

a variable that is advised has no value, as one that stood before a command only
src/config/variables.c
unit/test_by_hand *
s/text_format("%s=%s", name, value)/strdup(name)/

a command that is advised loses the database of libpq
src/config/variables.c
unit/test_by_hand *
s/if (o->envvar \&\& /if (false \&\& /

a secret that libpq takes from the environment is shown
src/config/variables.c
unit/test_by_hand *
s/o->dispchar\[0\] != '\*'/true/

a command that is advised loses a credential
src/cli/by_hand.c
unit/test_by_hand *
s/config->catalog.cert_file,//

a configuration is advised as it is named in this directory
src/base/file.c
unit/test_by_hand *
s/path\[0\] == '.'/true/

a command that is advised acts on the catalog of the default configuration
src/base/own_command.c
unit/test_own_command *
s/!config_file ? ""/true ? ""/

what is advised forgets the database of the environment
src/cli/session.c
integration/test_process what_is_advised_acts*
s/own_command_add_variables(variables.data)/(void)0/

what a service advises has the variables of its unit
src/cli/session.c
integration/test_process what_is_advised_acts*
s/r >= 0 && !s->is_service/r >= 0/

what is advised with too many variables for a message forgets them
src/base/own_command.c
unit/test_own_command *
s/\[OWN_COMMAND_BYTES\] = LEFT_OUT/[OWN_COMMAND_BYTES] = ""/

init tries a database with what the service will not have
src/config/variables.c
unit/test_by_hand *
s/unsetenv(name) < 0/false/

init says nothing of the variables that it does not use
src/cli/cmd_init.c
integration/test_init what_the_environment*
s/if (names.data)/if (false)/

init tries a database with a password of ~/.pgpass
src/config/variables.c
unit/test_by_hand *
s/setenv("PGPASSFILE"/setenv("PGPASSFIL"/

a command by hand is advised with another name of its file
src/cli/session.c
integration/test_process the_command_by_hand*
s/!text_is_printable(command.data)/false/

who names a configuration that is not there is told to make another
src/config/draft.c
unit/test_config_files a_file_that_cannot_be_read*
s/own_command());/"edgemirror");/

a page advises a command without the configuration
src/web/page.c
unit/test_own_command *
s/skipped ? own_command() : ""/skipped ? "edgemirror" : ""/

nobody is told how a command gets one credential when it has others
src/config/secret.c
unit/test_secret credentials_come*
s/ENOENT, CODE_SECRET_NO_CREDENTIALS,$/ENOENT, CODE_SECRET_MISSING,/

the command that has the credentials is not told
src/cli/session.c
integration/test_init a_credential_that_only*
s/if (!s->lacks_credential ||/if (true ||/

a page of another site reads the monitor by a name of its own
src/web/request.c
integration/test_monitor whatever_is_asked*
s/!request_host_is_allowed(r)/false/

a host that only begins like a configured one is taken
src/web/host.c
unit/test_web_parse a_host*
s/n == length && strncasecmp(names, name, n)/n >= length \&\& strncasecmp(names, name, length)/

a control character of a path reaches a page
src/web/decode.c
unit/test_web_parse paths_are_decoded*
s/c < 0x20 || c == 0x7f/c == 0x7f/

who cannot be accepted keeps the processor busy
src/web/monitor.c
integration/test_monitor who_cannot_be_accepted*
s/if (alone && m->n_notified == before)/if (false)/

a byte now and then holds a connection for ever
src/web/monitor.c
integration/test_monitor_hostile slow*
s/(void)shutdown(c->fd, SHUT_RDWR);//

who waits when the monitor closes is forgotten
src/web/monitor.c
integration/test_monitor a_postgres_that_hangs*
s/web_requests_stop(&m->service);//

who asks while the monitor closes begins to wait
src/web/request.c
integration/test_monitor who_asks_while*
s/if (r->service->closing)/if (false)/

who waits for a database that hangs waits for ever
src/web/request.c
integration/test_monitor a_postgres_that_hangs*
s/WEB_WAIT_USEC, USEC_PER_MSEC/USEC_PER_HOUR, USEC_PER_MSEC/

the time is that of 1970 until PostgreSQL was seen
src/daemon/database_clock.c
integration/test_notify a_postgres_that_was_away*
s/if (!database_clock_is_known(c))/if (false)/

an alert that waits counts as told when another instance has found the edge otherwise
src/daemon/notify.c
integration/test_notify an_alert_that_waits*
s/s->told = n->form.alerts || (unrecorded/s->told = (unrecorded/

alerts of two catalogs have the same labels
src/daemon/notify_message.c
unit/test_daemon_notify_formats every_format*
s/\\"catalog\\":\\"{{catalog}}\\",\\"instance/\\"instance/

what was declined has no pause
src/daemon/notify_subjects.c
unit/test_daemon_notify what_was_declined_is_told*
s/now_usec + DECLINED_PAUSE_USEC/0/

what was declined waits also when it has changed
src/daemon/notify_subjects.c
unit/test_daemon_notify one_that_declines*
s/s->pause_usec = 0;/(void)0;/

what had no place in the message is taken for told
src/daemon/notify.c
unit/test_daemon_notify_formats teams*
s/subjects, &n_sent, subj/subjects, \&(size_t){n_sent}, subj/

what is well again hides what has failed
src/daemon/notify_subjects.c
unit/test_daemon_notify_formats more_than_a_message*
s/: NOTIFY_STATES - 1 - s->now;/: 0;/

a message that tells of nothing but what is well again is one of trouble
src/daemon/notify_message.c
unit/test_daemon_notify_formats more_than_a_message*
s/bool firing = false;/bool firing = true;/

what failed before the start is taken for told
src/daemon/notify.c
unit/test_daemon_notify what_is_not_well_at*
s/s->told == now \&\& s->told_usec == 0/false/

what changes while the address cannot be used is lost
src/daemon/notify.c
unit/test_daemon_notify what_changed_while*
s/outcome == OUTCOME_ABORTED || !n->form.catalog/outcome == OUTCOME_ABORTED || !n->http/

what a receiver may have taken, although it answered otherwise, is taken for not told
src/daemon/notify_subjects.c
unit/test_daemon_notify of_a_message_that_may*
s/fate == NOTIFY_TAKEN ? s->sent : NOTIFY_UNKNOWN/fate == NOTIFY_TAKEN ? s->sent : s->told/

another receiver is taken for told
src/daemon/notify_subjects.c
unit/test_daemon_notify another_receiver*
s/s->told_usec = 0;/(void)0;/

Teams is sent more than it takes
src/daemon/notify.c
unit/test_daemon_notify_formats teams_is_sent*
s/body.size <= n->body_max_bytes/true/

Teams is not told how much has no place
src/daemon/notify_message.c
unit/test_daemon_notify_formats more_than_a_message*
s/{{instance}} {{more}}/{{instance}}/

a second socket that systemd passes is not counted
src/web/listener.c
unit/test_listen_address the_first_socket*
s/r < 0 ? r : n_named/r < 0 ? r : 1/

a list from the future was never read
src/mirror/reader.c
integration/test_pages what_lies_in_the_future*
s/age < 0 ? 0 : age/age/

a list from the future was never read, says the terminal
src/mirror/status.c
integration/test_status what_lies_in_the_future*
s/age < 0 ? 0 : age/age/

a long text of a page is cut without a word
src/mirror/reader.c
integration/test_pages what_is_long*
s/cut ? "…" : ""/""/

a page waits for each apply
src/pg/pool.c
integration/test_pg_queue what_is_awaited*
s/work->awaited && awaited == 0/false/

pages take all connections
src/pg/pool.c
integration/test_pg_queue what_is_awaited*
s/work->awaited && awaited == 0/work->awaited/

each who asks for the status begins a query
src/web/status.c
integration/test_monitor status_is_observed*
s/age <= STATUS_KEEP_USEC/false/

a socket that was left behind keeps the monitor away
src/web/listener.c
integration/test_monitor a_socket_that_was_left*
s/is_file ? remove_stale_file(a) : 0/0/

an address that others reach needs no word
src/config/check.c
unit/test_config_values a_bad_value*
s/!m->listen || m->allow_remote/true/

an object that has lost a member is printed
src/report/json.c
unit/test_no_memory a_status*
s/cJSON_Invalid;/cJSON_Object;/

a slot that nobody reads from is passed over
sql/queries/check_slots.sql
integration/test_commands check_names*
s/CASE WHEN active THEN/CASE WHEN NOT active THEN/

what could not be told is lost
src/daemon/notify_subjects.c
unit/test_daemon_notify a_receiver_that_is_away*
s/fate == NOTIFY_TAKEN ? s->sent : NOTIFY_UNKNOWN/fate == NOTIFY_DECLINED ? NOTIFY_UNKNOWN : s->sent/

a receiver that declines a message gets it again for ever
src/daemon/notify_subjects.c
unit/test_daemon_notify one_that_declines*
s/status == 429 || status >= 500/status == 429 || status > 299/

what is as before is told
src/daemon/notify_subjects.c
unit/test_daemon_notify what_is_as_before*
s/s->told != s->now \&\& s->pause_usec/s->pause_usec/

who is well again after another instance saw it fail is not told of
sql/queries/claim.sql
integration/test_notify what_changes*
s/s.outcome AS outcome_before/NULL::text AS outcome_before/

Slack reads commands in the name of an edge
src/daemon/notify_message.c
unit/test_daemon_notify_formats every_format*
s/{{text_escaped}}/{{text}}/

text of a page is not escaped
src/web/html.c
unit/test_web_html text_is*
s/: \*string == '<' ? "&lt;"/: *string == '<' ? "<"/

what cannot be seen is shown as it is
src/web/html.c
unit/test_web_html text_is*
s/n = text_escape_next(string, left, shown);/n = text_escape_next(string, left, shown); shown[0] = 0;/

an answer that comes later waits until the connection is idle for too long
src/web/request.c
integration/test_monitor pages_are*
s/r->service->wake(r->service);/;/

columns of a table are hidden on paper
src/web/style.c
unit/test_web_html columns*
s/@media screen and (max-width/@media (max-width/

who has not registered his edges is ready
src/web/health.c
integration/test_monitor one_that_registers*
s/else if (s.registering)/else if (false)/

a page may be framed
src/web/request.c
integration/test_monitor every_answer*
/"X-Frame-Options"/d

a page tells others where one came from
src/web/request.c
integration/test_monitor every_answer*
/"Referrer-Policy"/d

an answer may be read by other sites
src/web/request.c
integration/test_monitor every_answer*
/"Cross-Origin-Resource-Policy"/d

a page shares its window with other sites
src/web/request.c
integration/test_monitor every_answer*
/"Cross-Origin-Opener-Policy"/d

the page of edges does not show the next run
src/web/page_home.c
integration/test_pages the_last_run*
s/html_printf(h, "in %s", page_age(next_in, "", age));/html_text(h, "");/

the page of edges does not show the last run
src/web/page_home.c
integration/test_pages the_last_run*
s/html_text(h, outcome ? outcome : "none");/html_text(h, "none");/

the page of an edge has the next run in a zone that it does not name
src/web/page_edge.c
integration/test_pages the_next_run*
s/"in %s, %s UTC"/"in %s, %s"/

edges are sorted by the last run for the next one
sql/queries/page_edges.sql
integration/test_pages the_last_run*
s/WHEN 'next' THEN extract(epoch FROM c.next_run_at)/WHEN 'next' THEN extract(epoch FROM c.last_run_at)/

a core may be made, with secrets in it
src/cli/cli.c
integration/test_process it_makes_no_core*
s/struct rlimit none = {0, 0};/struct rlimit none = {1, 1};/

whoever runs as the same user may attach to the process
src/cli/cli.c
integration/test_process it_makes_no_core*
/PR_SET_DUMPABLE/d

an argument of a page may be anything
src/web/page.c
unit/test_web_pages an_argument*
s/if (!is_valid(&a->fields\[field\], value))/if (!is_valid(\&a->fields[field], value) \&\& false)/

an edge is linked by a name that browsers take for a step
src/web/page.c
integration/test_pages foreign_names*
s/ && text_is_printable(name)//

growth is of two days
src/web/page_inventory.c
integration/test_pages the_growth_of_ninety*
s/^\(#define DAYS_SHOWN *\)90$/\12/

growth forgets what vanished
sql/queries/page_growth.sql
integration/test_pages growth*
s/WHEN c.kind IN ('removed', 'moved_out') THEN -1 //

edges in trouble are not told from those that are well
sql/migrations/0001_mirror.sql
integration/test_pages edges_are_filtered*
s/WHEN coalesce(b.outcome, f.last_outcome) IN ('held', 'unstable') THEN .*/WHEN false THEN ''/

an edge whose list was not whole is called failing
sql/migrations/0001_mirror.sql
integration/test_pages a_list_that_was_not_whole*
s/ AND coalesce(b.outcome, f.last_outcome) IS DISTINCT FROM 'unstable'//

a run that was stopped makes an edge well
sql/migrations/0001_mirror.sql
integration/test_on_call status_check_says*
s/WHERE f.last_outcome = 'aborted' AND x/WHERE false AND x/

an edge that was never refreshed is well
src/cli/status_table.c
integration/test_on_call status_check_says*
s/"well", "rejected", "unlisted",/"well", "rejected", "unrefreshed", "unlisted",/

rows beyond what a page shows are cut without a word
sql/queries/page_changes.sql
integration/test_pages what_is_cut*
s/ LIMIT \$5::bigint/ LIMIT $5::bigint - 1/

everybody may ask for a sync
sql/migrations/0001_mirror.sql
integration/test_request who_is_no*
/^REVOKE ALL ON FUNCTION edgemirror.request_sync/d

whoever asks for a sync has functions of his own run by the owner
sql/migrations/0001_mirror.sql
integration/test_request nothing_of_the_caller*
/^LANGUAGE plpgsql SECURITY DEFINER/s/ SET search_path = .*//

requests side by side begin a sync each
sql/queries/take_due.sql
integration/test_request requests_side*
/request_taken_at IS NULL OR c.request_taken_at NOT BETWEEN/d

a request that was served stays
sql/queries/take_due.sql
integration/test_request what_is_asked*
s/USING due d WHERE r.edge_connection_id = d.edge_connection_id/USING due d WHERE false/

a disabled edge may be asked for
sql/migrations/0001_mirror.sql
integration/test_request what_cannot*
s/ELSIF NOT found_edge.enabled THEN/ELSIF false THEN/

the service looks for requests once a minute
src/daemon/claims.c
integration/test_pgbouncer a_request*
s/^#define ASK_AT_LEAST_USEC .*/#define ASK_AT_LEAST_USEC USEC_PER_MINUTE/

an edge that was well before a run was stopped is told to be well again
sql/queries/finish.sql
integration/test_trouble each_run*
s/run WHERE $4::text <> 'aborted'), completed_run_id/run), completed_run_id/

a list that changes nothing tells nobody that the edge is well again
sql/queries/apply_unchanged.sql
integration/test_trouble each_run*
s/FROM before b) <> 'synced' THEN/FROM before b) = 'none' THEN/

a run that failed is announced although its end is recorded already
sql/queries/finish.sql
integration/test_trouble a_run_that*
s/^  FROM released$/  FROM (SELECT 1) x/

one of two jobs is taken up
src/sync/job_search.c
unit/test_sync_job_search *
s/ || s->matches > 1 / /; s/s->matches == 1 ? JOB_SEARCH_FOUND/s->matches >= 1 ? JOB_SEARCH_FOUND/

a run looks for a job although no run of the edge is known that knew its own
sql/queries/claim.sql
integration/test_lost_job *
/^), lost AS/,/^), kind/{s/AND x.run_id > (SELECT y.run_id/AND x.run_id > coalesce((SELECT y.run_id/; s/ORDER BY y.run_id DESC LIMIT 1)/ORDER BY y.run_id DESC LIMIT 1), 0)/}

of several runs that may have begun the job only the last one counts
sql/queries/claim.sql
integration/test_lost_job the_job_may_be*
s/SELECT min(x.started_at) AS started_at/SELECT max(x.started_at) AS started_at/

the claim does not know of jobs that nobody noted
sql/queries/claim.sql
integration/test_lost_job a_job_that*
s/AND x.job_id IS NULL AND x.started_at > clock_timestamp() - \$8::interval/AND false/

the jobs that the last runs had count as not known
sql/queries/claim.sql
integration/test_lost_job a_job_that*
s/ORDER BY r.run_id DESC LIMIT 64/ORDER BY r.run_id DESC LIMIT 0/

a COMMIT whose answer was lost is not waited for
sql/queries/run_read_back_wait.sql
integration/test_mirror a_commit_that_is_still*
s/FOR SHARE//

others are taken for dead by an instance that is back for seconds
sql/queries/instance_beat.sql
integration/test_instances who_is_back*
s/greatest(o.lease, interval '30 seconds')/o.lease/

a sync that a service was asked for counts as by hand
sql/queries/claim.sql
integration/test_mirror a_run_is_by_hand*
s/t.epoch, $4::text = 'manual',/t.epoch, t.request_taken_at IS NOT NULL,/

the first connections are made together
src/pg/pool.c
integration/test_pg_queue the_first_connection*
s/waiting = waiting > 0;/waiting += 0;/

a receiver that takes fewer changes is said to refuse messages
src/daemon/notify.c
unit/test_daemon_notify what_is_declined_for_what*
s/if (fate == NOTIFY_UNFIT \&\& n_sent > 1)/if (false)/

what was told elsewhere keeps its place in a message empty
src/daemon/notify.c
sim/messages messages
s/n->told_elsewhere = !n->form.alerts;/;/

what PostgreSQL was not asked about goes with the message
src/daemon/notify.c
sim/messages messages
s/notify_send_message(n, fault->scope == FAULT_NONE);/notify_send_message(n, fault->scope != FAULT_NONE);/

a page shows bytes that begin no character behind its memory
src/mirror/reader.c
unit/test_mirror_readers a_page*
s/while (cut \&\& size > 0 \&\&/while (cut \&\&/

a claim reads the whole journal for one run
sql/queries/claim.sql
integration/test_plans a_claim*
s/ON s.run_id = e.service_run_id AND s.edge_connection_id = e.edge_connection_id$/ON s.run_id + 0 = e.service_run_id AND s.edge_connection_id::text = e.edge_connection_id::text/

a claim looks at all runs of its edge for one of a service
sql/queries/claim.sql
integration/test_plans a_claim*
s/s.run_id = e.service_run_id/s.run_id = (SELECT max(z.run_id) FROM edgemirror.sync_run z WHERE z.edge_connection_id = e.edge_connection_id AND NOT z.by_hand)/

the run that people were told of is pruned behind runs by hand
sql/queries/prune_runs.sql
integration/test_retention the_last_run_of_a_service*
s/, e.service_run_id)/)/

after failures a sync by hand leaves the pause, where the list is the same
sql/queries/apply_unchanged.sql
integration/test_queue a_sync_by_hand*
s/WHEN a.unchanged AND c.next_run_at > now()/WHEN false AND c.next_run_at > now()/

after failures a sync by hand leaves the pause
sql/queries/apply_finish.sql
integration/test_queue a_sync_by_hand*
s/WHEN n.outcome IN ('synced', 'held') AND c.next_run_at/WHEN false AND c.next_run_at/

each sync by hand makes its edge due again
sql/queries/apply_unchanged.sql
integration/test_queue a_sync_by_hand*
s/r.by_hand AND b.failing AND/r.by_hand AND/

a sync whose run is gone keeps its lease
sql/queries/apply_unchanged.sql
integration/test_mirror a_sync_whose_run*
s/ WHERE a.ours AND c.edge/ WHERE EXISTS (SELECT FROM edgemirror.sync_run r WHERE r.run_id = $3::bigint) AND a.ours AND c.edge/

a failure by hand makes its edge due again
sql/queries/apply_unchanged.sql
integration/test_queue a_sync_by_hand*
s/s.run_id = e.service_run_id/s.run_id = e.completed_run_id/

who was killed is silent beside another of its name
sql/queries/instance_list.sql
integration/test_on_call who_was_killed*
s/ WHERE i.alive OR NOT EXISTS/ WHERE true OR NOT EXISTS/

who waits for a server that answers nothing is told never
src/pg/pool.c
integration/test_pg_loss a_server_that_answers_nothing*
s/waiting = waiting > 0;/waiting += 0;/

edges that were discovered for another catalog are taken over
src/mirror/discovered.c
integration/test_mirror what_was_discovered*
s/task_step(sql_catalog, NULL, trust_on_catalog)/task_step(sql_catalog, NULL, NULL)/

prompt work takes the connection that is kept beside other such work
src/pg/pool.c
integration/test_pg_queue prompt_work_leaves*
s/ || (work->prompt \&\& !prompt)/ || work->prompt/

prompt work waits for long for a lock on the connection that is kept
src/pg/pool.c
integration/test_pg_queue prompt_work_leaves*
/t->work.lock_timeout_usec = KEPT_LOCK_USEC/d

what an answer does not have is taken for text
src/mirror/params.c
unit/test_mirror_answers an_answer_of_another_form*
s/return value ? value : "";/return value;/

a request is written though nobody wants it any more
src/http/http_transfer.c
unit/test_http_queue a_request_that_is_not_wanted*
s/t->may_send \&\& !t->may_send(t->userdata)/false/

a refresh is sent though the lease has ended while it waited
src/sync/sync_steps.c
unit/test_sync_runner a_lease_that_ran_out_while*
/^static bool sync_may_refresh/,/^}/s/return .*/return s != NULL;/

a refresh that was not sent for want of the lease is tried again
src/sync/sync_steps.c
unit/test_sync_runner a_lease_that_ran_out*
s/if (!answer->answer.sent \&\& !sync_may_refresh(s))/if (answer->answer.sent \&\& !sync_may_refresh(s))/

a refresh is asked for although the lease may be over
src/sync/journal.c
unit/test_sync_runner *
/^bool journal_lease_holds/,/^}/s/return .*/return j != NULL;/

missing rows of an attempt that failed are kept
src/mirror/apply_steps.c
unit/test_mirror_answers missing_rows*
s/spool_reset(s->found);/;/

statements are prepared behind a pooler
src/pg/prepared.c
integration/test_pg_prepared nothing_is_prepared*
s/== PQbackendPID(c->conn)/> 0/

a statement that the session does not know fails the work
src/pg/prepared.c
integration/test_pg_prepared a_statement_that*
s/return true;/return false;/

a statement is prepared each time that it is sent
src/pg/work.c
integration/test_pg_prepared a_statement_is_prepared_once*
s/(\*preparing)->ready = true;/(*preparing)->ready = false;/

a connection is used for ever
src/pg/connection.c
integration/test_pg_lifetime a_connection_that_is_old*
s/age - clock_random() % (age \/ 4 + 1)/USEC_PER_DAY + (age - age)/

a connection without work is kept
src/pg/connection.c
integration/test_pg_lifetime a_connection_without*
s/left < idle_usec ? left : idle_usec/left/

idle connections are kept when another was given up
src/pg/pool.c
integration/test_pg_lifetime what_was_idle*
s/connection_retire(other);/;/

what is given up is not cancelled
src/pg/connection.c
integration/test_pg_lifetime a_statement_is_given_up_when*
/^void connection_close/,/^}/s/cancel \&\& /cancel \&\& !c->server \&\& /

a database that is back is taken for the one of before
src/daemon/claims.c
integration/test_outages a_database_that*
s/c->register_usec = 0; \/\* it may/\/\* it may/

two tokens are acquired at once
src/catalog/auth.c
unit/test_catalog_auth *
s/ \&\& !a->acquiring \&\& now >= / \&\& now >= /

a failed acquisition is begun again for each request
src/catalog/auth.c
unit/test_catalog_auth a_failed_acquisition*
s/ \&\& now >= a->retry_usec)/)/

a token is used up before another is acquired
src/catalog/auth.c
unit/test_catalog_oauth2 *
s/now < a->renew_usec)/now < a->expires_usec)/

a token is not used on while no other can be acquired
src/catalog/auth.c
unit/test_catalog_auth *
s/a->header.size > 0 \&\& now < a->expires_usec)/a->header.size > 0 \&\& now < a->renew_usec)/

a 401 drops a newer token
src/catalog/auth.c
unit/test_catalog_auth *
s/generation != a->generation || auth_reread(a)/auth_reread(a)/

a late answer says that a newer token is accepted
src/catalog/auth.c
unit/test_catalog_auth *
/^bool auth_on_answer/,/^}/s/if (generation != a->generation)/if (generation > a->generation)/

every 401 acquires another token
src/catalog/auth.c
integration/test_oauth2 tokens_that_are_never*
s/!a->options.method->cancel || a->renewed/!a->options.method->cancel/

a token that was accepted is renewed once in the process's life
src/catalog/auth.c
unit/test_catalog_oauth2 without_a_lifetime*
/^bool auth_on_answer/,/^}/s/a->renewed = false;//

a token that was refused twice is sent on
src/catalog/auth.c
unit/test_catalog_oauth2 without_a_lifetime*
s/a->renew_usec = 0; /; /

requests go on waiting for a secret that has been replaced
src/catalog/auth.c
unit/test_catalog_auth another_secret*
s/if (waited_for)/if (false)/

a token is shown in messages
src/catalog/auth.c
integration/test_oauth2 an_echo*
s/if (r >= 0 \&\& a->options.method->cancel)/if (false)/

the spelling of the secret that is sent is shown in messages
src/catalog/oauth2.c
integration/test_oauth2 an_echo*
s/r = redact_add(auth_redact(a), .*;/r = 0;/

a lifetime counts from when the token came
src/catalog/oauth2.c
unit/test_catalog_oauth2 a_lifetime*
s/sent = o->sent_usec/sent = clock_boottime_usec()/

a lifetime counts by a clock that stands still while the host is suspended
src/catalog/oauth2.c
unit/test_catalog_oauth2 a_lifetime*
s/o->sent_usec = clock_boottime_usec();/o->sent_usec = clock_monotonic_usec();/

a token is renewed when it has expired
src/catalog/oauth2.c
unit/test_catalog_oauth2 *
/^uint64_t oauth2_renew_after/,/^}/s/return lifetime_usec - .*/return lifetime_usec;/

a short token is renewed for each request
src/catalog/oauth2.c
unit/test_catalog_oauth2 *
/^uint64_t oauth2_renew_after/,/^}/s/margin < lifetime_usec \/ 2 ? margin : lifetime_usec \/ 2/margin < lifetime_usec ? margin : lifetime_usec/

a token of any type is sent as bearer
src/catalog/oauth2.c
unit/test_catalog_oauth2 *
s/if (r == -EINVAL || (r == 0 \&\& strcasecmp.*/if (false)/

a token that tears the header is sent
src/catalog/oauth2.c
unit/test_catalog_oauth2 *
s/if (!auth_token_is_valid(token))/if (false)/

a token of any length is taken
src/catalog/oauth2.c
unit/test_catalog_oauth2 *
s/if (strlen(token) > LIMIT_TOKEN_MAX_BYTES)/if (false)/

an answer of any length is taken for a token
src/catalog/oauth2.c
integration/test_oauth2 what_is_no_token*
s/\.body_max_bytes = LIMIT_TOKEN_ANSWER_MAX_BYTES/.body_max_bytes = 64 * LIMIT_TOKEN_ANSWER_MAX_BYTES/

a lifetime of any length is believed
src/catalog/oauth2.c
unit/test_catalog_oauth2 *
s/1, LIFETIME_MAX_SEC, \&sec/1, 1e301, \&sec/

a sign-in page with status 200 is taken for an answer
src/catalog/oauth2.c
integration/test_oauth2 what_is_no_token*
/^static void oauth2_on_response/,/^}/s/answer_type_is_json(response->content_type)/true/

the token is asked for without its own address
src/peers/peers.c
integration/test_oauth2 scope_and_token_url*
s/c->token_url ? c->token_url : own/c->token_url ? c->url : own/

the scope is not asked for
src/catalog/oauth2.c
unit/test_catalog_oauth2 a_scope*
s/r = text_append_string(ret, "\&scope=");/r = 0;/

what libcurl frees is left as it is
src/http/http.c
integration/test_oauth2_service nothing_that_was_sent*
s/explicit_bzero(memory, malloc_usable_size(memory));/;/

id and secret are sent without being urlencoded
src/catalog/oauth2.c
integration/test_oauth2 one_token*
s/text_append_form(ret, text)/text_append_string(ret, text)/

a client is not sent in the other way
src/catalog/oauth2.c
integration/test_oauth2 a_client_is_sent_as_the_endpoint*
/^static bool oauth2_again/,/^}/s/if (!o->tried_both)/if (false)/

a client that was accepted in the body is begun with basic each time
src/catalog/oauth2.c
integration/test_oauth2 a_client_is_sent_as_the_endpoint*
s/o->in_body = oauth2_in_body(o);//

a client is sent on in a way that nobody accepted
src/catalog/oauth2.c
integration/test_oauth2 a_client_is_sent_as_it_was*
/^static void oauth2_fail/,/^}/s/oauth2_reset(o);/o->in_body = oauth2_in_body(o); &/

any refusal sends the client in its body
src/catalog/oauth2.c
unit/test_catalog_oauth2 no_other_refusal*
s/if (client \&\& oauth2_again/if (fault.code == CODE_TOKEN_REFUSED \&\& oauth2_again/

any fault sends the client in its body
src/catalog/oauth2.c
unit/test_catalog_oauth2 no_other_refusal*
s/if (client \&\& oauth2_again/if (oauth2_again/

what is said of the other way hides that the client is refused
src/catalog/oauth2.c
integration/test_oauth2 the_first_refusal*
s/if (o->tried_both \&\& fault.code == CODE_TOKEN_REFUSED)/if (false)/

a secret is not read again before it is refused
src/catalog/oauth2.c
integration/test_oauth2 a_rotated_secret*
s/return auth_reread(o->auth); .*/return false;/

a client that is refused is sent again and again
src/catalog/oauth2.c
unit/test_catalog_oauth2 a_client_that_is_refused*
s/fault->refused     ? REFUSED_USEC/fault->refused     ? 0/

a client that is refused is an endpoint that is away
src/catalog/oauth2.c
integration/test_oauth2 a_wrong_secret*
s/ret->refused = m \&\& m->refused;//

the pause that the endpoint asks for is cut short
src/catalog/oauth2.c
unit/test_catalog_oauth2 the_endpoint_is_left_alone*
s/delay > requested_usec ? delay : requested_usec/delay/

an endpoint that is away is asked every second
src/catalog/oauth2.c
unit/test_catalog_oauth2 an_endpoint_that_is_away*
s/backoff_next(\&o->backoff, clock_random())/0/

a fault that the endpoint has now is not retried
src/catalog/oauth2.c
integration/test_oauth2 what_passes*
s/\*ret = answer.fault;/&\n ret->retryable = false;/

patterns choose by the name that an edge was given
src/daemon/edges.c
integration/test_discovery the_catalogs_names*
s/edges\[i\].catalog_name);/edges[i].name);/

the catalog's names are not kept
src/mirror/registry.c
integration/test_discovery the_catalogs_names*
s/array_add(&catalog_names, edges\[i\].catalog_name);/array_add(\&catalog_names, NULL);/

discovery does not look whether the credentials have changed
src/daemon/discovery.c
integration/test_discovery credentials_that*
s/catalog_reread_secret(d->peers->catalog)/false/

an instance without an edge does not say that its credentials are refused
src/daemon/daemon.c
integration/test_discovery credentials_that*
s/return discovery_fault(&d->discovery, &d->claims.clock, next);/return NULL;/

check does not ask what would be discovered where sections are asked for
src/cli/cmd_check.c
integration/test_discover check_asks*
s/if (!c->catalog_down \&\& config->discover.enabled)/if (!c->asked \&\& config->discover.enabled)/

check does not see that patterns have no names to choose by
src/cli/cmd_check.c
integration/test_discover check_asks*
s/if (!nameless || .*/if (true)/

patterns count bytes
src/config/edge_names.c
unit/test_config_edge_names patterns*
s/uselocale(names_locale())/uselocale((locale_t)0)/

a tab belongs to the pattern before it
src/config/edge_names.c
unit/test_config_edge_names patterns*
s/ || pattern\[n - 1\] == '\\t'//

what has vanished is not kept in order
src/daemon/edges.c
unit/test_daemon_edges many*
s/qsort(s->vanished, .*);//

the breaker probes before a token may be acquired
src/daemon/breaker.c
unit/test_daemon_breaker a_short_pause*
s/breaker_postpone(b, pause);//

a pause of one edge is one of all
src/daemon/runs.c
integration/test_outages a_long_pause_of_one*
s/bool pause = .*/bool pause = false;/

a pause of the whole catalog is one of each edge
src/daemon/runs.c
integration/test_outages a_long_retry_after*
s/ \&\& f->http_status != 429;/;/

whether it is one edge alone is asked of the same edge
src/daemon/daemon.c
integration/test_outages a_long_pause_of_one*
s/edges_pass(&d->edges, f->edge);//

a run waits with its lease for a token that is hours away
src/sync/machine_fault.c
integration/test_oauth2 a_long_pause*
s/if (!a->fault.retryable || a->retry_after_usec/if (!a->fault.retryable || a->status == 0 || a->retry_after_usec/

what is for the catalog is sent to the proxy
src/http/http_transfer.c
unit/test_http_proxy every_refusal*
s/SET(CURLOPT_HEADEROPT, (long)CURLHEADER_SEPARATE);/SET(CURLOPT_HEADEROPT, (long)CURLHEADER_UNIFIED);/

the proxy's password is sent to the catalog
src/http/http_transfer.c
integration/test_proxy a_whole_sync_goes_through_squid
s/SET(CURLOPT_PROXYHEADER, t->proxy_headers);/& (void)headers_append(\&t->headers, c->proxy_line.data);/

a proxy of the environment is used
src/http/http_transfer.c
unit/test_http_answers *
s/SET(CURLOPT_PROXY, options->proxy ? options->proxy : "");/if (options->proxy) SET(CURLOPT_PROXY, options->proxy);/

the environment leads past the proxy
src/http/http_transfer.c
unit/test_http_proxy the_environment*
s/SET(CURLOPT_NOPROXY, "");/;/

plain http goes through a proxy
src/http/http_transfer.c
unit/test_http_proxy plain_http*
s/options->allow_http \&\& !options->proxy, t->where/options->allow_http, t->where/

plain http beside a proxy is taken from the configuration
src/config/check.c
unit/test_config_files *
s/if (catalog->proxy \&\& (catalog->plain_http || catalog->token_plain_http))/if (false)/

a proxy's wrong password goes out for all requests at once
src/http/http.c
unit/test_http_proxy a_wrong_password*
/^static unsigned client_capacity/,/^}/s/ ? 1 : / ? client->options.max_in_flight : /

who waits is sent with a password that the proxy has refused
src/http/http.c
unit/test_http_proxy a_wrong_password*
s/client_fail_queue(client, t);/(void)client_fail_queue;/

a proxy's password is not read again
src/http/http.c
unit/test_http_proxy a_password_that_changed*
s/http_credentials_reload_proxy(c, \&fault) <= 0/(http_credentials_reload_proxy(c, \&fault), true)/

a request that the proxy refused counts as sent
src/http/http_transfer.c
unit/test_http_proxy every_refusal*
/^void http_transfer_reading/,/^}/s/t->phase = HTTP_PHASE_TLS/t->phase = HTTP_PHASE_SENT/

a statement that is given up and answered as replication holds the loop
src/pg/connection.c
unit/test_pg_answers what_was_not_asked_ends*
/^static void connection_on_closing/,/^}/s/status == PGRES_COPY_BOTH/false/

who was asked to cancel is left before the answer
src/pg/connection.c
integration/test_pg_lifetime the_answer_to_a_cancel*
/^static void connection_on_closing/,/^}/s/if (!c->cancel)/if (true)/

TLS below 1.2 is spoken
src/http/http_transfer.c
unit/test_http_tls tls_below*
s/SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2)/SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_0)/

who hangs in the TLS handshake gave no connection
src/http/curl_loop.c
unit/test_http_tls a_handshake*
s/loop->handlers.reading(easy);/(void)easy;/

waiting for the resolver is a connection
src/http/http_transfer.c
unit/test_http_trouble a_name_that_hangs*
/^void http_transfer_reading/,/^}/s/if (t->phase == HTTP_PHASE_CONNECT)/if (t->phase != HTTP_PHASE_SENT)/

a fault of the proxy is the catalog's
src/http/http_fault.c
unit/test_http_proxy every_refusal*
/^static bool failure_is_of_proxy/,/^}/s/if (!f->proxy)/if (f->proxy)/

a fault of the catalog is the proxy's
src/http/http_fault.c
unit/test_http_proxy behind_the_proxy*
s/f->connect_status \/ 100 != 2 || failure_is_page(f)/true/

a page of the proxy is the catalog's
src/http/http_fault.c
unit/test_http_proxy every_refusal*
s/f->connect_status \/ 100 != 2 || failure_is_page(f)/f->connect_status \/ 100 != 2/

a password that the proxy refuses is an outage
src/http/http_fault.c
unit/test_http_proxy every_refusal*
s/ret->refused = code == CODE_PROXY_UNAUTHORIZED || /ret->refused = /

the certificate of a proxy is not verified
src/http/http_transfer.c
integration/test_proxy a_certificate*
s/SET(CURLOPT_PROXY_SSL_VERIFYPEER, 1L);/SET(CURLOPT_PROXY_SSL_VERIFYPEER, 0L);/

the name in a proxy's certificate is not verified
src/http/http_transfer.c
integration/test_proxy a_certificate*
s/SET(CURLOPT_PROXY_SSL_VERIFYHOST, 2L);/SET(CURLOPT_PROXY_SSL_VERIFYHOST, 0L);/

a proxy's password is shown in messages
src/peers/peers.c
integration/test_proxy an_echo*
s/\.redact_also = \&p->proxy_redact/.redact_also = NULL/

a renewed certificate is not shown
src/http/http.c
integration/test_client_certificates one_that_is_replaced*
/^static int client_send/,/^}/s/(void)http_credentials_reload_certificate(.*;/(void)fault;/

a set of a pattern without its end is taken
src/config/values.c
unit/test_config_values a_bad_value*
s/if (p >= end)/if (p > end + 1)/

an escaped bracket is taken for the begin of a set
src/config/values.c
unit/test_config_values patterns_that*
/^static const char \*pattern_find_fault/,/^}/s/continue;$/{}/

what the decoder of libcurl refuses has no reason
src/http/http_fault.c
unit/test_http_answers *
s/if (f->code == CURLE_WRITE_ERROR \&\& f->stop/if (false \&\& f->stop/

a list of which nothing was seen says that it is applied
src/sync/machine.c
unit/test_sync_lives a_list_of_which_nothing*
s/m->listing.received > 0 ? "; what/m->pages >= 0 ? "; what/

an edge without a section has no id for status
sql/queries/status.sql
integration/test_retire an_edge_without_a_section*
s/unnest(\$1::text\[\])/unnest(NULL::text[])/

an edge without a section has no id for verify
sql/queries/verify_cursor.sql
integration/test_retire an_edge_without_a_section*
s/unnest(\$1::text\[\])/unnest(NULL::text[])/

a discovered edge is said to be in the configuration
src/mirror/retire.c
integration/test_retire an_edge_that_a_service_still_wants*
s/: result_bool(result, row, 3)$/: row < 0/

a chain that is cut within a block is used
src/http/client_certificate.c
unit/test_client_certificate a_chain_that_is_cut*
s/== PEM_R_NO_START_LINE \&\& /> 0 \&\& /

a chain that is cut where a block begins is used
src/http/client_certificate.c
unit/test_client_certificate a_chain_that_is_cut*
s/ \&\& pem_is_whole(pem)/ \&\& *pem/

a half replaced pair is used
src/http/http_credentials.c
integration/test_client_certificates one_that_is_replaced*
s/r = client_certificate_check(certificate.data, key.data, NULL, ret_fault);/r = 0;/

a key that others may read is used
src/config/config.c
integration/test_client_certificates what_is_wrong*
s/secret_read_text(catalog->key_file, true,/secret_read_text(catalog->key_file, false,/

a key of another certificate is taken
src/http/client_certificate.c
unit/test_client_certificate what_does_not_fit*
s/X509_check_private_key(x, k) != 1/false/

a certificate that has expired passes the check
src/cli/check_lines.c
integration/test_client_certificates what_is_wrong*
s/if (early || late)/if (early \&\& late)/

a new file replaces what is there
src/base/file.c
unit/test_file what_is_there*
s/link(temporary, path) < 0/rename(temporary, path) < 0/

a file that could not be written leaves a part of it
src/base/file.c
unit/test_file what_cannot_be_written*
s/(void)unlink(temporary);/if (r >= 0) (void)unlink(temporary);/

the first 401 of all is taken for refused credentials
src/catalog/call.c
unit/test_catalog_calls a_list_shows*
s/: c->repeater->list_url;/: NULL;/

a search for jobs that is refused alone ends the run
src/sync/machine.c
unit/test_sync_search every_answer*
s/ \&\& a->fault.scope == FAULT_PEER \&\& !a->foreign;/ \&\& !a->foreign;/

an Edge connection has the nil UUID
src/catalog/edge_items.c
unit/test_catalog_decode_edges items_are*
s/ || uuid_equal(&item.id, &nil)//

the spaces of a secret are looked for as spaces alone
src/catalog/redact.c
unit/test_catalog_decode_answer a_space*
s/byte == '+' \&\& wanted/byte == 0 \&\& wanted/

an edge is forgotten beside an apply that it does not wait for
sql/queries/forget_lock.sql
integration/test_retire an_edge_is_forgotten_beside*
s/FOR UPDATE$//

a row that was elsewhere before is not known when its edge is forgotten
sql/queries/forget_tombstones.sql
integration/test_retire what_passed*
s/^ WHERE d.id = l.id$/ WHERE false/

a directory that cannot be read holds no new file
src/base/file.c
unit/test_file a_directory*
s/ \&\& errno != EACCES//

a configuration is written although PostgreSQL was not right
src/cli/cmd_init.c
integration/test_init each_wrong*
s/status = init_settle(&c, OPTION_POSTGRES);/(void)init_settle(\&c, OPTION_POSTGRES);/

a configuration is written although the catalog was not right
src/cli/cmd_init.c
integration/test_init each_wrong*
s/status = init_settle(&c, OPTION_CATALOG);/(void)init_settle(\&c, OPTION_CATALOG);/

a value is written that a file would cut
src/config/answers.c
integration/test_init each_wrong*
s/!config_line_keeps(a->value)/!config_line_keeps("")/

a first configuration has no schema yet, and fails
src/cli/cmd_init.c
integration/test_init options_alone*
s/.is_first = true/.is_first = false/

what another method was asked for is written
src/cli/init_answers.c
integration/test_init what_options_say*
s/(a->from_person || q->offset/(false || q->offset/

without any edge, none is discovered either
src/cli/cmd_init.c
integration/test_init a_catalog_that_shows_less*
s/c->n_edges > 0 ? "no" : "yes"/"no"/

the first process of a container leaves zombies
src/cli/cli.c
integration/test_process as_the_first_process*
s/getpid() == 1/getpid() == 0/

a configuration without sections is checked without asking the catalog
src/cli/cmd_check.c
integration/test_init a_catalog_that_shows_less*
s/!c->catalog_down \&\& config->discover.enabled/!c->catalog_down \&\& !config/

the environment is read before the files
src/config/draft.c
unit/test_config_environment a_variable_overrides*
/^int draft_read(/,/^}/s/int e = draft_read_file(d, strdup(file));/int e = draft_read_environment(d); e = e < 0 ? e : draft_read_file(d, strdup(file));/;/^int draft_read(/,/^}/s/return e < 0 ? e : draft_read_environment(d);/return e;/

what is shown is the first of several values
src/config/show.c
unit/test_config_show each_value*
s/if (settings\[--n\].option == o)/if (settings[--n].option == o \&\& !find_last(settings, n, o))/

an edge is shown with values of the defaults
src/config/show.c
unit/test_config_show each_value*
s/if (edge \&\& !setting \&\& section != OPTION_EDGE)/if (false)/

a value that is shown commands the terminal
src/cli/cmd_check.c
integration/test_process check_shows*
s/if (!text_is_printable(shown))/if (false)/

a key that there is not is passed over in the environment
src/config/draft.c
unit/test_config_environment what_is_wrong*
/^int draft_take(/,/^}/s/draft_refuse_key(&r, place, key);/;/

lines of JSON go to the journal as well
src/base/log.c
unit/test_log as_json*
s/output.with_fields \&\& output.format == LOG_FORMAT_AUTO/output.with_fields/

quotation marks end a text of JSON
src/base/log.c
unit/test_log as_json*
s/bool escaped = .*/bool escaped = false;/

the name of an edge ends the value of its label
src/web/metrics.c
unit/test_web_metrics names_of_edges*
s/text_append_replaced(out, label_value, .*/text_append_string(out, label_value);/

each scrape asks PostgreSQL
src/web/metrics.c
unit/test_web_metrics the_mirror_is_asked*
s/ || now < o->not_before_usec//

half an answer takes the place of the last whole one
src/web/metrics.c
unit/test_web_metrics an_answer_that_failed*
s/fault->scope != FAULT_NONE || o->failed/o->failed/

what was not observed is 0
src/base/metric.c
unit/test_web_metrics what_was_not*
s/return absent ? NAN : /return /

a status that is not in the table becomes a series of its own
src/base/metric.c
unit/test_metric statuses*
s/return i < METRIC_VALUES_MAX ? i : .*/return i;/

some edges of too many have series
sql/queries/observe_edges.sql
integration/test_metrics more_edges*
s/ AND (SELECT count.*/ AND $1::bigint > 0/

what is held counts as failed
src/daemon/runs.c
integration/test_metrics removals_and*
s/= METRIC_SYNCS_HELD/= METRIC_SYNCS_FAILED/

a catalog that refuses counts as up
src/daemon/breaker.c
integration/test_metrics a_catalog_that*
s/metric_set(METRIC_CATALOG_UP, 0, 0)/metric_set(METRIC_CATALOG_UP, 0, 1)/

a token that another has replaced leaves no time of expiry
src/catalog/oauth2.c
integration/test_metrics tokens*
s/= metric_set_time(METRIC_TOKEN_EXPIRY, left)/= left/

what another instance has told is told again
src/daemon/notify.c
unit/test_daemon_notify what_another_instance*
s,in_doubt || n->form.alerts ? NOTIFY_UNKNOWN : was,NOTIFY_UNKNOWN,

what came late is taken for older than what another instance told
src/daemon/notify.c
unit/test_daemon_notify what_another_instance*
s/NOTIFY_UNKNOWN || s->late || notify_has/NOTIFY_UNKNOWN || notify_has/

of an alert that another instance has told of the last word may be an older one
src/daemon/notify.c
sim/messages messages
s/in_doubt || n->form.alerts ?/in_doubt ?/

an alert of an edge that fails for long ends
src/daemon/notify.c
unit/test_daemon_notify_formats an_alert_of_an_edge_that_fails*
s/of_edges || s->kind/of_edges \&\& s->kind/

an alert of an edge that may be well is sent again without asking PostgreSQL
src/daemon/notify.c
unit/test_daemon_notify_formats an_alert_of_an_edge_that_fails*
s/(of_edges || s->kind != NOTIFY_EDGE)/(of_edges || true)/

what nothing is called any more is kept for ever
src/daemon/notify_subjects.c
unit/test_daemon_notify_formats an_alert_of_an_edge_that_is_renamed*
s/if (subject_is_done(s))/if (false)/

what is on its way is forgotten when nothing is called so any more
src/daemon/notify_subjects.c
sim/messages messages
s/s->over \&\& s->told == s->now \&\& s->sent == NOTIFY_UNKNOWN/s->over \&\& s->told == s->now/

what changes while it is on its way is taken for told
src/daemon/notify_subjects.c
sim/messages messages
s/s->told = fate == NOTIFY_TAKEN ? s->sent/s->told = fate == NOTIFY_TAKEN ? s->now/

what is discovered by another name is told of by the old one
src/daemon/daemon.c
integration/test_notify what_was_told_of_an_edge*
s/^        notify_edges_changed(&d->notify);//

what was told again is before what was not told yet
src/daemon/notify_subjects.c
unit/test_daemon_notify_subjects what_was_declined_for_long*
/^static void subject_taken/,/^}/s/subject_move_behind(subjects, s)/(void)subjects/

what was told before has its turn by how bad it is
src/daemon/notify_subjects.c
unit/test_daemon_notify_subjects what_was_declined_for_long*
/^static void subject_taken/,/^}/s/s->again = .*/(void)0;/

what was told goes with few others still
src/daemon/notify_subjects.c
unit/test_daemon_notify_subjects a_receiver_that_is_back*
/^static void subject_taken/,/^}/s/s->most = 0;/(void)0;/

messages stay small for a receiver that takes them
src/daemon/notify_subjects.c
unit/test_daemon_notify_subjects a_receiver_that_is_back*
s/fate == NOTIFY_TAKEN ? 2 : 1/1/

a sign of life waits behind every renewal of a lease
src/mirror/instance.c
integration/test_on_call a_lock_that_holds*
s/\.urgent = true/.urgent = false/

a refusal is not logged when an outage was a moment before
src/daemon/notify.c
unit/test_daemon_notify a_refusal_after*
s/if (refuses != n->refuses)/if (false)/

a change that is declined holds up those that were with it
src/daemon/notify_subjects.c
sim/messages messages
s/s->most = n_sent \/ 2;/s->pause_usec = now_usec + DECLINED_PAUSE_USEC;/

what was declined alone is before what was not told yet
src/daemon/notify_subjects.c
unit/test_daemon_notify what_was_declined_is_told_after*
/DECLINED_PAUSE_USEC;/,/^}/s/subject_move_behind(subjects, s);/return;/

those that were declined together go together again
src/daemon/notify_subjects.c
unit/test_daemon_notify what_is_declined_for*
s/most = limit;/(void)limit;/

how an edge has ended elsewhere is asked of nobody
src/daemon/notify.c
integration/test_notify what_waits_is_not_told*
s/bool may_ask = count > 0/bool may_ask = false/

what waits in one of two instances is told although the other has told otherwise
src/daemon/notify.c
sim/messages messages
s/bool may_ask = count > 0/bool may_ask = false/

people hear from two instances what one has told
src/daemon/notify.c
integration/test_notify what_waits_is_not_told*
s/n->form.alerts || (unrecorded \&\& s->told != now) ?/true || unrecorded ?/

what was seen since PostgreSQL was asked gives way to its answer
src/daemon/notify_subjects.c
sim/messages messages
s/^        s->asked = false;//

what has waited for long is taken for what the receiver believes
src/daemon/notify.c
unit/test_daemon_notify what_has_waited*
s/notify_time(n) > s->time + usual/usual < 0/

what has waited for long counts as told when it is seen once more
src/daemon/notify.c
unit/test_daemon_notify what_has_waited*
s/ || notify_has_waited(n, s);/;/

an alert of what PostgreSQL knows to be otherwise has no code
src/daemon/notify.c
sim/messages messages
s/now == NOTIFY_WELL ? CODE_NONE : o->code/CODE_NONE/

a run that was stopped counts as how an edge has ended
sql/queries/finish.sql
integration/test_mirror how_edges_have_ended*
s/WHERE $4::text <> 'aborted' AND NOT by_hand/WHERE NOT by_hand/

the alert of a peer that was away before the service was started again stays
src/daemon/notify.c
unit/test_daemon_notify_formats an_alert_of_a_peer_ends*
s/ || (n->form.alerts \&\& answers)//

a peer that was not asked yet is told as well after a start
src/daemon/notify.c
unit/test_daemon_notify_formats an_alert_of_a_peer_ends*
s/(n->form.alerts \&\& answers)/n->form.alerts/

a peer that was not asked yet is told as well after a reload
src/daemon/notify.c
unit/test_daemon_notify_formats an_alert_of_a_peer_ends*
s/if (!s || (now == NOTIFY_WELL \&\& !answers))/if (!s)/

the alert of a peer ends before it may be sent again
src/daemon/notify_message.c
unit/test_daemon_notify_formats an_alert_of_a_peer_counts*
s/form->every_usec > AGAIN_USEC ?/false ?/

of a proxy for messages keys are advised that it does not have
src/config/addresses.c
unit/test_config_values *
s/if (o->section == OPTION_NOTIFY/if (false/

settings of messages without a receiver are passed over by the check
src/cli/check_lines.c
integration/test_notify a_template_or_ca_file*
s/if (config_notify_is_unused(notify))/if (false)/

settings of messages without a receiver are passed over by the service
src/daemon/notify.c
unit/test_daemon_notify settings_of_messages*
s/if (config_notify_is_unused(&config->notify))/if (false)/

check writes behind its lines
src/mirror/check.c
unit/test_mirror_answers lines_that_have*
s/at < last ? at/at <= last + 9 ? at/

a line of check that failed gives way to the count of the others
src/mirror/check.c
unit/test_mirror_answers lines_that_have*
s/fault ? last : last + 1/last + 1/

a page ends the service where a column is not there
src/mirror/reader.c
unit/test_mirror_readers a_page*
s/return row < t->n_rows \&\& i < t->n_columns ? \(.*\) : NULL;/return \1;/

a page takes a name for granted
src/web/page.c
unit/test_mirror_readers a_page*
s/by_name ? name : id ? id : ""/by_name ? name : id/

status takes the name of an edge for granted
src/mirror/status.c
unit/test_mirror_readers a_command*
s/ret->name = next_string/ret->name = next_text/

status takes the name of an instance for granted
src/mirror/instance.c
unit/test_mirror_readers a_command*
s/.name = result_string/.name = result_text/

retire takes more edges than were asked for
src/cli/cmd_retire.c
unit/test_mirror_readers a_command*
s/if (c->n_edges == c->most)/if (false)/

the secret of another user is to be given away
src/config/secret.c
unit/test_secret a_file_of_root*
s/== 0 ? secret_other_owner(&st) : NULL/== 0 ? NULL : NULL/

the secret of another user that others may use is to be given away
src/config/secret.c
unit/test_secret a_file_of_root*
s/const char \*owner = secret_other_owner(st);/const char *owner = NULL;/

a file of root's is read by calling edgemirror as root
src/config/secret.c
unit/test_secret a_file_of_root*
s/bool other = st->st_uid != 0 \&\& /bool other = /

check takes a 404 of an edge for a sign that the address is right
src/cli/cmd_check.c
integration/test_commands check_tells*
s/bool doubtful = a->status == 404/bool doubtful = false/

check takes a 404 of the list of all edges for an answer of the catalog
src/cli/cmd_check.c
integration/test_commands check_tells*
s/!of_edge \&\& answer->status == 404/!of_edge \&\& false/

an id that the catalog does not know hides behind the list of all edges
src/cli/cmd_check.c
integration/test_commands check_says_what_is_wrong*
s/c->catalog_down ? NULL : &e->fault/NULL/

the list of all edges, which no sync asks for, decides whatever becomes of it
src/cli/cmd_check.c
integration/test_commands check_tells_a_wrong_id*
s/bool of_edge = a.fault.scope != FAULT_NONE .*/bool of_edge = false;/

an older schema keeps init from writing
src/cli/check_lines.c
integration/test_init a_schema_that_is_older*
s/ || code == CODE_SCHEMA_OLDER//

a wrong path of the url is not named as such
src/catalog/catalog.c
integration/test_init each_wrong_answer*
s/else if (!call->of_edge \&\& general->status == 404.*/else if (false)/

a refresh that was sent is taken for unsent when its answer comes after the lease
src/sync/sync_steps.c
unit/test_sync_runner a_refresh_that_was_sent*
s/if (!answer->answer.sent \&\& !sync_may_refresh(s))/if (!sync_may_refresh(s))/

after a connection that could not be made, they are made one at a time for ever
src/pg/pool.c
integration/test_pg_loss connections_are_made*
s/if (idle + pool_count(pool, PG_CONNECTION_WORKING) == 0)/if (true)/

every renewal of a lease waits for a lock as short as on the kept connection
src/pg/pool.c
integration/test_pg_queue prompt_work*
s/t->work.prompt \&\& !pool_has_room(pool, &t->work)/t->work.prompt/

init advises a command with variables that it has not read
src/cli/session.c
integration/test_init what_the_environment*
s/!s->from_answers) < 0/true) < 0/

a message is cut before its advice
src/cli/columns.h
unit/test_status_table a_message_of_the_longest*
s/= LIMIT_FAULT_MESSAGE_BYTES/= 1200/

a configuration is not written where grants are missing
src/cli/check_lines.c
integration/test_init grants_that*
s/return of_version || of_grants;/return of_version;/

a configuration is written where tables were dropped
src/cli/check_lines.c
integration/test_init what_else*
s/strcmp(check->what, "schema version") == 0/true/

a configuration is written where rows are hidden
src/cli/check_lines.c
integration/test_init what_else*
s/strcmp(check->what, "privileges") == 0/true/

init tries what it writes without what stands beside it
src/config/answers.c
integration/test_init what_stands*
s/(&draft, file)/(\&draft, *file ? "" : file)/

nobody is told that more than the answers is read
src/cli/cmd_init.c
integration/test_init what_stands*
s/text \&\& c->n_beside > 0/false/

a first configuration with edges beside it discovers others
src/cli/cmd_init.c
integration/test_init what_stands*
s/c->n_edges += c->checks.session.config->edges.*enabled/c->n_edges += 0/

init without edges sends to a sync that is refused
src/cli/cmd_init.c
integration/test_init a_catalog_that_shows_less*
s/c->n_edges > 0 ? "sync"/true ? "sync"/

status without edges sends to a sync that is refused
src/cli/session.c
integration/test_discovery what_was_discovered_is_synced*
s/configured ? "sync registers/true ? "sync registers/

migrate is said to grant what it may not
sql/queries/migrate_notes.sql
integration/test_roles what_the_owner*
s/SELECT NOT m.grants_usage AND/SELECT false AND/

who owns the tables is not told of where the schema is another's
sql/queries/migrate_foreign.sql
integration/test_roles what_the_owner*
s/coalesce(o.rolname, r.rolname)/r.rolname/

whoever has put something into the schema is said to migrate it
src/mirror/trust.c
integration/test_trust what_somebody*
s/                if (of_who_migrates)$/                if (true)/

migrate is to follow a grant that it does not need
src/mirror/check.c
integration/test_roles what_the_owner*
s/bool role = strcmp(.*/bool role = statement \&\& !publication;/

the health check of the image asks 127.0.0.1, wherever the monitor listens
packaging/healthz
unit/test_healthz it_asks*
s/^host=.*/host=127.0.0.1/

a container without ::1 is never healthy
packaging/healthz
unit/test_healthz where_nobody*
/^ *(exec 3<>/d

whatever answers the health check of the image is healthy
packaging/healthz
unit/test_healthz a_service*
s/ \&\& \[ "$status" = 200 \]//

a schema that is older than the program is taken for right
src/mirror/trust.c
integration/test_upgrade_running a_service_of_the_new*
s/if (version == known)/if (version <= known)/

a sync by hand that applied nothing counts as one of a service
sql/queries/finish.sql
integration/test_mirror how_edges_have_ended*
s/<> 'aborted' AND NOT by_hand/<> 'aborted'/

a sync by hand counts as one of a service
sql/queries/apply_finish.sql
integration/test_mirror how_edges_have_ended*
s/FROM run WHERE NOT by_hand)/FROM run)/

a sync by hand of the same list counts as one of a service
sql/queries/apply_unchanged.sql
integration/test_mirror how_edges_have_ended*
s/FROM run WHERE NOT by_hand)/FROM run)/

the last run that was not stopped is pruned behind those that were
sql/queries/prune_runs.sql
integration/test_retention the_last_run_of_a_service*
s/e.completed_run_id, //

a run that another edge has by now counts as that of the edge
sql/queries/outcomes.sql
integration/test_mirror how_edges_have_ended*
s/ AND r.edge_connection_id = e.edge_connection_id//

what the journal has from before a run counts as news of the edge
src/daemon/notify.c
sim/messages messages
s/ || o->run.run_id < s->run_id//

what the journal had before a run counts as seen elsewhere
src/daemon/notify.c
sim/messages messages
s/(before->run_id > s->run_id \&\& s->now != /(s->now != /

what nobody recorded is not taken back
src/daemon/notify.c
sim/messages messages
s/(s->unrecorded \&\& !run->unrecorded)/(s->unrecorded \&\& !run->unrecorded \&\& false)/

a run whose end is not recorded is due again at once
src/daemon/runs.c
integration/test_outages a_run_whose_end*
s/\.unrecorded = report->lease_kept,/.unrecorded = false,/

a run whose end is not recorded has no pause
src/daemon/due.c
unit/test_daemon_due a_run_whose_end_nobody*
s/allowed = allowed > earliest ? allowed : earliest;/(void)earliest;/

a connection counts as made as soon as libpq says so
src/pg/connection.c
integration/test_pg_loss a_server_that_leaves*
/^static void connection_established/,/^}/s/c->fault = (Fault){0};/&\n        c->connected = true;/

basic credentials are redacted with their padding alone
src/catalog/redact.c
unit/test_catalog_decode_answer every_length*
s/basic.size - 1\] == '='/basic.size - 1] == '!'/

each look at a lock that is held is a line
src/daemon/lock_log.c
unit/test_daemon_outage a_lock*
s/clock_random(), NULL)) {$/clock_random(), NULL) || true) {/

between two attempts a lock counts as free
src/daemon/lock_log.c
unit/test_daemon_outage a_lock*
s/now_usec - l->seen_usec >= BETWEEN_ATTEMPTS_USEC/true/

the catalog may put off all edges for a day
src/base/limits.h
unit/test_retry_after seconds*
s/(3600ULL \* 1000000)/(24 * 3600ULL * 1000000)/

a service that waits has a line of ninety columns
src/cli/status_service.c
integration/test_on_call status_says_who_lives*
s/"\\n         has waited %s for %s:/"; has waited %s for %s:/

a list may be as old as it likes where nothing schedules it
src/cli/status_service.c
integration/test_on_call status_check_goes_by*
s/if (r >= 0 \&\& at_usec >= now_usec)/if (r >= 0)/

one turn of the schedule makes a list that is synced by hand too old
src/cli/status_service.c
integration/test_on_call status_check_goes_by*
s/turn < 3/turn < 1/

an edge that is in no configuration here is as old as it likes
src/cli/status_service.c
integration/test_on_call status_check_goes_by*
s/if (!s->next_run_at \&\& s->enabled)/if (!s->next_run_at \&\& wanted)/

a schedule that this version does not know allows every list
src/cli/status_service.c
integration/test_on_call status_check_goes_by*
s/if (r >= 0 \&\& at_usec >= now_usec)/if (r < 0 || at_usec >= now_usec)/

a database that subscribes is said to be synced by hand
src/cli/status_service.c
integration/test_databases a_database_that_subscribes*
s/s->n_alive == 0 \&\& s->blocked.subscribes/false/

who keeps check waiting is not looked for
sql/queries/check_held.sql
integration/test_on_call check_names_who*
s/l.mode IN (/l.mode NOT IN (/

whose the database is, is asked once the edges are locked
src/mirror/registry.c
integration/test_refusals into_the_database_of_another*
s/t->is_ours = next == PG_NEXT \&\& !t->no_catalog;/t->is_ours = true;/;s/^        STEP_CATALOG,$//;s/^        STEP_LOCK,$/        STEP_LOCK, STEP_CATALOG,/

a sync by hand goes on where it is not known whose the database is
src/cli/cmd_sync.c
integration/test_refusals into_the_database_of_another*
s/if (is_ours && mirror_is_locked(fault))/if ((is_ours || true) \&\& mirror_is_locked(fault))/

another address of the catalog is taken for registered
src/peers/peers.c
integration/test_refusals who_is_given_another*
s/text_equal(a->config->catalog.url, b->config->catalog.url)/true/

of a registration that meets a lock nothing is said
src/daemon/claims.c
integration/test_refusals a_registration_that_meets*
s/c->n_locked >= LOCKED_LONG/false/

who has registered nothing is ready
src/daemon/claims.c
integration/test_refusals a_registration_that_meets*
s/c->is_registered = c->was_registered;/c->is_registered = true;/

a question for what is due that a privilege forbids ends the signs of life
src/daemon/claims.c
integration/test_refusals a_due_time_that_cannot*
/^static void claims_postgres_failed/,/^}/s/claims_concerns_statement(fault_met) ?/claims_concerns_statement(fault_met) \&\& false ?/

what was refused once hides what is refused now
src/daemon/claims.c
integration/test_refusals a_due_time_that_cannot*
/^static bool claims_is_refused/,/^}/s/const Fault \*fault = outage_fault(&c->outage);/const Fault *fault = \&c->outage.fault;/

a queue that is locked ends the signs of life
src/daemon/claims.c
integration/test_refusals a_queue_that_is_locked*
s/return mirror_is_locked(fault) ||/return/

another cause of an outage waits for its line in the log
src/daemon/outage.c
unit/test_daemon_outage another_cause*
s|!o->met\[fault->code\]|first|

two causes that take turns are said each time
src/daemon/outage.c
unit/test_daemon_outage another_cause*
s/o->met\[fault->code\] = true;/memset(o->met, 0, sizeof(o->met)); o->met[fault->code] = true;/

what another edge meets is not said
src/daemon/refusal.c
unit/test_daemon_refusal what_is_new*
s/outage_log_next(&r->outage);/(void)0;/

an edge that is not synced any more stays named
src/daemon/refusal.c
unit/test_daemon_refusal what_is_new*
s/r->outage.fault = refusal_fault(r);/(void)0;/

a lock outlives the transaction that held it
src/daemon/lock_log.c
unit/test_daemon_outage a_lock_is_over_with*
s/if (was_held \&\& ended)/if (was_held \&\& ended \&\& false)/

of a holder who is not known a lock is over at once
src/daemon/lock_log.c
unit/test_daemon_outage a_lock_is_over_with*
s/ended = l->holder.process > 0 \&\& /ended = /

who waits for a place at the monitor waits for one that has left
src/web/monitor.c
integration/test_monitor_hostile a_place*
s/if (m->n_ended != before)/if (before > m->n_ended)/

a lock that is met first ends a refusal of registering
src/daemon/claims.c
integration/test_refusals a_registration_that_is_refused*
s/if (refused || c->n_locked >= LOCKED_LONG || fault->scope == FAULT_NONE)/if (!refused) fault = \&fault_none;/

a reload ends a refusal of registering without a word
src/daemon/claims.c
integration/test_refusals a_registration_that_is_refused*
s/^        c->is_registered = false;$/c->is_registered = false; c->refused = fault_none;/

a page shows databases without an asset as registered
sql/queries/page_databases.sql
integration/test_pages databases_are_found*
s/i.registered = \$3::boolean/true/

a page shows a move as two changes
sql/queries/page_changes.sql
integration/test_pages changes_are_shown*
s/ AND (c.kind <> 'moved_out' OR .*$/ /

a page of the last days has those before them
sql/queries/page_changes.sql
integration/test_pages changes_are_shown*
s/current_date - \$4::int)/current_date - $4::int * 2)/

a page begins with the oldest changes
sql/queries/page_changes.sql
integration/test_pages changes_are_shown*
s/ORDER BY c.happened_at DESC/ORDER BY c.happened_at/

a page of edges that are well shows none
src/web/edge_state.c
integration/test_pages every_state_of_an_edge*
s/return "{well}"/return "{}"/

a page of edges that want attention shows none
src/web/edge_state.c
integration/test_pages every_state_of_an_edge*
s/return "{unlisted,unrefreshed,rejected}"/return "{}"/

of an edge that never had a run nobody hears that another instance has synced it
src/daemon/refusal.c
unit/test_daemon_refusal what_never_had_a_run*
s/last_run = 0; .* it has never had one .*/last_run = -1;/

what PostgreSQL refuses of a run counts as a PostgreSQL that is away
src/base/fault.c
unit/test_daemon_refusal what_is_refused_is_of_the_statement
s/^                ret.scope = FAULT_RUN;/                (void)0;/

what PostgreSQL refuses of a run counts as refused credentials
src/base/fault.c
unit/test_daemon_refusal what_is_refused_is_of_the_statement
s/^        ret.refused = false;//

a sync that waits behind another of ours hides who holds a lock
sql/queries/lock_wait.sql
integration/test_mirror who_waits_behind*
s/(\$1::boolean OR NOT (/($1::boolean OR true OR NOT (/

a session of the same role that is none of ours holds no lock
sql/queries/lock_wait.sql
integration/test_mirror who_waits_behind*
s/ AND coalesce(b.application_name, '') LIKE 'edgemirror%'//

of what the sign of life alone waits for nobody asks who holds it
src/daemon/presence.c
integration/test_on_call who_holds_the_row*
s/state.busy || p->task.task || /state.busy || /

a sign of life that a lock keeps is said by nobody
src/daemon/presence.c
integration/test_on_call who_holds_the_row*
s/bool refused = fault_is_refusal(fault) || mirror_is_locked(fault);/bool refused = fault_is_refusal(fault);/

of what keeps a sign of life the holder is not named
src/daemon/presence.c
integration/test_on_call who_holds_the_row*
s/if (mirror_is_locked(fault) && outage_fault(&p->lock.outage))/if (false)/

what comes back from a retired edge is not known from what came back
sql/migrations/0001_mirror.sql
integration/test_retire what_comes_back*
s/b.id IS NOT NULL, v.began_as = 'resumed'/b.id IS NOT NULL, false/

what edgemirror retire ended is shown as if the catalog had it no more
src/web/page_changes.c
integration/test_pages what_a_person_ended*
s/table_bool(t, i, "by_retire")/false/

what comes back from a retired edge is said to have appeared
docs/reports.md
integration/test_retire what_comes_back*
s/ AND NOT by_retire//

what comes back at another edge than the one that was retired is said to come back because that is configured again
sql/queries/apply_rows.sql
integration/test_retire_reports what_comes_back_at_another*
s/ended_as = 'retired' AND edge_before = edge/ended_as = 'retired'/

what was known of a row that was missing is forgotten when its edge is retired
sql/queries/retire_rows.sql
integration/test_retire_reports what_does_not_come_back*
s/interval '1 microsecond'), ended_as = 'retired'$/&, missing_reason = NULL, missing_proofs = NULL/

what a person has ended is among what vanished
docs/reports.md
integration/test_retire_reports what_does_not_come_back*
s/'removed' AND NOT by_retire/'removed'/

what was retired has vanished, whether its edge was listed since or not
docs/reports.md
integration/test_retire_reports what_does_not_come_back*
s/coalesce(e.listed_at > d.removed_at, false)/true/

a row that is listed and cannot be mirrored is said to have vanished
docs/reports.md
integration/test_retire_reports what_is_listed_and_rejected*
s/ AND NOT EXISTS (SELECT FROM edgemirror.rejected r WHERE r.id = d.id) AS/ AS/

of what differs between two times it is not said that it was retired
docs/reports.md
integration/test_retire_reports what_was_retired_is_told_apart*
s/'{removed}'/'{}'/

what came truly before its edge was retired is told to have come back with it
docs/reports.md
integration/test_retire_reports what_truly_came*
s/bool_and(c.by_retire)/bool_or(c.by_retire)/

what went truly after its edge was retired is told to have been ended by that
docs/reports.md
integration/test_retire_reports what_truly_came*
s/ORDER BY c.happened_at DESC))/ORDER BY c.happened_at))/

that a row came back with its edge is forgotten with what came before
sql/migrations/0001_mirror.sql
integration/test_retire_reports what_comes_back_with_its_edge*
s/b.id IS NOT NULL, v.began_as = 'resumed'/b.id IS NOT NULL, b.ended_as = 'retired'/

what moves with the first list of an edge has not moved
sql/migrations/0001_mirror.sql
integration/test_retire_reports what_moves_with*
s/v.kind IN ('added', 'restored') AND e.edge/e.edge/

what moved to an edge that is forgotten is told to be retired
sql/queries/forget_successors.sql
integration/test_retire_reports what_moved_to_an_edge*
s/SET ended_as = 'moved'/SET ended_as = 'retired'/

a list of a retired edge counts as one that has what was ended
sql/queries/apply_compare.sql
integration/test_as_of what_was_retired*
s/k.removed_at IS NULL AND k.missing_since/k.missing_since/

what comes back with a retired edge counts as come
docs/reports.md
integration/test_retire_reports what_was_retired_is_told_apart*
s/ AND NOT first_load AND NOT by_retire$/ AND NOT first_load/

what was removed elsewhere and comes with the first list of an edge counts as come
docs/reports.md
integration/test_retire_reports what_a_first_list*
s/ AND NOT first_load AND NOT by_retire$/ AND NOT by_retire/

the page of changes does not say where a row was that is back
src/web/page_changes.c
integration/test_pages what_came_back*
s/else if (from \&\& .*"edge")))$/else if (!from)/

the page of an edge's changes does not say what left it
sql/queries/page_changes.sql
integration/test_pages what_moved_is_shown*
s/ OR $3::text IS NOT NULL OR c.edge_connection_id_after IS NULL)/ OR c.edge_connection_id_after IS NULL)/

the days of an edge do not count what left it
sql/queries/page_change_days.sql
integration/test_pages what_moved_is_shown*
s/AND ($2::text IS NOT NULL OR c.edge/AND (c.edge/

what went to an edge that is forgotten is on no page
sql/queries/page_changes.sql
integration/test_pages what_moved_is_shown*
s/ OR c.edge_connection_id_after IS NULL)/)/

the page of changes counts what a first list brings back twice
sql/queries/page_change_days.sql
integration/test_pages what_came_back*
s/'restored' AND NOT c.first_load/'restored'/

of a standby it is said that nobody can sync, and to make room
src/cli/status_service.c
integration/test_sync_postgres a_standby*
s/service_is_blocked(s) \&\& s->blocked.is_standby \&\&/false \&\&/

what differs between two times has all of an edge that was listed first in between
docs/reports.md
integration/test_docs what_differs*
s/e.first_listed_at <= now() - .*)/true)/

what an outage has become again is not said
src/daemon/outage.c
unit/test_daemon_outage another_cause*
s/(fault->code != o->logged_code &&/(false \&\&/

who waits on for a lock that others hold in turn is said to wait no more
src/daemon/lock_log.c
unit/test_daemon_outage a_lock_is_over_with*
s/^        l->holder = wait->holder;/        if (is_another) lock_over(l, now_usec);\n&/

refusals of many edges that each have words of their own fill the log
src/daemon/refusal.c
unit/test_daemon_refusal what_is_new*
s/ && now >= r->say_usec/ \&\& (now \|\| true)/

that a database became that of another catalog is said within the hour
src/mirror/queue.c
integration/test_refusals what_comes_back_as_the_database*
s/catalog_compare(t->task.mirror, result_text(result, row, 8),/catalog_compare(t->task.mirror, result_text(result, row, 8) ? NULL : NULL,/

a catalog row that was rolled back makes a database ours
src/mirror/registry.c
integration/test_mirror a_registration_that_was_rolled_back*
s/t->is_ours = next == PG_NEXT \&\& !t->no_catalog;/t->is_ours = next == PG_NEXT;/

a reload while the question for what is due is refused never registers
src/daemon/claims.c
integration/test_refusals a_due_time_that_cannot*
s/if (goes_on) {/if (goes_on \&\& false) {/

a database that is nobody's is served by nobody for an hour
src/daemon/claims.c
integration/test_refusals what_comes_back_as_the_database*
s/if (a->no_catalog && /if (a->no_catalog \&\& false \&\& /

words that were not logged count as said
src/daemon/refusal.c
unit/test_daemon_refusal what_is_new*
s/!(r->edges\[i\].said &&/!(true \&\&/

figures that are taken again end in no line of the log
src/web/metrics.c
integration/test_metrics figures_that_postgres_refuses*
s/if (o->is_refused != told \&\& o->on_refused)/if (o->is_refused \&\& !told \&\& o->on_refused)/

what keeps every sync from beginning is told like a sign of life that is refused
src/daemon/notify_lines.c
unit/test_daemon_notify peers_are_seen*
s/\[SERVICE_REFUSED_SIGN\] = NOTIFY_DEGRADED/[SERVICE_REFUSED_SIGN] = NOTIFY_AWAY/

of two refusals the harmless one is said
src/report/service_snapshot.c
unit/test_service_snapshot
s/while (kind < SERVICE_REFUSED_KINDS - 1 \&\& !of\[kind\])/while (kind < SERVICE_REFUSED_KINDS - 1 \&\& (!of[kind] || of[SERVICE_REFUSED_SIGN]))/

the inventory does not say whether the mirror can be believed
src/web/page_inventory.c
integration/test_pages every_page_says*
s/^        verdict_put(h, &verdict);$/        (void)verdict;/

the changes do not say whether the mirror can be believed
src/web/page_changes.c
integration/test_pages every_page_says*
/verdict_put(h, &verdict);/d

a page of one edge says of all of them whether they can be believed
sql/queries/page_states.sql
integration/test_pages a_page_of_one_edge*
s/^ WHERE \$1::text IS NULL OR .*/ WHERE true/

of databases of edges that are disabled nobody hears how old their list is
src/web/verdict.c
integration/test_pages every_page_says*
/c->oldest_disabled = most/d

the list of an edge that was retired counts for the age of the mirror
sql/queries/page_states.sql
integration/test_pages every_page_says*
s/f.row_count > 0/true/

a service that waits for a moment is in trouble
src/web/verdict.c
integration/test_pages every_page_says*
s/>= WAIT_SEC/>= 0/

the service hides what is wrong with one edge
src/web/verdict.c
integration/test_pages a_page_of_one_edge*
s/(!v->edge || (/(true || (/

the page of an edge that is well hides that nobody syncs it
src/web/page_edge.c
integration/test_pages trouble_of_the_service*
s/verdict_put_service(h, v);/(void)v;/

a page does not know what PostgreSQL refuses to the instance that shows it
src/web/verdict.c
integration/test_pages trouble_of_the_service*
s/v->refused = view->refused;/v->refused = false;/

what no list has shown is said without the age of the lists
src/web/page_changes.c
integration/test_pages what_no_list*
s/if (verdict->edges > 0)/if (false)/

the figures of status.json are older than they say
sql/queries/status.sql
integration/test_monitor status_is_what*
s/to_char(now() AT/to_char(now() + interval '1 minute' AT/

the figures of status.json are newer than they say
sql/queries/status.sql
integration/test_monitor status_is_what*
s/to_char(now() AT/to_char(now() - interval '1 minute' AT/

what was held when its edge was retired is held for ever
sql/migrations/0001_mirror.sql
integration/test_retire_reports what_does_not_come_back*
s/^ WHERE d.missing_reason IS NOT NULL AND d.removed_at IS NULL;/ WHERE d.missing_reason IS NOT NULL;/

what was held when its edge was retired counts as held for ever
sql/migrations/0001_mirror.sql
integration/test_retire_reports what_does_not_come_back*
s/^ \( *\)WHERE d.missing_reason IS NOT NULL AND d.removed_at IS NULL$/ \1WHERE d.missing_reason IS NOT NULL/

what happened after the later of two times says what was retired between them
docs/reports.md
integration/test_retire_reports what_was_retired_is_told_apart*
s/ AND c.happened_at <= now() - interval '36 hours'), false)/), false)/

what happened before the earlier of two times says what was retired between them
docs/reports.md
integration/test_retire_reports what_was_retired_is_told_apart*
s/AND c.happened_at > now() - interval '10 days 12 hours' AND/AND/

of an edge that nobody syncs it is said what to do about its last run
src/cli/status_table.c
unit/test_status_table what_went_wrong*
s/if (s->error_message \&\& s->enabled)/if (s->error_message)/

two edges are forgotten side by side
src/mirror/retire.c
integration/test_retire two_are_forgotten*
s/task_step(sql_migrate_lock, NULL, NULL)/task_step(sql_catalog, NULL, NULL)/

what was elsewhere while its edge was retired has appeared once that is forgotten
sql/queries/forget_predecessors.sql
integration/test_retire_reports what_was_elsewhere*
s/CASE WHEN before.ended_as = 'retired' AND/CASE WHEN false AND/

what was retired has moved once the edge where it was meanwhile is forgotten
sql/queries/forget_successors.sql
integration/test_retire_reports what_was_elsewhere*
s/ AND p.ended_as IS NULL//

what comes back renamed with its edge has appeared
sql/queries/apply_rows.sql
integration/test_retire_reports what_comes_back_with_its_edge*
s/ended_as = 'retired' AND edge_before = edge/& AND name_before = name/

a first registration that meets a lock leaves edges synced, as it is told
src/daemon/claims.c
integration/test_refusals a_registration_that_meets*
s/\&\& !claims_knows_edges(c)/\&\& false/

a schedule from the database reaches the terminal as it is
src/cli/status_service.c
integration/test_on_call status_check_goes_by*
s/text_show(s->schedule, schedule)/(memcpy(schedule, s->schedule, 60), schedule)/

rows that begin to be rejected are in no line of the log
src/daemon/runs.c
integration/test_metrics removals*
s/(news || rejects)/(news || (rejects \&\& false))/

of two troubles at once only the one of the catalog is said
src/report/service_snapshot.c
unit/test_service_snapshot
s/if (s->statement_faults\[kind\])/if (s->statement_faults[kind] \&\& !catalog)/

the sums of an edge are those of all
sql/queries/page_inventory.sql
integration/test_pages databases_are_found*
s/FILTER (WHERE $5::text IS NULL OR e.name = $5::text)/FILTER (WHERE $5::text IS NULL OR true)/

who died beside one that lives is not on the page
src/web/page_home.c
integration/test_pages who_died*
s/< DEAD_SHOWN)/< 0)/

who was told of runs that are refused is not told that no sync begins
src/daemon/notify_lines.c
unit/test_daemon_notify peers_are_seen*
s/= NOTIFY_FAILED,$/= NOTIFY_AWAY,/

END
}

for entry in *; do
        [ -e "$entry/config.status" ] || cp -r "$entry" "$work/"
done
[ -x "$work/configure" ] || (cd "$work" && ./autogen.sh) >/dev/null 2>&1 || exit
mkdir "$work/build" && cd "$work/build" || exit
../configure -q ${CC:+"CC=$CC"} CFLAGS='-O1 -w' >/dev/null && make -s -j"$(nproc)" all >/dev/null && make -s -j"$(nproc)" check TESTS= >/dev/null || exit

run() { # PROGRAM PATTERN: its output
        make -s edgemirror "tests/$1" >/dev/null 2>"$work/errors" || return 99
        EDGEMIRROR_TESTS="$2" timeout 300 make -s check-TESTS TESTS="tests/$1" >/dev/null 2>&1
        local status=$?
        [ "$status" != 124 ] || return 124
        grep -q "^ok\|^not ok\|exited with status" "tests/$1.log" || return 98
        return "$status"
}

declare -A sound
caught=0
survived=0
while IFS= read -r name && IFS= read -r file && IFS= read -r test && IFS= read -r edit && IFS= read -r _; do
        case $name$file in *"$words"*) ;; *) continue ;; esac
        set -f
        # shellcheck disable=SC2086
        set -- $test
        set +f
        if [ -z "${sound[$test]:-}" ]; then
                run "$1" "$2" || {
                        printf '%-76s %s\n' "$name" "FAILS WITHOUT IT: $test"
                        survived=$((survived + 1))
                        continue
                }
                sound[$test]=yes
        fi
        cp "../$file" "$work/sound"
        sed "$edit" "$work/sound" >"../$file"
        if cmp -s "../$file" "$work/sound"; then
                result="CANNOT BE PLANTED in $file"
        else
                run "$1" "$2"
                case $? in
                0) result="SURVIVED $1" ;;
                124) result="not ok: it does not end" ;;
                98 | 99) result="CANNOT BE BUILT: $(grep -m 1 error "$work/errors")" ;;
                *) result=$(grep -m 1 -o '^not ok.*' "tests/$1.log" || echo "not ok: what the tests begin with fails") ;;
                esac
        fi
        cp "$work/sound" "../$file"
        printf '%-76s %s\n' "$name" "$result"
        case $result in "not ok"*) caught=$((caught + 1)) ;; *) survived=$((survived + 1)) ;; esac
done < <(mutants)
echo "$caught caught, $survived not"
[ $((caught + survived)) -gt 0 ] || echo "no fault has these words in its name or file: $words" >&2
[ "$survived" = 0 ] && [ "$caught" -gt 0 ]
