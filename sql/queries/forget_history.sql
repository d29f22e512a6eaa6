-- $1 ids.
DELETE FROM edgemirror.database_connection_past WHERE edge_connection_id = ANY ($1::uuid[])
