-- What a next release may bring, for the tests of upgrades alone: columns of tables that are published.
ALTER TABLE edgemirror.edge ADD COLUMN next integer NOT NULL DEFAULT 1;
COMMENT ON COLUMN edgemirror.edge.next IS 'New.';
ALTER TABLE edgemirror.database_connection ADD COLUMN next text;
COMMENT ON COLUMN edgemirror.database_connection.next IS 'New.';
