-- What a next release may bring, for the tests of upgrades alone: columns of tables that are published, and a table that is published, too (integration.am).
ALTER TABLE edgemirror.edge ADD COLUMN next integer NOT NULL DEFAULT 1;
COMMENT ON COLUMN edgemirror.edge.next IS 'New.';
ALTER TABLE edgemirror.database_connection ADD COLUMN next text;
COMMENT ON COLUMN edgemirror.database_connection.next IS 'New.';
CREATE TABLE edgemirror.next (one boolean PRIMARY KEY DEFAULT true CHECK (one), what text NOT NULL);
COMMENT ON TABLE edgemirror.next IS 'New.';
COMMENT ON COLUMN edgemirror.next.one IS 'New.';
COMMENT ON COLUMN edgemirror.next.what IS 'New.';
