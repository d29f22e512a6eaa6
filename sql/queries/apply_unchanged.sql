-- Before the transaction of an apply, and mostly instead of it: one statement. When the list is whole and its digest is that of the list that the mirror is,
-- nothing has to be written: the edge's clocks move, the run ends, the lease is released; of a job that was clean the document tells nothing then, and is not
-- kept. Otherwise the journal notes that the apply begins, and the lease is renewed. Nothing at all when the lease is not ours any more. The rows are counted, so
-- that a mirror which lost some by hand is repaired; the digest is trusted. An apply that takes a row away from this edge holds the lock of its edge row, and
-- sets the digest of the list to null: when somebody holds that lock, the answer is "not the same" rather than a wait. Gives also whether the edge has rows.
-- Listeners are notified when the edge is well again. Where the service waits after failures, a sync by hand that succeeds makes the edge due.
-- $1 edge, $2 epoch, $3 run, $4 outcome, $5 refresh, $6 job id, $7 state, $8 result, $9 progress, $10 message, $11 job, $12 pages, $13 requests,
-- $14 error scope, $15 code, $16 message, $17 http status, $18 problem, $19 listed whole, $20 how long ago the list was begun (interval), $21 … the
-- refresh was not over yet, $22 digest of the list, $23 its rows, $24 lease (interval), $25 rows of it that cannot be mirrored.
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
), free AS (
    SELECT edge_connection_id FROM edgemirror.edge WHERE edge_connection_id = $1::uuid FOR NO KEY UPDATE SKIP LOCKED
), same AS (
    UPDATE edgemirror.edge e
       SET listed_at = statement_timestamp() - $20::interval,
           refreshed_at = CASE WHEN $5::text = 'clean' THEN statement_timestamp() - $21::interval ELSE e.refreshed_at END,
           last_run_id = $3::bigint, consecutive_failures = 0,
           completed_run_id = coalesce((SELECT run_id FROM run), e.completed_run_id),
           service_run_id = coalesce((SELECT run_id FROM run WHERE NOT by_hand), e.service_run_id)
      FROM held h, free f
     WHERE e.edge_connection_id = f.edge_connection_id AND $19::boolean
       AND e.list_digest = $22::text
       AND e.row_count = (SELECT count(*) FROM edgemirror.database_connection d
                           WHERE d.edge_connection_id = $1::uuid AND d.removed_at IS NULL)
    RETURNING e.row_count
), answer AS (
    SELECT EXISTS (SELECT FROM held) AS ours, EXISTS (SELECT FROM same) AS unchanged
), claim AS (
    UPDATE edgemirror.edge_claim c
       SET holder = CASE WHEN NOT a.unchanged THEN c.holder END,
           expires_at = CASE WHEN NOT a.unchanged THEN clock_timestamp() + $24::interval END,
           next_run_at = CASE WHEN a.unchanged AND c.next_run_at > now()
                               AND (SELECT r.by_hand AND b.failing AND b.of_service IN ('failed', 'unstable') FROM run r, before b) THEN now()
                              ELSE c.next_run_at END
      FROM answer a
     WHERE a.ours AND c.edge_connection_id = $1::uuid
), journal AS (
    UPDATE edgemirror.sync_run r
       SET phase = CASE WHEN a.unchanged THEN 'done' ELSE 'apply' END,
           job_id = coalesce($6::uuid, r.job_id), job_state = coalesce($7::text, r.job_state),
           job_result = coalesce($8::text, r.job_result), job_progress = coalesce($9::double precision, r.job_progress),
           job_message = coalesce($10::text, r.job_message),
           job = CASE WHEN NOT a.unchanged OR $5::text <> 'clean' THEN coalesce($11::jsonb, r.job) END,
           pages = $12::bigint, requests = $13::bigint, listed = $23::bigint,
           finished_at = CASE WHEN a.unchanged THEN clock_timestamp() END,
           outcome = CASE WHEN a.unchanged THEN $4::text END, refresh = CASE WHEN a.unchanged THEN $5::text END,
           unchanged = CASE WHEN a.unchanged THEN $23::bigint - $25::bigint ELSE 0 END,
           rejected = CASE WHEN a.unchanged THEN $25::bigint ELSE 0 END,
           error_scope = CASE WHEN a.unchanged THEN $14::text END, error_code = CASE WHEN a.unchanged THEN $15::text END,
           error_message = CASE WHEN a.unchanged THEN $16::text END, http_status = CASE WHEN a.unchanged THEN $17::integer END,
           problem = CASE WHEN a.unchanged THEN $18::jsonb END
      FROM answer a
     WHERE a.ours AND r.run_id = $3::bigint
)
SELECT ours, unchanged, (SELECT row_count FROM same) AS row_count,
       NOT unchanged AND EXISTS (SELECT FROM edgemirror.database_connection d WHERE d.edge_connection_id = $1::uuid AND d.removed_at IS NULL) AS has_rows,
       CASE WHEN unchanged
             AND (SELECT b.outcome FROM before b) <> 'synced' THEN
            pg_notify('edgemirror_trouble',
                      json_build_object('edgeConnectionId', $1::uuid, 'runId', $3::bigint, 'outcome', $4::text, 'code', NULL)::text) END
  FROM answer
