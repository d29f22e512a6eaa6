-- $1 ids.
DELETE FROM edgemirror.sync_run WHERE edge_connection_id = ANY ($1::uuid[])
