-- What happened on each of the last days, the latest first; days without anything are not in it. What came with the first list of an edge is counted for itself.
-- A move is one of the edge that it went to, and of the one that it left where it went to none that is known, or that edge alone is asked for.
-- $1 days, $2 edge by its name (null: all).
SELECT c.happened_at::date AS day, count(*) FILTER (WHERE c.kind = 'added' AND NOT c.first_load) AS added,
       count(*) FILTER (WHERE c.kind = 'restored' AND NOT c.first_load) AS restored, count(*) FILTER (WHERE c.kind = 'changed') AS changed,
       count(*) FILTER (WHERE c.kind = 'moved_in' OR c.kind = 'moved_out' AND ($2::text IS NOT NULL OR c.edge_connection_id_after IS NULL)) AS moved, count(*) FILTER (WHERE c.kind = 'removed') AS removed,
       count(*) FILTER (WHERE c.first_load) AS first_load
  FROM edgemirror.change c
 WHERE c.happened_at >= current_date - $1::int AND ($2::text IS NULL OR c.edge = $2::text)
 GROUP BY 1
 ORDER BY 1 DESC
