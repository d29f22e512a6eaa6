-- Before the transaction of an apply, and mostly instead of it: one statement. When the list is whole and its digest and number of rows are those of the
-- mirror, nothing has to be written: the edge's clocks move, the run ends, the lease is released. Otherwise the journal notes that the apply
-- begins, and the lease is renewed. Nothing at all when the lease is not ours any more. The rows are counted, so that a mirror which lost some by hand is mended; the digest is
-- believed. An apply that takes a row away from this edge holds the lock of its edge row, and sets the digest to null.
-- $1 edge, $2 epoch, $3 run, $4 digest, $5 outcome, $6 refresh, $7 listed whole, $8 job id, $9 state, $10 result, $11 progress, $12 message, $13 job,
-- $14 pages, $15 requests, $16 error scope, $17 code, $18 message, $19 http status, $20 problem, $21 rows, $22 lease (interval).
WITH held AS (
    SELECT clock_timestamp() AS moment
      FROM edgemirror.edge_claim
     WHERE edge_connection_id = $1::uuid AND epoch = $2::bigint AND holder IS NOT NULL
       FOR UPDATE
), same AS (
    UPDATE edgemirror.edge e
       SET listed_at = h.moment, refreshed_at = CASE WHEN $6::text = 'clean' THEN h.moment ELSE e.refreshed_at END,
           last_run_id = $3::bigint, consecutive_failures = 0
      FROM held h
     WHERE e.edge_connection_id = $1::uuid AND $7::boolean AND e.digest = $4::text AND e.row_count = $21::bigint
       AND e.row_count = (SELECT count(*) FROM edgemirror.database_connection d
                           WHERE d.edge_connection_id = $1::uuid AND d.removed_at IS NULL)
    RETURNING h.moment
), answer AS (
    SELECT EXISTS (SELECT FROM held) AS ours, EXISTS (SELECT FROM same) AS unchanged
), claim AS (
    UPDATE edgemirror.edge_claim c
       SET holder = CASE WHEN NOT a.unchanged THEN c.holder END,
           expires_at = CASE WHEN NOT a.unchanged THEN clock_timestamp() + $22::interval END
      FROM answer a
     WHERE a.ours AND c.edge_connection_id = $1::uuid
), journal AS (
    UPDATE edgemirror.sync_run r
       SET phase = CASE WHEN a.unchanged THEN 'done' ELSE 'apply' END,
           job_id = coalesce($8::uuid, r.job_id), job_state = coalesce($9::text, r.job_state),
           job_result = coalesce($10::text, r.job_result), job_progress = coalesce($11::double precision, r.job_progress),
           job_message = coalesce($12::text, r.job_message), job = coalesce($13::jsonb, r.job),
           pages = $14::bigint, requests = $15::bigint, listed = $21::bigint,
           finished_at = CASE WHEN a.unchanged THEN clock_timestamp() END,
           outcome = CASE WHEN a.unchanged THEN $5::text END, refresh = CASE WHEN a.unchanged THEN $6::text END,
           unchanged = CASE WHEN a.unchanged THEN $21::bigint ELSE 0 END,
           error_scope = CASE WHEN a.unchanged THEN $16::text END, error_code = CASE WHEN a.unchanged THEN $17::text END,
           error_message = CASE WHEN a.unchanged THEN $18::text END, http_status = CASE WHEN a.unchanged THEN $19::integer END,
           problem = CASE WHEN a.unchanged THEN $20::jsonb END
      FROM answer a
     WHERE a.ours AND r.run_id = $3::bigint
)
SELECT ours, unchanged FROM answer
