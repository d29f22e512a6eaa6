-- Locks their places in the queue, so that nobody begins a sync until the end of the transaction; returns who syncs one now, and which instance of the service
-- still wants the edge, by a configuration that was not reloaded. $1 ids.
SELECT e.name, CASE WHEN c.expires_at >= clock_timestamp() THEN c.holder END AS holder,
       (SELECT min(i.name) FROM edgemirror.instance i
         WHERE e.edge_connection_id = ANY (i.edges) AND i.stopped_at IS NULL AND i.seen_at > clock_timestamp() - i.lease) AS wanted_by,
       e.origin = 'discovered' AS discovered
  FROM edgemirror.edge_claim c JOIN edgemirror.edge e USING (edge_connection_id)
 WHERE c.edge_connection_id = ANY ($1::uuid[])
 ORDER BY c.edge_connection_id
   FOR UPDATE OF c
