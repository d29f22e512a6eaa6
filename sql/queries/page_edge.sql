-- All of one edge, with its last run that ended and the one under way. $1 its name, or its id as text.
SELECT f.edge, f.edge_connection_id, f.state, e.origin, e.schedule, e.timezone,
       to_char(f.listed_at, 'YYYY-MM-DD HH24:MI:SS') AS listed_at, extract(epoch FROM f.listed_age)::bigint AS listed_age,
       to_char(f.refreshed_at, 'YYYY-MM-DD HH24:MI:SS') AS refreshed_at, extract(epoch FROM f.refreshed_age)::bigint AS refreshed_age,
       to_char(f.next_run_at, 'YYYY-MM-DD HH24:MI:SS') AS next_run_at, extract(epoch FROM f.next_run_at - now())::bigint AS next_in,
       to_char(f.last_run_at, 'YYYY-MM-DD HH24:MI:SS') AS last_run_at, extract(epoch FROM now() - f.last_run_at)::bigint AS run_age,
       f.scheduled, f.overdue, f.row_count, f.consecutive_failures, f.last_refresh,
       v.problem, l.http_status, left(CASE WHEN length(l.problem::text) > 5000 THEN l.problem::text ELSE jsonb_pretty(l.problem) END, 5000) AS catalog_problem, l.job_id, l.job_state, l.job_message,
       r.phase, c.holder, extract(epoch FROM now() - r.started_at)::bigint AS running_for, r.listed AS open_listed,
       r.job_state AS open_job_state, r.job_progress AS open_job_progress, r.job_message AS open_job_message
  FROM edgemirror.freshness f
  JOIN edgemirror.edge e USING (edge_connection_id)
  LEFT JOIN edgemirror.edge_claim c ON c.edge_connection_id = f.edge_connection_id AND c.expires_at > now()
  LEFT JOIN edgemirror.sync_run l ON l.run_id = e.last_run_id
  LEFT JOIN edgemirror.run v ON v.run_id = e.last_run_id
  LEFT JOIN LATERAL (SELECT x.*
                       FROM edgemirror.sync_run x
                      WHERE x.edge_connection_id = f.edge_connection_id AND x.finished_at IS NULL AND c.holder IS NOT NULL
                      ORDER BY x.run_id DESC LIMIT 1) r ON true
 WHERE f.edge_connection_id = coalesce((SELECT n.edge_connection_id FROM edgemirror.edge n WHERE n.name = $1::text),
                                       (SELECT n.edge_connection_id FROM edgemirror.edge n WHERE n.edge_connection_id::text = lower($1::text)))
