-- Sets aside names of edges that other ids carry now. $1 ids, $2 names.
UPDATE edgemirror.edge e
   SET name = e.name || ' (was ' || e.edge_connection_id || ')', enabled = false
  FROM unnest($1::uuid[], $2::text[]) AS w (edge_connection_id, name)
 WHERE e.name = w.name AND e.edge_connection_id <> w.edge_connection_id
