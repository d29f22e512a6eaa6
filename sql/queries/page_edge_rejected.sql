-- What one edge lists and could not be mirrored, the latest first; of what was received, its beginning. $1 its name, or its id as text; $2 limit; one more, so that it is known that there are more.
SELECT left(r.name_in_mirror, 5000) AS name_in_mirror, r.reason, left(r.document, 300) AS document, length(r.document) > 300 AS cut, to_char(r.first_seen_at, 'YYYY-MM-DD HH24:MI') AS first_seen_at
  FROM edgemirror.rejected r
 WHERE r.edge_connection_id = coalesce((SELECT n.edge_connection_id FROM edgemirror.edge n WHERE n.name = $1::text),
                                       (SELECT n.edge_connection_id FROM edgemirror.edge n WHERE n.edge_connection_id::text = lower($1::text)))
 ORDER BY r.first_seen_at DESC, r.id
 LIMIT $2::bigint + 1
