-- Takes the leases of edges that are due, of those for which request_sync has asked (once a minute at most; they are due then, and the request is served), and
-- of those whose holder went away, the longest overdue first; instances that ask at the same time get different ones. Also when to ask again. Rows: one per edge
-- taken (kind "taken"), and one of kind "next" whose due_usec is the next time at which an edge that was not taken is due or a lease ends (null: never), with the
-- version of the schema and the catalog that the database belongs to: when these are not $5 and $7, nothing is taken. Of an edge whose holder went away, the row has who that was (was_holder).
-- $1 instance, $2 lease (interval), $3 how many at most (0: only look), $4 edges to exclude (uuid array), $5 version of the schema,
-- $6 the longest lease: one that has longer to go was given before the clock was set back, and counts as ended (interval).
-- $7 our catalog (null: any).
WITH mirror AS (
    SELECT m.version, m.url, m.version = $5::integer AND ($7::text IS NULL OR m.url = $7::text) AS is_ours
      FROM (SELECT (SELECT max(version) FROM edgemirror.schema_version) AS version, (SELECT url FROM edgemirror.catalog) AS url) m
), free AS (
    SELECT c.edge_connection_id, c.next_run_at, NULL::text AS was_holder
      FROM edgemirror.edge_claim c
     WHERE c.holder IS NULL AND c.next_run_at <= now() AND c.edge_connection_id <> ALL ($4::uuid[])
       AND (SELECT is_ours FROM mirror)
     ORDER BY c.next_run_at
     LIMIT $3::bigint
       FOR UPDATE SKIP LOCKED
), requested AS (
    SELECT c.edge_connection_id, c.next_run_at, NULL::text AS was_holder
      FROM edgemirror.edge_claim c
     WHERE c.edge_connection_id = ANY (ARRAY(SELECT r.edge_connection_id FROM edgemirror.sync_request r))
       AND c.holder IS NULL AND c.next_run_at > now() AND c.edge_connection_id <> ALL ($4::uuid[])
       AND (c.request_taken_at IS NULL OR c.request_taken_at NOT BETWEEN now() - interval '1 minute' AND now())
       AND (SELECT is_ours FROM mirror)
     LIMIT $3::bigint
       FOR UPDATE SKIP LOCKED
), left_behind AS (
    SELECT c.edge_connection_id, c.next_run_at, c.holder AS was_holder
      FROM edgemirror.edge_claim c JOIN edgemirror.edge e USING (edge_connection_id)
     WHERE c.holder IS NOT NULL AND (c.expires_at < now() OR c.expires_at > now() + $6::interval)
       AND e.enabled AND c.edge_connection_id <> ALL ($4::uuid[]) AND (SELECT is_ours FROM mirror)
     ORDER BY c.expires_at
     LIMIT $3::bigint
       FOR UPDATE OF c SKIP LOCKED
), due AS (
    SELECT * FROM left_behind UNION ALL SELECT * FROM requested UNION ALL SELECT * FROM free LIMIT $3::bigint
), served AS (
    DELETE FROM edgemirror.sync_request r USING due d WHERE r.edge_connection_id = d.edge_connection_id
), taken AS (
    UPDATE edgemirror.edge_claim c
       SET holder = $1::text, expires_at = clock_timestamp() + $2::interval, epoch = greatest(c.epoch + 1, (extract(epoch FROM clock_timestamp()) * 1000000)::bigint),
           next_run_at = CASE WHEN s.is_requested THEN least(c.next_run_at, now()) ELSE c.next_run_at END,
           request_taken_at = CASE WHEN s.is_requested THEN now() ELSE c.request_taken_at END
      FROM due d
     CROSS JOIN LATERAL (SELECT EXISTS (SELECT FROM edgemirror.sync_request r WHERE r.edge_connection_id = d.edge_connection_id)) s (is_requested)
     WHERE c.edge_connection_id = d.edge_connection_id
    RETURNING c.edge_connection_id, c.epoch, c.next_run_at, d.was_holder
), waiting AS (
    -- Not a minimum: the first of the index that will do, however many edges there are.
    SELECT least((SELECT c.next_run_at FROM edgemirror.edge_claim c
                   WHERE c.holder IS NULL AND c.next_run_at IS NOT NULL AND c.edge_connection_id <> ALL ($4::uuid[])
                     AND c.edge_connection_id NOT IN (SELECT d.edge_connection_id FROM due d)
                   ORDER BY c.next_run_at LIMIT 1),
                 (SELECT min(c.expires_at) FROM edgemirror.edge_claim c JOIN edgemirror.edge e USING (edge_connection_id)
                   WHERE c.holder IS NOT NULL AND e.enabled AND c.edge_connection_id <> ALL ($4::uuid[])
                     AND NOT EXISTS (SELECT FROM due d WHERE d.edge_connection_id = c.edge_connection_id)),
                 (SELECT min(greatest(now(), c.request_taken_at + interval '1 minute')) FROM edgemirror.edge_claim c
                   WHERE c.edge_connection_id = ANY (ARRAY(SELECT r.edge_connection_id FROM edgemirror.sync_request r))
                     AND c.holder IS NULL AND c.next_run_at IS NOT NULL AND c.edge_connection_id <> ALL ($4::uuid[])
                     AND c.edge_connection_id NOT IN (SELECT d.edge_connection_id FROM due d))) AS at
)
SELECT 'taken' AS kind, t.edge_connection_id, t.epoch, (extract(epoch FROM t.next_run_at) * 1000000)::bigint AS due_usec,
       e.consecutive_failures, (extract(epoch FROM clock_timestamp()) * 1000000)::bigint AS now_usec, NULL::integer AS version, t.was_holder, NULL::text AS url
  FROM taken t JOIN edgemirror.edge e USING (edge_connection_id)
UNION ALL
SELECT 'next', NULL, NULL, (extract(epoch FROM w.at) * 1000000)::bigint, NULL, (extract(epoch FROM clock_timestamp()) * 1000000)::bigint, m.version, NULL, m.url
  FROM waiting w, mirror m
