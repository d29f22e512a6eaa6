-- The instances of the service, those that are alive first; of the others the last ones, but not those that one which is alive has the name of. One that gives no
-- sign of life for a minute, or for a shorter lease, does not count as alive: it gives one every few seconds, however long the edges that it holds stay its own.
-- $1 a sign of life that lies further in the future was given before the clock was set back, and does not count (interval).
WITH seen AS (
    SELECT *, least(lease, interval '1 minute') AS silence, stopped_at IS NULL AND seen_at > now() - least(lease, interval '1 minute') AND seen_at < now() + $1::interval AS alive FROM edgemirror.instance
)
SELECT i.name, i.version, i.alive,
       i.stopped_at IS NOT NULL AS stopped, greatest(0, floor(extract(epoch FROM now() - i.seen_at)))::bigint AS seen_ago,
       greatest(0, extract(epoch FROM now() - i.started_at))::bigint AS up_for, cardinality(i.edges) AS n_edges,
       i.waiting_for, i.waiting_message, greatest(0, extract(epoch FROM now() - i.waiting_since))::bigint AS waiting_for_so_long,
       extract(epoch FROM i.silence)::bigint AS silence
  FROM seen i
 WHERE i.alive OR NOT EXISTS (SELECT FROM seen s WHERE s.alive AND s.name = i.name)
 ORDER BY 3 DESC, i.seen_at DESC
 LIMIT 100
