-- Locks the edges in order of id, as an apply does: before their places in the queue. $1 ids.
SELECT edge_connection_id FROM edgemirror.edge WHERE edge_connection_id = ANY ($1::uuid[]) ORDER BY edge_connection_id FOR UPDATE
