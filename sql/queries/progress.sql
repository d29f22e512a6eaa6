-- Renews the lease and writes where the run is; nothing when the lease is not ours any more (count 0). Nulls change nothing.
-- $1 edge, $2 epoch, $3 lease, $4 run, $5 phase, $6 job id, $7 job url, $8 state, $9 result, $10 progress, $11 message, $12 job, $13 pages,
-- $14 requests, $15 listed, $16 whether the job is that of an earlier run.
WITH renewed AS (
    UPDATE edgemirror.edge_claim
       SET expires_at = clock_timestamp() + $3::interval
     WHERE edge_connection_id = $1::uuid AND epoch = $2::bigint AND holder IS NOT NULL
    RETURNING 1
), journal AS (
    UPDATE edgemirror.sync_run
       SET phase = $5::text, job_id = coalesce($6::uuid, job_id), job_url = coalesce($7::text, job_url),
           job_state = coalesce($8::text, job_state), job_result = coalesce($9::text, job_result),
           job_progress = coalesce($10::double precision, job_progress), job_message = coalesce($11::text, job_message),
           trigger = CASE WHEN $16::boolean THEN 'resume' ELSE trigger END,
           job = coalesce($12::jsonb, job), pages = $13::bigint, requests = $14::bigint, listed = $15::bigint
     WHERE run_id = $4::bigint AND finished_at IS NULL AND EXISTS (SELECT FROM renewed)
)
SELECT count(*) FROM renewed
