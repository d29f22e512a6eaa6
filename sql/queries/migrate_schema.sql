-- The schema, where there is none. It comes before anybody looks at what is in it: from then on it is there, and nobody but its owner makes anything in it. A
-- role that may not make it gets the statement for an administrator from migrate_needs; CREATE SCHEMA IF NOT EXISTS would want that right even where an administrator has made it.
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_catalog.pg_namespace WHERE nspname = 'edgemirror')
       AND pg_catalog.has_database_privilege(pg_catalog.current_database(), 'CREATE') THEN
        CREATE SCHEMA edgemirror;
    END IF;
END $$;
