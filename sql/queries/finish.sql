-- Ends a run that applied nothing and releases the lease, and notifies listeners when it has failed; nothing when the lease is not ours any more. A run of the
-- service that was stopped is due again at once.
-- $1 edge, $2 epoch, $3 run, $4 outcome, $5 refresh, $6 job id, $7 state, $8 result, $9 progress, $10 message, $11 job, $12 pages, $13 requests,
-- $14 error scope, $15 code, $16 message, $17 http status, $18 problem, $19 listed, $20 whether the job is that of an earlier run, $21 whether it is
-- the service's.
WITH run AS (
    SELECT run_id, trigger, by_hand FROM edgemirror.sync_run WHERE run_id = $3::bigint
), released AS (
    UPDATE edgemirror.edge_claim
       SET holder = NULL, expires_at = NULL,
           next_run_at = CASE WHEN $4::text = 'aborted' AND ($21::boolean OR (SELECT trigger FROM run) <> 'manual') AND next_run_at IS NOT NULL
                              THEN clock_timestamp() ELSE next_run_at END
     WHERE edge_connection_id = $1::uuid AND epoch = $2::bigint AND holder IS NOT NULL
    RETURNING 1
), journal AS (
    UPDATE edgemirror.sync_run
       SET phase = 'done', finished_at = clock_timestamp(), outcome = $4::text, refresh = $5::text,
           job_id = coalesce($6::uuid, job_id), job_state = coalesce($7::text, job_state), job_result = coalesce($8::text, job_result),
           job_progress = coalesce($9::double precision, job_progress), job_message = coalesce($10::text, job_message),
           trigger = CASE WHEN $20::boolean THEN 'resume' ELSE trigger END,
           job = coalesce($11::jsonb, job), pages = $12::bigint, requests = $13::bigint, listed = $19::bigint,
           error_scope = $14::text, error_code = $15::text, error_message = $16::text, http_status = $17::integer, problem = $18::jsonb
     WHERE run_id = $3::bigint AND EXISTS (SELECT FROM released)
), edge AS (
    UPDATE edgemirror.edge
       SET consecutive_failures = consecutive_failures + CASE WHEN $4::text = 'aborted' THEN 0 ELSE 1 END, last_run_id = $3::bigint,
           completed_run_id = coalesce((SELECT run_id FROM run WHERE $4::text <> 'aborted'), completed_run_id),
           service_run_id = coalesce((SELECT run_id FROM run WHERE $4::text <> 'aborted' AND NOT by_hand), service_run_id)
     WHERE edge_connection_id = $1::uuid AND EXISTS (SELECT FROM released)
)
SELECT count(*),
       count(CASE WHEN $4::text <> 'aborted' THEN
                  pg_notify('edgemirror_trouble', json_build_object('edgeConnectionId', $1::uuid, 'runId', $3::bigint, 'outcome', $4::text,
                                                                    'code', coalesce($15::text, $4::text))::text) END)
  FROM released
