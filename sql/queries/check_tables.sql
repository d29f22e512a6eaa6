-- Where the schema is not what this version's migrations made: one row for each table, view or function that is gone, each column and primary key that is gone, and each table
-- of which a policy hides rows from this role (hidden).
WITH made (relation, columns) AS (VALUES
    ('catalog',                      'one url registered_at'),
    ('change',                       'happened_at kind id edge_connection_id edge edge_connection_id_before edge_before edge_connection_id_after
                                      edge_after name_before name_after database_id_before database_id_after renamed relinked first_load run_id
                                      by_retire'),
    ('daily',                        'day edge_connection_id edge databases registered'),
    ('database_connection',          'id edge_connection_id name database_id first_seen_at changed_at as_of removed_at ended_as run_id was_registered began_as
                                      previous_ended_at removed_run_id missing_since missing_reason missing_status missing_proofs proven_since missing_run_id'),
    ('database_connection_history',  'id edge_connection_id name database_id valid_from valid_to run_id'),
    ('database_connection_past',     'id edge_connection_id name database_id valid_from valid_to run_id began_as previous_ended_at ended_as removed_run_id'),
    ('edge',                         'edge_connection_id name catalog_name enabled origin schedule timezone first_listed_at listed_at refreshed_at row_count
                                      consecutive_failures last_run_id completed_run_id service_run_id digest rejected list_digest'),
    ('edge_claim',                   'edge_connection_id next_run_at holder expires_at epoch request_taken_at'),
    ('freshness',                    'edge_connection_id edge enabled listed_at refreshed_at listed_age refreshed_age row_count held pending
                                      rejected last_outcome last_refresh last_error last_run_at consecutive_failures scheduled next_run_at overdue state'),
    ('held',                         'id edge_connection_id edge name database_id since reason http_status proofs proven_since run_id edge_enabled'),
    ('history_horizon',              'one since'),
    ('instance',                     'instance_id name version lease started_at seen_at unbroken_since stopped_at edges waiting_for waiting_message
                                      waiting_since'),
    ('inventory',                    'id edge_connection_id edge name database_id registered first_seen_at changed_at missing_since held
                                      edge_enabled listed_at'),
    ('rejected',                     'edge_connection_id edge id name_in_mirror reason document first_seen_at last_seen_at run_id edge_enabled'),
    ('rejected_row',                 'edge_connection_id key id reason document first_seen_at last_seen_at run_id'),
    ('run',                          'run_id edge_connection_id edge instance trigger started_at finished_at duration phase outcome refresh ok
                                      problem listed added changed removed restored unchanged held pending rejected error_code error_message
                                      http_status job_id'),
    ('schema_version',               'version name checksum applied_at'),
    ('sync_request',                 'edge_connection_id requested_at requested_by'),
    ('sync_run',                     'run_id edge_connection_id instance epoch trigger by_hand phase outcome refresh started_at finished_at job_id job_url
                                      job_state job_result job_progress job_message job pages requests listed added changed removed restored
                                      unchanged held error_scope error_code error_message http_status problem pending rejected'),
    ('unregistered',                 'id edge_connection_id edge name first_seen_at ever_registered edge_enabled')
), relation AS (
    SELECT m.relation, m.columns, c.oid
      FROM made m
      LEFT JOIN pg_class c ON c.relname = m.relation AND c.relnamespace = (SELECT n.oid FROM pg_namespace n WHERE n.nspname = 'edgemirror')
), function (name) AS (
    VALUES ('as_of'), ('digest_add'), ('digest_hash'), ('digest_of'), ('history_reaches'), ('refuse_edge_delete'), ('request_sync')
)
SELECT false AS hidden, 'edgemirror.' || r.relation AS what FROM relation r WHERE r.oid IS NULL
UNION ALL
SELECT false, 'edgemirror.' || r.relation || '.' || c.name
  FROM relation r CROSS JOIN LATERAL regexp_split_to_table(r.columns, '[[:space:]]+') AS c (name)
 WHERE r.oid IS NOT NULL
   AND NOT EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = r.oid AND a.attname = c.name AND a.attnum > 0 AND NOT a.attisdropped)
UNION ALL
SELECT false, 'edgemirror.' || f.name || '()'
  FROM function f
 WHERE NOT EXISTS (SELECT FROM pg_proc p WHERE p.proname = f.name AND p.pronamespace = (SELECT n.oid FROM pg_namespace n WHERE n.nspname = 'edgemirror'))
UNION ALL
-- as of a copy that broke off: a dump makes them last
SELECT false, 'the primary key of edgemirror.' || r.relation
  FROM relation r JOIN pg_class c ON c.oid = r.oid AND c.relkind = 'r'
 WHERE NOT EXISTS (SELECT FROM pg_index i WHERE i.indrelid = r.oid AND i.indisprimary)
UNION ALL
SELECT true, 'edgemirror.' || r.relation FROM relation r WHERE row_security_active(r.oid)
 ORDER BY hidden, what
