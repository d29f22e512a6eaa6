-- A part of the edges, in an order, and how many there are of the kind. Null comes last either way.
-- $1 states (text array; null: all), $2 text that the name has (null: any), $3 order: name, state (as in $7), listed, refreshed, rows, next, run; $4 descending
-- (boolean), $5 limit, $6 offset, $7 states (text array).
WITH chosen AS MATERIALIZED (
    SELECT f.*, count(*) OVER () AS matches, row_number() OVER (ORDER BY f.edge) AS place
      FROM edgemirror.freshness f
     WHERE ($1::text[] IS NULL OR f.state = ANY ($1::text[]))
       AND ($2::text IS NULL OR strpos(lower(f.edge), lower($2::text)) > 0)
), placed AS (
    SELECT c.*,
           CASE $3::text WHEN 'state' THEN array_position($7::text[], c.state) WHEN 'listed' THEN extract(epoch FROM c.listed_age)
                         WHEN 'refreshed' THEN extract(epoch FROM c.refreshed_age) WHEN 'rows' THEN c.row_count
                         WHEN 'next' THEN extract(epoch FROM c.next_run_at) WHEN 'run' THEN extract(epoch FROM c.last_run_at) ELSE c.place END::float8 AS key
      FROM chosen c
), shown AS (
    SELECT p.*
      FROM placed p
     ORDER BY CASE WHEN $4::boolean THEN -p.key ELSE p.key END NULLS LAST, p.place
     LIMIT $5::bigint OFFSET $6::bigint
)
SELECT s.edge, s.edge_connection_id, s.state, extract(epoch FROM s.listed_age)::bigint AS listed_age,
       extract(epoch FROM s.refreshed_age)::bigint AS refreshed_age, s.row_count, s.last_outcome, s.last_refresh,
       s.consecutive_failures, extract(epoch FROM now() - s.last_run_at)::bigint AS run_age, extract(epoch FROM s.next_run_at - now())::bigint AS next_in,
       s.scheduled, s.overdue, r.phase, l.problem, s.matches
  FROM shown s
  JOIN edgemirror.edge e USING (edge_connection_id)
  LEFT JOIN edgemirror.run l ON l.run_id = e.last_run_id
  LEFT JOIN LATERAL (SELECT x.phase
                       FROM edgemirror.sync_run x
                       JOIN edgemirror.edge_claim c USING (edge_connection_id)
                      WHERE x.edge_connection_id = s.edge_connection_id AND x.finished_at IS NULL AND c.expires_at > now()
                      ORDER BY x.run_id DESC LIMIT 1) r ON true
 ORDER BY CASE WHEN $4::boolean THEN -s.key ELSE s.key END NULLS LAST, s.place
