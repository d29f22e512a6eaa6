-- Before the first migration: the schema, and the record of what has been applied. Safe to run again. An administrator may have made the schema for a role
-- that may not make one itself; CREATE SCHEMA IF NOT EXISTS would want that privilege all the same.
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_catalog.pg_namespace WHERE nspname = 'edgemirror') THEN
        CREATE SCHEMA edgemirror;
    END IF;
END $$;

CREATE TABLE IF NOT EXISTS edgemirror.schema_version (
    version    integer     PRIMARY KEY CHECK (version > 0),
    name       text        NOT NULL,
    checksum   text        NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now()
);
