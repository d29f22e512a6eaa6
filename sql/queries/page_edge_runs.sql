-- The last runs of one edge, the latest first. $1 its name, or its id as text; $2 limit.
SELECT to_char(r.started_at, 'YYYY-MM-DD HH24:MI:SS') AS started_at, extract(epoch FROM r.duration)::float8 AS seconds, r.outcome,
       r.refresh, r.ok, r.problem, r.listed, r.added, r.changed, r.removed, r.restored, r.held, r.pending, r.rejected
  FROM edgemirror.run r
 WHERE r.edge_connection_id = coalesce((SELECT n.edge_connection_id FROM edgemirror.edge n WHERE n.name = $1::text),
                                       (SELECT n.edge_connection_id FROM edgemirror.edge n WHERE n.edge_connection_id::text = lower($1::text)))
 ORDER BY r.run_id DESC
 LIMIT $2::bigint
