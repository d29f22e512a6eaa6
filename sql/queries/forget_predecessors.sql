-- A version of another edge that followed one that is forgotten continues what is left before that, where the row was then away for a while; or it is the first
-- one. $1 ids.
WITH follows AS (
    SELECT v.id, v.previous_ended_at, before.ended_at
      FROM edgemirror.database_connection_past b
     CROSS JOIN LATERAL (SELECT p.id, p.edge_connection_id, p.previous_ended_at FROM edgemirror.database_connection_past p WHERE p.id = b.id
                          UNION ALL
                         SELECT d.id, d.edge_connection_id, d.previous_ended_at FROM edgemirror.database_connection d WHERE d.id = b.id) v
     CROSS JOIN LATERAL (SELECT max(p.valid_to) AS ended_at FROM edgemirror.database_connection_past p
                          WHERE p.id = b.id AND p.valid_to < b.valid_to AND p.edge_connection_id <> ALL ($1::uuid[])) before
     WHERE b.edge_connection_id = ANY ($1::uuid[]) AND v.previous_ended_at = b.valid_to AND v.edge_connection_id <> ALL ($1::uuid[])
), past AS (
    UPDATE edgemirror.database_connection_past p
       SET previous_ended_at = f.ended_at, began_as = CASE WHEN f.ended_at IS NOT NULL THEN 'restored' END
      FROM follows f
     WHERE p.id = f.id AND p.previous_ended_at = f.previous_ended_at
)
UPDATE edgemirror.database_connection d
   SET previous_ended_at = f.ended_at, began_as = CASE WHEN f.ended_at IS NOT NULL THEN 'restored' END
  FROM follows f
 WHERE d.id = f.id AND d.previous_ended_at = f.previous_ended_at
