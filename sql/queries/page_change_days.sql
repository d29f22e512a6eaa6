-- What happened on each of the last days, the latest first; days without anything are not in it. What came with the first list of an edge is counted for itself.
-- $1 days, $2 edge by its name (null: all).
SELECT c.happened_at::date AS day, count(*) FILTER (WHERE c.kind = 'added' AND NOT c.first_load) AS added,
       count(*) FILTER (WHERE c.kind = 'restored' AND NOT c.first_load) AS restored, count(*) FILTER (WHERE c.kind = 'changed' AND NOT c.first_load) AS changed,
       count(*) FILTER (WHERE c.kind = 'moved_in' AND NOT c.first_load) AS moved, count(*) FILTER (WHERE c.kind = 'removed') AS removed,
       count(*) FILTER (WHERE c.first_load) AS first_load
  FROM edgemirror.change c
 WHERE c.happened_at >= current_date - $1::int AND ($2::text IS NULL OR c.edge = $2::text)
 GROUP BY 1
 ORDER BY 1 DESC
