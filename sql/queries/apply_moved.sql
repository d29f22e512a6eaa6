-- A missing row that belongs to another Edge connection now is left to that one's sync; one that nobody mirrors has none: then the row goes there at once, as
-- the catalog gave it. $1 edge.
INSERT INTO pg_temp.edgemirror_difference_3 (id, kind, name, database_id, edge_before, edge)
SELECT v.id, 'moved', v.name, v.database_id, d.edge_connection_id, v.edge
  FROM pg_temp.edgemirror_verdict_3 v
  JOIN edgemirror.database_connection d ON d.id = v.id
 WHERE NOT v.gone AND d.edge_connection_id = $1::uuid AND d.removed_at IS NULL
   AND NOT EXISTS (SELECT FROM edgemirror.edge e WHERE e.edge_connection_id = v.edge AND e.enabled)
   AND NOT EXISTS (SELECT FROM pg_temp.edgemirror_spool_2 s WHERE s.id = v.id)
