-- Sets aside the name of an edge that another id carries now. $1 id, $2 name.
UPDATE edgemirror.edge
   SET name = name || ' (was ' || edge_connection_id || ')', enabled = false
 WHERE name = $2::text AND edge_connection_id <> $1::uuid
