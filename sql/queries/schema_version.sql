-- The version of the schema, and whether this database subscribes to another mirror: that one writes here then.
SELECT max(version), EXISTS (SELECT FROM pg_subscription_rel s JOIN pg_class c ON c.oid = s.srrelid JOIN pg_namespace n ON n.oid = c.relnamespace
                              WHERE n.nspname = 'edgemirror') AS subscribes
  FROM edgemirror.schema_version
