-- Sets aside names of edges that other ids carry now. $1 ids, $2 names, $3 this instance (null: none).
UPDATE edgemirror.edge e
   SET name = e.name || ' (was ' || e.edge_connection_id || ')',
       enabled = e.enabled AND EXISTS (SELECT FROM edgemirror.instance i
                                        WHERE i.instance_id IS DISTINCT FROM $3::uuid AND i.stopped_at IS NULL AND e.edge_connection_id = ANY (i.edges))
  FROM unnest($1::uuid[], $2::text[]) AS w (edge_connection_id, name)
 WHERE e.name = w.name AND e.edge_connection_id <> w.edge_connection_id
