-- Locks their places in the queue, so that nobody begins a sync until the end of the transaction, and says who is at one now. $1 ids.
SELECT e.name, c.holder, c.holder IS NOT NULL AND c.expires_at >= clock_timestamp() AS held
  FROM edgemirror.edge_claim c JOIN edgemirror.edge e USING (edge_connection_id)
 WHERE c.edge_connection_id = ANY ($1::uuid[])
 ORDER BY c.edge_connection_id
   FOR UPDATE OF c
