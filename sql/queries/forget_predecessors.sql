-- A version of another edge that followed one that is forgotten continues what is left before that, where the row was then away for a while, perhaps because its
-- edge was retired; or it is the first one. $1 ids.
WITH follows AS (
    SELECT v.id, v.previous_ended_at, before.ended_at,
           CASE WHEN before.ended_as = 'retired' AND before.edge_connection_id = v.edge_connection_id THEN 'resumed'
                WHEN before.ended_at IS NOT NULL THEN 'restored' END AS began_as
      FROM edgemirror.database_connection_past b
     CROSS JOIN LATERAL (SELECT p.id, p.edge_connection_id, p.previous_ended_at FROM edgemirror.database_connection_past p WHERE p.id = b.id
                          UNION ALL
                         SELECT d.id, d.edge_connection_id, d.previous_ended_at FROM edgemirror.database_connection d WHERE d.id = b.id) v
      LEFT JOIN LATERAL (SELECT p.valid_to AS ended_at, p.ended_as, p.edge_connection_id FROM edgemirror.database_connection_past p
                          WHERE p.id = b.id AND p.valid_to < b.valid_to AND p.edge_connection_id <> ALL ($1::uuid[])
                          ORDER BY p.valid_to DESC LIMIT 1) before ON true
     WHERE b.edge_connection_id = ANY ($1::uuid[]) AND v.previous_ended_at = b.valid_to AND v.edge_connection_id <> ALL ($1::uuid[])
), past AS (
    UPDATE edgemirror.database_connection_past p
       SET previous_ended_at = f.ended_at, began_as = f.began_as
      FROM follows f
     WHERE p.id = f.id AND p.previous_ended_at = f.previous_ended_at
)
UPDATE edgemirror.database_connection d
   SET previous_ended_at = f.ended_at, began_as = f.began_as
  FROM follows f
 WHERE d.id = f.id AND d.previous_ended_at = f.previous_ended_at
