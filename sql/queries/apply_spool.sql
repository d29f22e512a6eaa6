-- The list as it was received. Made once per server connection and emptied at every commit, so that nothing of the catalog's tables churns; works on
-- whatever server connection a transaction-pooling PgBouncer gives. The number in the name is the version of its shape.
CREATE TEMPORARY TABLE IF NOT EXISTS edgemirror_spool_1 (
    seq         bigint NOT NULL,
    id          uuid   NOT NULL,
    name        text   NOT NULL,
    database_id uuid
) ON COMMIT DELETE ROWS
