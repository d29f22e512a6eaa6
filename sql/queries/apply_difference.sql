-- Finds what differs without locking anything: of an id that was received twice, the later observation counts; what cannot be mirrored is
-- left as the mirror has it. $1 edge.
INSERT INTO pg_temp.edgemirror_difference_3 (id, kind, name, database_id, edge_before)
SELECT s.id,
       CASE WHEN d.id IS NULL THEN 'added' WHEN d.removed_at IS NOT NULL THEN 'restored' ELSE 'changed' END,
       s.name, s.database_id, d.edge_connection_id
  FROM (SELECT DISTINCT ON (id) id, name, database_id, rejected FROM pg_temp.edgemirror_spool_2 ORDER BY id, seq DESC) s
  LEFT JOIN edgemirror.database_connection d ON d.id = s.id
 WHERE s.rejected IS NULL
   AND (d.id IS NULL OR d.removed_at IS NOT NULL OR d.edge_connection_id <> $1::uuid OR d.name <> s.name OR d.database_id IS DISTINCT FROM s.database_id)
