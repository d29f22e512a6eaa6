-- What one edge lacks in the list of the catalog and keeps, the longest missing first. $1 its name, or its id as text; $2 limit; one more, so that it is known that there are more.
SELECT left(h.name, 5000) AS name, to_char(h.since, 'YYYY-MM-DD HH24:MI') AS since, h.reason, h.http_status
  FROM edgemirror.held h
 WHERE h.edge_connection_id = coalesce((SELECT n.edge_connection_id FROM edgemirror.edge n WHERE n.name = $1::text),
                                       (SELECT n.edge_connection_id FROM edgemirror.edge n WHERE n.edge_connection_id::text = lower($1::text)))
 ORDER BY h.reason = 'pending', h.since, h.name
 LIMIT $2::bigint + 1
