-- One row. The statement of this role that has waited longest for a lock, when that is longer than some seconds: for what, and who holds it, in which transaction;
-- all null: there is none. And whether one who held one before still has the same transaction. Statements of ours that wait behind each other are not what is
-- looked for, unless $1. What a session of another role does is hidden without pg_read_all_stats: null then; and of what
-- is not hidden, more than the command is no business of those who read this.
-- $2 process of who held one before, $3 its virtual transaction (null: nobody).
SELECT w.*, EXISTS (SELECT FROM pg_locks l WHERE l.pid = $2::integer AND l.virtualtransaction = $3::text) AS still_held
  FROM (SELECT) one
  LEFT JOIN (
    SELECT extract(epoch FROM clock_timestamp() - a.query_start)::bigint AS waits_for,
           (SELECT CASE WHEN l.locktype = 'advisory' THEN 'the schema' ELSE format('%I.%I', n.nspname, c.relname) END
              FROM pg_locks l LEFT JOIN (pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace) ON c.oid = l.relation
             WHERE l.pid = a.pid AND NOT l.granted AND (l.locktype = 'advisory' OR c.oid IS NOT NULL) LIMIT 1) AS relation,
           x.pid, b.usename, b.application_name, extract(epoch FROM clock_timestamp() - b.xact_start)::bigint AS since,
           CASE WHEN b.xact_start IS NOT NULL THEN left(substring(b.query FROM '^[[:space:]]*([A-Za-z]+([[:space:]]+[A-Za-z]+)?)'), 40) END AS command,
           (SELECT l.virtualtransaction FROM pg_locks l WHERE l.pid = x.pid LIMIT 1) AS transaction
      FROM pg_stat_activity a
     CROSS JOIN LATERAL unnest(pg_blocking_pids(a.pid)) AS x (pid)
      LEFT JOIN pg_stat_activity b ON b.pid = x.pid
     WHERE a.datname = current_database() AND a.usename = current_user AND a.wait_event_type = 'Lock'
       AND a.query_start < clock_timestamp() - interval '4 seconds'
       AND ($1::boolean OR NOT (coalesce(b.usename, '') = current_user AND coalesce(b.application_name, '') LIKE 'edgemirror%'))
     ORDER BY a.query_start
     LIMIT 1
) w ON true
