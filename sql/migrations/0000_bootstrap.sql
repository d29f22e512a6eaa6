-- Before the first migration: the record of what has been applied. Safe to run again.
CREATE TABLE IF NOT EXISTS edgemirror.schema_version (
    version    integer     PRIMARY KEY CHECK (version > 0),
    name       text        NOT NULL,
    checksum   text        NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now()
);
