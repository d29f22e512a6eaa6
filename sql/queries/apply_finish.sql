-- Counts, computes the digest of what the mirror has now, ends the run, moves the edge's clocks, releases the lease and tells listeners, all in the transaction of the snapshot.
-- $1 edge, $2 epoch, $3 run, $4 moment, $5 outcome, $6 refresh, $7 listed whole, $8 job id, $9 state, $10 result, $11 progress, $12 message, $13 job,
-- $14 pages, $15 requests, $16 error scope, $17 code, $18 message, $19 http status, $20 problem.
WITH spooled AS (
    SELECT count(DISTINCT id) AS listed FROM pg_temp.edgemirror_spool_1
), difference AS (
    SELECT count(*) FILTER (WHERE kind = 'added') AS added, count(*) FILTER (WHERE kind = 'changed') AS changed,
           count(*) FILTER (WHERE kind = 'restored') AS restored
      FROM pg_temp.edgemirror_difference_2
), missing AS (
    SELECT count(*) FILTER (WHERE m.gone AND d.removed_at IS NOT NULL AND d.run_id = $3::bigint) AS removed,
           count(*) FILTER (WHERE m.gone IS NULL AND d.removed_at IS NULL AND d.edge_connection_id = $1::uuid) AS held
      FROM pg_temp.edgemirror_missing_1 m
      JOIN edgemirror.database_connection d ON d.id = m.id
), present AS (
    -- From the rows as they are now: also what was altered by hand, and is still so, is in the digest.
    SELECT row_count, digest FROM edgemirror.digest_of($1::uuid)
), n AS (
    SELECT *, listed - added - changed - restored AS unchanged,
           CASE WHEN held > 0 THEN 'held' ELSE $5::text END AS outcome
      FROM spooled, difference, missing, present
), released AS (
    UPDATE edgemirror.edge_claim SET holder = NULL, expires_at = NULL
     WHERE edge_connection_id = $1::uuid AND epoch = $2::bigint
), journal AS (
    UPDATE edgemirror.sync_run r
       SET phase = 'done', finished_at = clock_timestamp(), outcome = n.outcome, refresh = $6::text,
           job_id = coalesce($8::uuid, r.job_id), job_state = coalesce($9::text, r.job_state),
           job_result = coalesce($10::text, r.job_result), job_progress = coalesce($11::double precision, r.job_progress),
           job_message = coalesce($12::text, r.job_message), job = coalesce($13::jsonb, r.job),
           pages = $14::bigint, requests = $15::bigint, listed = n.listed, added = n.added, changed = n.changed, removed = n.removed,
           restored = n.restored, unchanged = n.unchanged, held = n.held,
           error_scope = $16::text, error_code = $17::text, error_message = $18::text, http_status = $19::integer, problem = $20::jsonb
      FROM n
     WHERE r.run_id = $3::bigint
), edge AS (
    UPDATE edgemirror.edge e
       SET listed_at = CASE WHEN $7::boolean THEN $4::timestamptz ELSE e.listed_at END,
           refreshed_at = CASE WHEN $7::boolean AND $6::text = 'clean' THEN $4::timestamptz ELSE e.refreshed_at END,
           row_count = n.row_count, digest = n.digest, last_run_id = $3::bigint,
           consecutive_failures = CASE WHEN n.outcome IN ('synced', 'held') THEN 0 ELSE e.consecutive_failures + 1 END
      FROM n
     WHERE e.edge_connection_id = $1::uuid
)
SELECT n.listed, n.added, n.changed, n.removed, n.restored, n.unchanged, n.held, n.row_count,
       CASE WHEN n.added + n.changed + n.removed + n.restored > 0 THEN
            pg_notify('edgemirror_change', json_build_object('edgeConnectionId', $1::uuid, 'runId', $3::bigint, 'added', n.added,
                                                             'changed', n.changed, 'removed', n.removed, 'restored', n.restored)::text) END
  FROM n
