-- What an instance of the service is, and wants. Those that have been dead for a day are forgotten.
-- $1 id, $2 name, $3 version, $4 lease (interval), $5 edges that it wants (uuid array).
WITH forgotten AS (
    DELETE FROM edgemirror.instance f
     WHERE f.instance_id <> $1::uuid AND f.edges = '{}' AND f.seen_at < now() - interval '1 day'
)
INSERT INTO edgemirror.instance AS i (instance_id, name, version, lease, started_at, seen_at, unbroken_since, edges)
VALUES ($1::uuid, $2::text, $3::text, $4::interval, clock_timestamp(), clock_timestamp(), clock_timestamp(), $5::uuid[])
ON CONFLICT (instance_id) DO UPDATE
   SET name = excluded.name, version = excluded.version, lease = excluded.lease, seen_at = excluded.seen_at, edges = excluded.edges,
       unbroken_since = CASE WHEN i.seen_at NOT BETWEEN excluded.seen_at - i.lease AND excluded.seen_at THEN excluded.seen_at ELSE i.unbroken_since END
