-- The version of the schema; whether this database subscribes to another mirror: that one writes here then; and the statement that grants the right to make
-- temporary tables, which every apply needs (null: this role has it).
SELECT max(version), EXISTS (SELECT FROM pg_subscription_rel s JOIN pg_class c ON c.oid = s.srrelid JOIN pg_namespace n ON n.oid = c.relnamespace
                              WHERE n.nspname = 'edgemirror') AS subscribes,
       CASE WHEN NOT has_database_privilege(current_database(), 'TEMPORARY')
            THEN format('GRANT TEMPORARY ON DATABASE %I TO %I;', current_database(), current_user) END AS temporary
  FROM edgemirror.schema_version
