-- $1 ids.
DELETE FROM edgemirror.database_connection WHERE edge_connection_id = ANY ($1::uuid[])
