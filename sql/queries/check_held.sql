-- Who holds a lock on one of our tables for which statements of ours have to wait, or waits for one, with everybody behind: of those that hold one the oldest transaction
-- that is not one of ours. None: no row. What a session of another role does is hidden without pg_read_all_stats: null then. Of a prepared transaction there is no process.
SELECT format('%I.%I', n.nspname, c.relname) AS relation, l.pid, a.usename, a.application_name,
       CASE l.mode WHEN 'AccessExclusiveLock' THEN 'ACCESS EXCLUSIVE' WHEN 'ExclusiveLock' THEN 'EXCLUSIVE' WHEN 'ShareRowExclusiveLock' THEN 'SHARE ROW EXCLUSIVE' ELSE 'SHARE' END AS mode,
       CASE WHEN NOT l.granted THEN (pg_blocking_pids(l.pid))[1] END AS behind
  FROM pg_locks l
  JOIN pg_class c ON c.oid = l.relation
  JOIN pg_namespace n ON n.oid = c.relnamespace
  LEFT JOIN pg_stat_activity a ON a.pid = l.pid
 WHERE l.database = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database()) AND n.nspname = 'edgemirror' AND c.relkind IN ('r', 'p')
   AND l.mode IN ('AccessExclusiveLock', 'ExclusiveLock', 'ShareRowExclusiveLock', 'ShareLock')
   AND NOT (coalesce(a.usename, '') = current_user AND coalesce(a.application_name, '') LIKE 'edgemirror%')
 ORDER BY l.granted DESC, a.xact_start, l.pid, c.relname
 LIMIT 1
