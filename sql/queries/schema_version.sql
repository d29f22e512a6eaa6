-- The version of the schema; whether this database subscribes to another mirror: that one writes here then; the statement that grants the right to make
-- temporary tables, which every apply needs (null: this role has it); whether the next run would have a number that is taken, as where it has
-- subscribed (false, too, where this role may not know; by the edges, not by the journal, whose lock nobody is to wait for here), and who is to set it (null: this
-- role); and whether nobody can write here now (as far as it is so for all, not for this role or this session alone), and whether that is because it is a standby.
SELECT max(version), EXISTS (SELECT FROM pg_subscription_rel s JOIN pg_class c ON c.oid = s.srrelid JOIN pg_namespace n ON n.oid = c.relnamespace
                              WHERE n.nspname = 'edgemirror') AS subscribes,
       CASE WHEN NOT has_database_privilege(current_database(), 'TEMPORARY')
            THEN format('GRANT TEMPORARY ON DATABASE %I TO %I;', current_database(), current_user) END AS temporary,
       coalesce((SELECT max(e.last_run_id) FROM edgemirror.edge e) > (SELECT coalesce(pg_sequence_last_value(s.oid), 0) FROM pg_class s
                  WHERE s.oid = to_regclass('edgemirror.sync_run_run_id_seq') AND has_sequence_privilege(s.oid, 'SELECT')), false) AS behind,
       (SELECT r.rolname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_roles r ON r.oid = c.relowner
         WHERE n.nspname = 'edgemirror' AND c.relname = 'schema_version' AND NOT pg_has_role(r.oid, 'USAGE')) AS owner,
       pg_is_in_recovery() OR EXISTS (SELECT FROM pg_settings WHERE name = 'default_transaction_read_only' AND setting = 'on'
                                   AND source IN ('configuration file', 'command line', 'database', 'global')) AS reads_only,
       pg_is_in_recovery() AS standby
  FROM edgemirror.schema_version
