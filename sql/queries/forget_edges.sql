-- When everything else of them is gone; their places in the queue go with them. $1 ids.
DELETE FROM edgemirror.edge WHERE edge_connection_id = ANY ($1::uuid[])
