-- Sets aside names of edges that other ids carry now; by the id alone where another edge has such a name, which whoever names Edge connections may give it.
-- $1 ids, $2 names, $3 this instance (null: none).
UPDATE edgemirror.edge e
   SET name = CASE WHEN format('%s (was %s)', e.name, e.edge_connection_id) = ANY ($2::text[])
                        OR EXISTS (SELECT FROM edgemirror.edge o WHERE o.name = format('%s (was %s)', e.name, e.edge_connection_id))
                   THEN e.edge_connection_id::text ELSE format('%s (was %s)', e.name, e.edge_connection_id) END,
       enabled = e.enabled AND EXISTS (SELECT FROM edgemirror.instance i
                                        WHERE i.instance_id IS DISTINCT FROM $3::uuid AND i.stopped_at IS NULL AND e.edge_connection_id = ANY (i.edges))
  FROM unnest($1::uuid[], $2::text[]) AS w (edge_connection_id, name)
 WHERE e.name = w.name AND e.edge_connection_id <> w.edge_connection_id
