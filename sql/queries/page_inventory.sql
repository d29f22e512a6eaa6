-- How many databases each edge has and how many of them are registered; the sums are in each row, of all edges or of one. Edges without databases are not in it.
-- $1 order: name, databases, unregistered, share; $2 descending (boolean), $3 limit, $4 offset, $5 edge of the sums by its name (null: all).
WITH counted AS (
    SELECT i.edge_connection_id, count(*) AS databases, count(i.database_id) AS registered
      FROM edgemirror.inventory i
     GROUP BY 1
), summed AS (
    SELECT c.*, e.name AS edge, coalesce(e.enabled, false) AS edge_enabled, sum(c.databases) FILTER (WHERE $5::text IS NULL OR e.name = $5::text) OVER ()::bigint AS all_databases,
           sum(c.registered) FILTER (WHERE $5::text IS NULL OR e.name = $5::text) OVER ()::bigint AS all_registered, row_number() OVER (ORDER BY e.name) AS place
      FROM counted c
      LEFT JOIN edgemirror.edge e USING (edge_connection_id)
), chosen AS (
    SELECT s.*, count(*) OVER () AS matches,
           CASE $1::text WHEN 'databases' THEN s.databases WHEN 'unregistered' THEN s.databases - s.registered
                         WHEN 'share' THEN s.registered::float8 / s.databases ELSE s.place END::float8 AS key
      FROM summed s
)
SELECT c.edge, c.edge_connection_id, c.edge_enabled, c.databases, c.registered, c.all_databases, c.all_registered, c.matches
  FROM chosen c
 ORDER BY CASE WHEN $2::boolean THEN -c.key ELSE c.key END, c.place
 LIMIT $3::bigint OFFSET $4::bigint
