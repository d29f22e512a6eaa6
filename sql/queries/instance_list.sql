-- The instances of the service, those that are alive first; of the others the last ones.
-- $1 a sign of life that lies further in the future was given before the clock was set back, and does not count (interval).
SELECT i.name, i.version, i.stopped_at IS NULL AND i.seen_at > now() - i.lease AND i.seen_at < now() + $1::interval AS alive,
       i.stopped_at IS NOT NULL AS stopped, greatest(0, extract(epoch FROM now() - i.seen_at))::bigint AS seen_ago,
       greatest(0, extract(epoch FROM now() - i.started_at))::bigint AS up_for, cardinality(i.edges) AS n_edges,
       i.waiting_for, i.waiting_message, greatest(0, extract(epoch FROM now() - i.waiting_since))::bigint AS waiting_for_so_long,
       extract(epoch FROM i.lease)::bigint AS lease
  FROM edgemirror.instance i
 ORDER BY 3 DESC, i.seen_at DESC
 LIMIT 100
