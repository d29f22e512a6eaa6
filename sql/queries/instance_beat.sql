-- A sign of life. An instance that has given none for its lease counts as dead, and wants nothing any more; but only for an instance that has itself given them
-- without a gap for as long, and for half a minute: after an outage of PostgreSQL, or when its clock was set, everybody seems dead, and gives a sign within
-- that time. A row that somebody holds is left for later: whose it is, that one is not waited for.
-- One row: how many edges this instance wants according to the table (-1: it is not known there), and how many others were found dead.
-- $1 id, $2 what it waits for, $3 a sentence about it,
-- $4 a sign of life that lies further in the future was given before the clock was set back, and does not count (interval).
WITH me AS (
    UPDATE edgemirror.instance i
       SET seen_at = clock_timestamp(),
           unbroken_since = CASE WHEN i.seen_at NOT BETWEEN clock_timestamp() - i.lease AND clock_timestamp() THEN clock_timestamp() ELSE i.unbroken_since END,
           waiting_for = $2::text, waiting_message = $3::text,
           waiting_since = CASE WHEN $2::text IS NULL THEN NULL WHEN i.waiting_for = $2::text THEN i.waiting_since ELSE clock_timestamp() END
     WHERE i.instance_id = $1::uuid AND i.stopped_at IS NULL
    RETURNING i.unbroken_since, cardinality(i.edges) AS n_edges
), silent AS (
    SELECT o.instance_id
      FROM edgemirror.instance o, me
     WHERE o.instance_id <> $1::uuid AND o.edges <> '{}' AND (o.seen_at < now() - o.lease OR o.seen_at > now() + $4::interval)
       AND me.unbroken_since < now() - greatest(o.lease, interval '30 seconds')
       FOR UPDATE OF o SKIP LOCKED
), dead AS (
    UPDATE edgemirror.instance o
       SET edges = '{}'
      FROM silent s
     WHERE o.instance_id = s.instance_id
    RETURNING 1
)
SELECT coalesce((SELECT n_edges FROM me), -1), (SELECT count(*) FROM dead)
