-- A version of another edge that ended because the row moved to one that is forgotten ended there: nothing follows it any more. $1 ids.
UPDATE edgemirror.database_connection_past p
   SET ended_as = 'moved'
  FROM (SELECT n.id, n.previous_ended_at FROM edgemirror.database_connection_past n WHERE n.edge_connection_id = ANY ($1::uuid[])
         UNION ALL
        SELECT n.id, n.previous_ended_at FROM edgemirror.database_connection n WHERE n.edge_connection_id = ANY ($1::uuid[])) next
 WHERE p.id = next.id AND p.valid_to = next.previous_ended_at AND p.ended_as IS NULL AND p.edge_connection_id <> ALL ($1::uuid[])
