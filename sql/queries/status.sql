-- Everything that a person on call asks first, one row per edge. To be fetched in pieces, so that the loop of a service that asks for ten thousand goes on in between. The holder's last sign of life is the last one of the instance, or when its lease was renewed:
-- a lease before it ends, of the length that the instance has given; of one that is no instance of the service, $2.
-- $1 names or ids (text array) or null for all, $2 lease (interval).
DECLARE edgemirror_status NO SCROLL CURSOR FOR
SELECT e.edge_connection_id, e.name, e.enabled, r.phase, CASE WHEN c.expires_at > now() THEN c.holder END AS holder, l.outcome, l.refresh, e.row_count,
       to_char(e.listed_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS listed_at,
       to_char(e.refreshed_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS refreshed_at,
       to_char(c.next_run_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS next_run_at,
       extract(epoch FROM now() - e.listed_at)::bigint AS listed_age, extract(epoch FROM now() - e.refreshed_at)::bigint AS refreshed_age,
       extract(epoch FROM now() - r.started_at)::bigint AS running_for,
       coalesce(f.overdue, false) AS overdue, e.consecutive_failures, coalesce(r.job_id, l.job_id) AS job_id,
       CASE WHEN r.run_id IS NOT NULL THEN r.job_state ELSE l.job_state END AS job_state,
       CASE WHEN r.run_id IS NOT NULL THEN r.job_progress ELSE l.job_progress END AS job_progress, r.listed,
       l.error_scope, l.error_code, l.error_message, l.http_status, f.held, f.pending, f.state,
       greatest(0, extract(epoch FROM now() - greatest(i.seen_at, c.expires_at - coalesce(i.lease, $2::interval))))::bigint AS holder_seen, extract(epoch FROM c.expires_at - now())::bigint AS free_in,
       extract(epoch FROM coalesce(i.lease, $2::interval))::bigint AS lease, e.rejected, e.origin,
       extract(epoch FROM c.next_run_at - now())::bigint AS next_in, e.schedule, e.timezone,
       to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS observed_at
  FROM edgemirror.edge e
  LEFT JOIN edgemirror.edge_claim c USING (edge_connection_id)
  LEFT JOIN LATERAL (SELECT x.lease, x.seen_at FROM edgemirror.instance x WHERE x.name = c.holder ORDER BY x.seen_at DESC LIMIT 1) i ON true
  LEFT JOIN edgemirror.freshness f USING (edge_connection_id)
  LEFT JOIN edgemirror.sync_run l ON l.run_id = e.last_run_id
  LEFT JOIN LATERAL (SELECT * FROM edgemirror.sync_run x
                      WHERE x.edge_connection_id = e.edge_connection_id AND x.finished_at IS NULL AND c.expires_at > now()
                      ORDER BY x.run_id DESC LIMIT 1) r ON true
 WHERE $1::text[] IS NULL OR e.name = ANY ($1::text[]) OR e.edge_connection_id::text IN (SELECT lower(asked) FROM unnest($1::text[]) AS asked)
 ORDER BY e.name
