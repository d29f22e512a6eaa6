-- Every privilege that the service needs and does not have, one row each; empty when all are there.
SELECT what FROM (VALUES
    ('USAGE on schema edgemirror', has_schema_privilege('edgemirror', 'USAGE')),
    ('TEMPORARY on the database', has_database_privilege(current_database(), 'TEMPORARY')),
    ('SELECT on edgemirror.schema_version', has_table_privilege('edgemirror.schema_version', 'SELECT')),
    ('SELECT, INSERT, UPDATE on edgemirror.edge', has_table_privilege('edgemirror.edge', 'SELECT') AND has_table_privilege('edgemirror.edge', 'INSERT') AND has_table_privilege('edgemirror.edge', 'UPDATE')),
    ('SELECT, INSERT, UPDATE on edgemirror.edge_claim', has_table_privilege('edgemirror.edge_claim', 'SELECT') AND has_table_privilege('edgemirror.edge_claim', 'INSERT') AND has_table_privilege('edgemirror.edge_claim', 'UPDATE')),
    ('SELECT, INSERT, UPDATE on edgemirror.database_connection', has_table_privilege('edgemirror.database_connection', 'SELECT') AND has_table_privilege('edgemirror.database_connection', 'INSERT') AND has_table_privilege('edgemirror.database_connection', 'UPDATE')),
    ('SELECT, INSERT, UPDATE, DELETE on edgemirror.database_connection_history', has_table_privilege('edgemirror.database_connection_history', 'SELECT') AND has_table_privilege('edgemirror.database_connection_history', 'INSERT') AND has_table_privilege('edgemirror.database_connection_history', 'UPDATE') AND has_table_privilege('edgemirror.database_connection_history', 'DELETE')),
    ('SELECT, INSERT, UPDATE on edgemirror.history_horizon', has_table_privilege('edgemirror.history_horizon', 'SELECT') AND has_table_privilege('edgemirror.history_horizon', 'INSERT') AND has_table_privilege('edgemirror.history_horizon', 'UPDATE')),
    ('SELECT, INSERT, UPDATE, DELETE on edgemirror.sync_run', has_table_privilege('edgemirror.sync_run', 'SELECT') AND has_table_privilege('edgemirror.sync_run', 'INSERT') AND has_table_privilege('edgemirror.sync_run', 'UPDATE') AND has_table_privilege('edgemirror.sync_run', 'DELETE')),
    ('EXECUTE on edgemirror.digest_of(uuid)', has_function_privilege('edgemirror.digest_of(uuid)', 'EXECUTE')),
    ('SELECT on edgemirror.freshness', has_table_privilege('edgemirror.freshness', 'SELECT'))
) AS needed (what, granted)
 WHERE NOT granted
