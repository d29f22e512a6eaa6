-- Keeps the rows of the list that cannot be mirrored, with what was received of the first LIMIT_REJECTED_KEPT; forgets those that the list does not have any
-- more, when all of it was seen. $1 edge, $2 time, $3 run, $4 all of it was seen.
WITH over AS (
    DELETE FROM edgemirror.rejected_row r
     WHERE r.edge_connection_id = $1::uuid AND $4::boolean
       AND NOT EXISTS (SELECT FROM pg_temp.edgemirror_spool_4 s WHERE s.id = r.key AND s.rejected IS NOT NULL AND s.name <> '')
)
INSERT INTO edgemirror.rejected_row AS r (edge_connection_id, key, id, reason, document, first_seen_at, last_seen_at, run_id)
SELECT $1::uuid, s.id, CASE WHEN NOT s.anonymous THEN s.id END, s.rejected, s.name, $2::timestamptz, $2::timestamptz, $3::bigint
  FROM pg_temp.edgemirror_spool_4 s
 WHERE s.rejected IS NOT NULL AND s.name <> ''
 ORDER BY s.id
ON CONFLICT (edge_connection_id, key) DO UPDATE
   SET id = excluded.id, reason = excluded.reason, document = excluded.document, last_seen_at = excluded.last_seen_at,
       run_id = CASE WHEN (r.reason, r.document) = (excluded.reason, excluded.document) THEN r.run_id ELSE excluded.run_id END
