-- Ends the run, moves the edge's clocks, releases the lease and notifies listeners (of a change; of trouble, and of its end), all in the transaction of the snapshot; nothing when the lease is not ours any
-- more. Only the holder of the present epoch may publish; the lock of the lease keeps everybody else from claiming until the end of the transaction. It is taken
-- last, so that heartbeats go on while a large snapshot is written. Where the service waits after failures, a sync by hand that succeeds makes the edge due.
-- $1 edge, $2 epoch, $3 run, $4 outcome, $5 refresh, $6 job id, $7 state, $8 result, $9 progress, $10 message, $11 job, $12 pages, $13 requests,
-- $14 error scope, $15 code, $16 message, $17 http status, $18 problem, $19 listed whole, $20 how long ago the list was begun (interval), $21 … the
-- refresh was not over yet, $22 digest of the list ("": the mirror is not this list), $23 all of it was seen, $24 counts: listed, added, changed, removed,
-- restored, unchanged, held, pending, rejected, present rows (bigint array), $25 digest of what the mirror has ("": not known, computed from the rows).
WITH run AS (
    SELECT run_id, by_hand FROM edgemirror.sync_run WHERE run_id = $3::bigint
), before AS (
    -- How the edge was: its last run that was not stopped, and the last one of a service.
    SELECT e.consecutive_failures > 0 AS failing, c.outcome, s.outcome AS of_service
      FROM edgemirror.edge e
      LEFT JOIN edgemirror.sync_run c ON c.run_id = e.completed_run_id AND c.edge_connection_id = e.edge_connection_id
      LEFT JOIN edgemirror.sync_run s ON s.run_id = e.service_run_id AND s.edge_connection_id = e.edge_connection_id
     WHERE e.edge_connection_id = $1::uuid
), held AS (
    SELECT edge_connection_id
      FROM edgemirror.edge_claim
     WHERE edge_connection_id = $1::uuid AND epoch = $2::bigint AND holder IS NOT NULL
       FOR UPDATE
), n AS (
    SELECT c[1] AS listed, c[2] AS added, c[3] AS changed, c[4] AS removed, c[5] AS restored, c[6] AS unchanged, c[7] AS held, c[8] AS pending, c[9] AS rejected,
           c[10] AS row_count, CASE WHEN c[7] > 0 AND $19::boolean THEN 'held' ELSE $4::text END AS outcome
      FROM held, (SELECT $24::bigint[]) counts (c)
), released AS (
    UPDATE edgemirror.edge_claim c
       SET holder = NULL, expires_at = NULL,
           next_run_at = CASE WHEN n.outcome IN ('synced', 'held') AND c.next_run_at > now()
                               AND (SELECT r.by_hand AND b.failing AND b.of_service IN ('failed', 'unstable') FROM run r, before b) THEN now()
                              ELSE c.next_run_at END
      FROM n
     WHERE c.edge_connection_id = $1::uuid
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
           row_count = n.row_count, digest = coalesce(nullif($25::text, ''), (SELECT p.digest FROM edgemirror.digest_of($1::uuid) p)),
           rejected = CASE WHEN $23::boolean THEN n.rejected ELSE greatest(n.rejected, e.rejected) END,
           list_digest = nullif($22::text, ''), last_run_id = $3::bigint,
           completed_run_id = coalesce((SELECT run_id FROM run), e.completed_run_id),
           service_run_id = coalesce((SELECT run_id FROM run WHERE NOT by_hand), e.service_run_id),
           consecutive_failures = CASE WHEN n.outcome IN ('synced', 'held') THEN 0 ELSE e.consecutive_failures + 1 END
      FROM n
     WHERE e.edge_connection_id = $1::uuid
)
SELECT CASE WHEN n.added + n.changed + n.removed + n.restored > 0 THEN
            pg_notify('edgemirror_change', json_build_object('edgeConnectionId', $1::uuid, 'runId', $3::bigint, 'added', n.added,
                                                             'changed', n.changed, 'removed', n.removed, 'restored', n.restored)::text) END,
       CASE WHEN n.outcome <> 'synced' OR (SELECT b.outcome FROM before b) <> 'synced' THEN
            pg_notify('edgemirror_trouble', json_build_object('edgeConnectionId', $1::uuid, 'runId', $3::bigint, 'outcome', n.outcome,
                                                              'code', CASE WHEN n.outcome <> 'synced' THEN coalesce($15::text, n.outcome) END)::text) END
  FROM n
