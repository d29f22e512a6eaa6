-- Takes the lease of an edge if it is free or has ended, raises the epoch (to the microsecond it is: none comes again when an edge is forgotten and
-- configured anew, or when a failover has lost the last claims), closes a run that was left open, and opens the new run: the intent, before
-- any request. One row always: found (is the edge registered?), the run or nulls, and who held the lease,
-- its last sign of life, and where the run is that it holds it for; of the edge, its last run of a service that was not stopped, and how it
-- ended (run_before, outcome_before; null: there is none), which is what people were told.
-- A lease that this instance took before, from the queue, is known by its epoch. Of the edge's newest run that has a job (runs without a refresh have none; it
-- is looked for among the last thousand): when it ended in any way while the catalog worked on that job, no longer ago than jobs are waited for, it is resumed,
-- and the job polled on rather than started twice.
-- Where there is none, runs that were cut off or stopped before they knew of a job (since the last one that knew what became of its refresh) may have begun
-- one: the age of the first of them, no greater than jobs are waited for; of which type and whose the last recorded job is; and the last jobs of the edge.
-- Without a run that knew, a job may be that of a run of which nothing is known any more, as when the edge was forgotten: none is looked for.
-- The first run since request_sync was served is that which somebody has asked for, and so manual.
-- An edge that was disabled since it was taken (not due any more) remains disabled.
-- $1 edge, $2 instance, $3 lease (interval), $4 trigger (manual: of no service), $5 refresh wanted, $6 epoch of the lease that we hold already (0: none), $7 when the edge is
-- due next (microseconds since 1970; 0: leave), $8 how long ago a job may have been begun that is polled on (interval),
-- $9 the longest lease: one that has longer to go was given before the clock was set back, and counts as ended (interval),
-- $10 the states in which a job is over (text[]).
WITH taken AS (
    UPDATE edgemirror.edge_claim c
       SET holder = $2::text, expires_at = clock_timestamp() + $3::interval, epoch = greatest(c.epoch + 1, (extract(epoch FROM clock_timestamp()) * 1000000)::bigint),
           next_run_at = CASE WHEN $7::bigint = 0 OR c.next_run_at IS NULL THEN c.next_run_at ELSE timestamptz 'epoch' + $7::bigint * interval '1 microsecond' END
     WHERE c.edge_connection_id = $1::uuid
       AND (c.holder IS NULL OR c.expires_at < clock_timestamp() OR c.expires_at > clock_timestamp() + $9::interval
            OR (c.holder = $2::text AND c.epoch = $6::bigint))
    RETURNING c.epoch, c.request_taken_at
), open AS (
    SELECT r.run_id, r.started_at, r.job_id, r.job_url,
           r.phase = 'poll' AS polling, r.job_state, r.phase, r.job_progress, r.listed
      FROM edgemirror.sync_run r
     WHERE r.edge_connection_id = $1::uuid AND r.finished_at IS NULL
), closed AS (
    -- The holder may have ended the run while `taken` waited for its lock: then the row is looked at again, and is not open any more.
    UPDATE edgemirror.sync_run r
       SET phase = 'done', outcome = 'aborted', finished_at = clock_timestamp(), error_scope = 'run', error_code = 'lease-lost',
           error_message = 'the lease of its instance ended before the run did'
      FROM open o, taken
     WHERE r.run_id = o.run_id AND r.finished_at IS NULL
    RETURNING o.*
), stopped AS (
    SELECT r.run_id, r.job_id, r.job_url, r.job_state
      FROM (SELECT * FROM (SELECT * FROM edgemirror.sync_run x WHERE x.edge_connection_id = $1::uuid ORDER BY x.run_id DESC LIMIT 1000) y
             WHERE y.job_id IS NOT NULL ORDER BY y.run_id DESC LIMIT 1) r
     WHERE r.outcome IN ('aborted', 'failed') AND r.refresh IS NULL
), job AS (
    -- As old as the run that began it, however many have taken it up since; when the first that knew of it had looked for it, as the first that may have begun it.
    SELECT j.job_id, j.job_url, b.started_at
      FROM (SELECT run_id, job_id, job_url, job_state FROM closed WHERE polling
            UNION ALL SELECT run_id, job_id, job_url, job_state FROM stopped ORDER BY run_id DESC LIMIT 1) j
     CROSS JOIN LATERAL (SELECT x.run_id, x.started_at, x.trigger FROM edgemirror.sync_run x
                          WHERE x.edge_connection_id = $1::uuid AND x.job_id = j.job_id ORDER BY x.run_id LIMIT 1) f
     CROSS JOIN LATERAL (SELECT least(f.started_at, min(x.started_at)) AS started_at FROM edgemirror.sync_run x
                          WHERE f.trigger = 'resume' AND x.edge_connection_id = $1::uuid AND x.run_id < f.run_id AND x.job_id IS NULL
                            AND x.outcome = 'aborted' AND x.refresh IS NULL AND x.started_at > f.started_at - $8::interval
                            AND x.run_id > coalesce((SELECT max(y.run_id) FROM edgemirror.sync_run y
                                                      WHERE y.edge_connection_id = $1::uuid AND y.run_id < f.run_id
                                                        AND (y.job_id IS NOT NULL OR y.refresh <> 'skipped')), 0)) b
     WHERE $5::boolean AND j.job_id IS NOT NULL AND b.started_at > clock_timestamp() - $8::interval
       AND coalesce(j.job_state, '') <> ALL ($10::text[])
), lost AS (
    SELECT min(x.started_at) AS started_at
      FROM edgemirror.sync_run x
     WHERE $5::boolean AND x.edge_connection_id = $1::uuid AND x.job_id IS NULL AND x.started_at > clock_timestamp() - $8::interval
       AND (x.finished_at IS NULL AND x.phase = 'refresh' OR x.outcome = 'aborted' AND x.refresh IS NULL)
       AND x.run_id > (SELECT y.run_id FROM edgemirror.sync_run y
                        WHERE y.edge_connection_id = $1::uuid AND (y.job_id IS NOT NULL OR y.refresh <> 'skipped')
                        ORDER BY y.run_id DESC LIMIT 1)
), kind AS (
    SELECT k.job ->> 'type' AS type,
           coalesce(k.job ->> 'userId', k.job #>> '{user,id}', CASE WHEN jsonb_typeof(k.job -> 'user') = 'string' THEN k.job ->> 'user' END, k.job ->> 'createdBy')
               AS by_user
      FROM (SELECT x.run_id, x.job FROM edgemirror.sync_run x ORDER BY x.run_id DESC LIMIT 1000) k
     WHERE (SELECT started_at FROM lost) IS NOT NULL AND k.job ->> 'type' IS NOT NULL
     ORDER BY k.run_id DESC LIMIT 1
), opened AS (
    INSERT INTO edgemirror.sync_run (edge_connection_id, instance, epoch, by_hand, trigger, phase, job_id, job_url)
    SELECT $1::uuid, $2::text, t.epoch, $4::text = 'manual',
           CASE WHEN j.job_id IS NOT NULL THEN 'resume'
                WHEN t.request_taken_at > coalesce((SELECT x.started_at FROM edgemirror.sync_run x
                                                     WHERE x.edge_connection_id = $1::uuid ORDER BY x.run_id DESC LIMIT 1), '-infinity') THEN 'manual'
                ELSE $4::text END,
           CASE WHEN j.job_id IS NOT NULL THEN 'poll' WHEN $5::boolean THEN 'refresh' ELSE 'list' END,
           j.job_id, j.job_url
      FROM taken t LEFT JOIN job j ON true
    RETURNING run_id, epoch, trigger = 'resume' AS resumes, job_id, job_url
)
SELECT c.edge_connection_id IS NOT NULL AS found, o.run_id, o.epoch, o.resumes, o.job_id, o.job_url, c.holder,
       (extract(epoch FROM clock_timestamp() - (SELECT max(started_at) FROM open)) * 1000000)::bigint AS since_usec,
       (extract(epoch FROM c.expires_at - clock_timestamp()) * 1000000)::bigint AS expires_usec,
       (extract(epoch FROM clock_timestamp() - (SELECT started_at FROM job)) * 1000000)::bigint AS job_since_usec,
       b.phase, b.job_state, b.job_progress, b.listed,
       (extract(epoch FROM clock_timestamp() - (SELECT started_at FROM lost)) * 1000000)::bigint AS lost_usec,
       (SELECT type FROM kind) AS job_type, (SELECT by_user FROM kind) AS job_user,
       (SELECT string_agg(DISTINCT x.job_id::text, ' ')
          FROM (SELECT r.job_id FROM edgemirror.sync_run r
                 WHERE (SELECT started_at FROM lost) IS NOT NULL AND r.edge_connection_id = $1::uuid AND r.job_id IS NOT NULL ORDER BY r.run_id DESC LIMIT 64) x) AS known_jobs,
       s.run_id AS run_before, s.outcome AS outcome_before,
       (extract(epoch FROM clock_timestamp() - greatest(i.seen_at, c.expires_at - coalesce(i.lease, $3::interval))) * 1000000)::bigint AS seen_usec,
       (extract(epoch FROM coalesce(i.lease, $3::interval)) * 1000000)::bigint AS lease_usec
  FROM (SELECT 1) one
  LEFT JOIN edgemirror.edge_claim c ON c.edge_connection_id = $1::uuid
  LEFT JOIN opened o ON true
  LEFT JOIN edgemirror.edge e ON e.edge_connection_id = $1::uuid
  LEFT JOIN edgemirror.sync_run s ON s.run_id = e.service_run_id AND s.edge_connection_id = e.edge_connection_id
  LEFT JOIN LATERAL (SELECT * FROM open ORDER BY open.run_id DESC LIMIT 1) b ON true
  LEFT JOIN LATERAL (SELECT x.lease, x.seen_at FROM edgemirror.instance x
                      WHERE o.run_id IS NULL AND x.name = c.holder ORDER BY x.seen_at DESC LIMIT 1) i ON true
