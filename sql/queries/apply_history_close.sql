-- Ends the versions that were current. What came from another edge is not in that one any more, and what was moved to one is new there: its digest is not known until its
-- next sync. $1 edge.
WITH closed AS (
    UPDATE edgemirror.database_connection_history h
       SET valid_to = d.changed_at
      FROM pg_temp.edgemirror_difference_3 x
      JOIN edgemirror.database_connection d ON d.id = x.id
     WHERE h.id = x.id AND h.valid_to IS NULL
    RETURNING h.edge_connection_id
)
UPDATE edgemirror.edge e
   SET digest = NULL
  FROM (SELECT edge_connection_id FROM closed UNION SELECT edge FROM pg_temp.edgemirror_difference_3 WHERE edge IS NOT NULL) c
 WHERE e.edge_connection_id = c.edge_connection_id AND e.edge_connection_id <> $1::uuid
