-- When everything else of them is gone; their places in the queue go with them. $1 ids.
WITH requests AS (
    DELETE FROM edgemirror.sync_request WHERE edge_connection_id = ANY ($1::uuid[])
)
DELETE FROM edgemirror.edge WHERE edge_connection_id = ANY ($1::uuid[])
