-- How many databases there were, and how many of them registered, at the end of each of the last days, today last: counted back from now, so that only what
-- happened meanwhile is read. It begins with the first list of an edge, or where the history does. Of more than 2,000,000 rows there is none: all of them would be
-- read more than once, which takes longer than anybody waits. $1 days.
WITH size AS MATERIALIZED (
    SELECT coalesce(sum(e.row_count), 0) <= 2000000 AS small FROM edgemirror.edge e
), step AS (
    SELECT c.happened_at::date AS day,
           sum(CASE WHEN c.kind IN ('added', 'restored', 'moved_in') THEN 1 WHEN c.kind IN ('removed', 'moved_out') THEN -1 ELSE 0 END) AS databases,
           sum((c.kind IN ('added', 'restored', 'moved_in', 'changed') AND c.database_id_after IS NOT NULL)::int
             - (c.kind IN ('removed', 'moved_out', 'changed') AND c.database_id_before IS NOT NULL)::int) AS registered
      FROM edgemirror.change c
     WHERE (SELECT z.small FROM size z) AND c.happened_at >= current_date - $1::int
     GROUP BY 1
), present AS (
    SELECT count(*) AS databases, count(*) FILTER (WHERE i.registered) AS registered FROM edgemirror.inventory i
     WHERE (SELECT z.small FROM size z)
), begun AS (
    SELECT greatest(current_date - $1::int, min(e.first_listed_at)::date, (SELECT h.since::date FROM edgemirror.history_horizon h)) AS day
      FROM edgemirror.edge e
    HAVING min(e.first_listed_at) IS NOT NULL AND (SELECT z.small FROM size z)
)
SELECT d.day::date AS day, p.databases - coalesce(sum(s.databases) OVER later, 0)::bigint AS databases,
       p.registered - coalesce(sum(s.registered) OVER later, 0)::bigint AS registered
  FROM begun b
 CROSS JOIN present p
 CROSS JOIN LATERAL generate_series(b.day::timestamp, current_date::timestamp, interval '1 day') AS d (day)
  LEFT JOIN step s ON s.day = d.day::date
WINDOW later AS (ORDER BY d.day DESC ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
 ORDER BY d.day
