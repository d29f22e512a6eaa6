-- Who holds a lock on one of our tables for which statements of ours would have to wait, although none waits now: the oldest transaction that is not one of ours. None:
-- no row. What a session of another role does is hidden without pg_read_all_stats: null then.
SELECT format('%I.%I', n.nspname, c.relname) AS relation, l.pid, a.usename, a.application_name,
       CASE l.mode WHEN 'AccessExclusiveLock' THEN 'ACCESS EXCLUSIVE' WHEN 'ExclusiveLock' THEN 'EXCLUSIVE' WHEN 'ShareRowExclusiveLock' THEN 'SHARE ROW EXCLUSIVE' ELSE 'SHARE' END AS mode
  FROM pg_locks l
  JOIN pg_class c ON c.oid = l.relation
  JOIN pg_namespace n ON n.oid = c.relnamespace
  LEFT JOIN pg_stat_activity a ON a.pid = l.pid
 WHERE l.database = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database()) AND n.nspname = 'edgemirror' AND c.relkind IN ('r', 'p') AND l.granted
   AND l.mode IN ('AccessExclusiveLock', 'ExclusiveLock', 'ShareRowExclusiveLock', 'ShareLock')
   AND coalesce(a.xact_start < clock_timestamp() - interval '1 second', true)
   AND NOT (coalesce(a.usename, '') = current_user AND coalesce(a.application_name, '') LIKE 'edgemirror%')
 ORDER BY a.xact_start, l.pid, c.relname
 LIMIT 1
