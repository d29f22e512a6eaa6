-- Counts, computes the digest of what the mirror has now, ends the run, moves the edge's clocks, releases the lease and notifies listeners, all in the
-- transaction of the snapshot. When rows are held or pending, or the list is not whole, what the mirror has is not what the catalog has shown: then no digest is kept.
-- A row is counted as what was done, as the view change has it: another edge may have added or removed it after it was compared.
-- $1 edge, $2 epoch, $3 run, $4 outcome, $5 refresh, $6 job id, $7 state, $8 result, $9 progress, $10 message, $11 job, $12 pages, $13 requests,
-- $14 error scope, $15 code, $16 message, $17 http status, $18 problem, $19 listed whole, $20 how long ago the list was begun (interval), $21 … the
-- refresh was not over yet, $22 digest of the list, $23 its rows, $24 all of it was seen.
WITH spooled AS (
    SELECT count(DISTINCT id) AS listed FROM pg_temp.edgemirror_spool_2
), rejected AS (
    SELECT count(*) AS rejected FROM pg_temp.edgemirror_rejected_1
), difference AS (
    SELECT count(*) FILTER (WHERE kind = 'added') AS added, count(*) FILTER (WHERE kind IN ('changed', 'moved')) AS changed, count(*) FILTER (WHERE kind = 'moved') AS moved,
           count(*) FILTER (WHERE kind = 'restored') AS restored
      FROM (SELECT CASE WHEN x.kind = 'moved' THEN 'moved' WHEN d.began_as IS NULL THEN 'added' WHEN d.began_as = 'restored' THEN 'restored' ELSE 'changed' END AS kind
              FROM pg_temp.edgemirror_difference_3 x
              JOIN edgemirror.database_connection d ON d.id = x.id) done
), missing AS (
    SELECT count(*) FILTER (WHERE m.verdict = 'gone' AND d.removed_at IS NOT NULL AND d.removed_run_id = $3::bigint) AS removed,
           count(*) FILTER (WHERE m.verdict NOT IN ('gone', 'pending', 'listed', 'moved') AND d.removed_at IS NULL AND d.edge_connection_id = $1::uuid) AS held,
           count(*) FILTER (WHERE m.verdict = 'pending' AND d.removed_at IS NULL AND d.edge_connection_id = $1::uuid) AS pending,
           count(*) FILTER (WHERE m.verdict <> 'listed' AND d.removed_at IS NULL AND d.edge_connection_id = $1::uuid) AS kept
      FROM pg_temp.edgemirror_missing_2 m
      JOIN edgemirror.database_connection d ON d.id = m.id
), present AS (
    SELECT row_count, digest FROM edgemirror.digest_of($1::uuid)
), n AS (
    SELECT *, listed - rejected - added - changed - restored + moved AS unchanged,
           CASE WHEN held > 0 AND $19::boolean THEN 'held' ELSE $4::text END AS outcome
      FROM spooled, rejected, difference, missing, present
), released AS (
    UPDATE edgemirror.edge_claim SET holder = NULL, expires_at = NULL
     WHERE edge_connection_id = $1::uuid AND epoch = $2::bigint
), journal AS (
    UPDATE edgemirror.sync_run r
       SET phase = 'done', finished_at = clock_timestamp(), outcome = n.outcome, refresh = $5::text,
           job_id = coalesce($6::uuid, r.job_id), job_state = coalesce($7::text, r.job_state),
           job_result = coalesce($8::text, r.job_result), job_progress = coalesce($9::double precision, r.job_progress),
           job_message = coalesce($10::text, r.job_message), job = coalesce($11::jsonb, r.job),
           pages = $12::bigint, requests = $13::bigint, listed = n.listed, added = n.added, changed = n.changed, removed = n.removed,
           restored = n.restored, unchanged = n.unchanged, held = n.held, pending = n.pending, rejected = n.rejected,
           error_scope = $14::text, error_code = $15::text, error_message = $16::text, http_status = $17::integer, problem = $18::jsonb
      FROM n
     WHERE r.run_id = $3::bigint
), edge AS (
    UPDATE edgemirror.edge e
       SET first_listed_at = CASE WHEN $19::boolean THEN coalesce(e.first_listed_at, clock_timestamp()) ELSE e.first_listed_at END,
           listed_at = CASE WHEN $19::boolean THEN statement_timestamp() - $20::interval ELSE e.listed_at END,
           refreshed_at = CASE WHEN $19::boolean AND $5::text = 'clean' THEN statement_timestamp() - $21::interval ELSE e.refreshed_at END,
           row_count = n.row_count, digest = CASE WHEN $19::boolean AND n.held + n.pending = 0 THEN n.digest END,
           rejected = CASE WHEN $24::boolean THEN n.rejected ELSE greatest(n.rejected, e.rejected) END,
           list_digest = CASE WHEN $19::boolean AND n.kept = 0 AND n.rejected > 0 AND n.listed = $23::bigint THEN $22::text END, last_run_id = $3::bigint,
           consecutive_failures = CASE WHEN n.outcome IN ('synced', 'held') THEN 0 ELSE e.consecutive_failures + 1 END
      FROM n
     WHERE e.edge_connection_id = $1::uuid
)
SELECT n.listed, n.added, n.changed, n.removed, n.restored, n.unchanged, n.held, n.row_count, n.moved, n.pending, n.rejected,
       CASE WHEN n.added + n.changed + n.removed + n.restored > 0 THEN
            pg_notify('edgemirror_change', json_build_object('edgeConnectionId', $1::uuid, 'runId', $3::bigint, 'added', n.added,
                                                             'changed', n.changed, 'removed', n.removed, 'restored', n.restored)::text) END
  FROM n
