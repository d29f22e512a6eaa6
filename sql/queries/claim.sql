-- Takes the lease of an edge if it is free or has ended, raises the epoch, closes a run that was left open, and opens the new run: the intent, before
-- any request. One row always: found (is the edge registered?), the run or nulls, and who held the lease.
-- $1 edge, $2 instance, $3 lease (interval), $4 trigger, $5 refresh wanted.
WITH taken AS (
    UPDATE edgemirror.edge_claim c
       SET holder = $2::text, expires_at = clock_timestamp() + $3::interval, epoch = c.epoch + 1
     WHERE c.edge_connection_id = $1::uuid AND (c.holder IS NULL OR c.expires_at < clock_timestamp())
    RETURNING c.epoch
), open AS (
    SELECT r.run_id, r.started_at, r.job_id, r.job_url,
           r.phase = 'poll' AND r.job_id IS NOT NULL AND $5::boolean
           AND coalesce(r.job_state, '') NOT IN ('COMPLETED', 'CANCELED', 'CANCELLED', 'ERROR', 'FAILED', 'DELETED') AS resumable
      FROM edgemirror.sync_run r
     WHERE r.edge_connection_id = $1::uuid AND r.finished_at IS NULL
), closed AS (
    -- The holder may have ended the run while `taken` waited for its lock: then the row is looked at again, and is not open any more.
    UPDATE edgemirror.sync_run r
       SET phase = 'done', outcome = 'aborted', finished_at = clock_timestamp(), error_scope = 'run', error_code = 'lease-lost',
           error_message = 'the instance went away without ending its run'
      FROM open o, taken
     WHERE r.run_id = o.run_id AND r.finished_at IS NULL
    RETURNING o.*
), left_open AS (
    SELECT * FROM closed ORDER BY run_id DESC LIMIT 1
), opened AS (
    INSERT INTO edgemirror.sync_run (edge_connection_id, instance, epoch, trigger, phase, job_id, job_url)
    SELECT $1::uuid, $2::text, t.epoch,
           CASE WHEN l.resumable THEN 'resume' ELSE $4::text END,
           CASE WHEN l.resumable THEN 'poll' WHEN $5::boolean THEN 'refresh' ELSE 'list' END,
           CASE WHEN l.resumable THEN l.job_id END, CASE WHEN l.resumable THEN l.job_url END
      FROM taken t LEFT JOIN left_open l ON true
    RETURNING run_id, epoch, trigger = 'resume' AS resumes, job_id, job_url
)
SELECT c.edge_connection_id IS NOT NULL AS found, o.run_id, o.epoch, o.resumes, o.job_id, o.job_url, c.holder,
       (extract(epoch FROM clock_timestamp() - (SELECT max(started_at) FROM open)) * 1000000)::bigint AS since_usec,
       (extract(epoch FROM c.expires_at - clock_timestamp()) * 1000000)::bigint AS expires_usec
  FROM (SELECT 1) one
  LEFT JOIN edgemirror.edge_claim c ON c.edge_connection_id = $1::uuid
  LEFT JOIN opened o ON true
