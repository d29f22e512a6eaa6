-- The list as it was received, and what the catalog answered for rows that the list does not hold; and what is to be done. Made once per server connection and
-- emptied at every commit, so that nothing of the catalog's tables churns; works on whatever server connection a transaction-pooling PgBouncer gives. The number
-- in a name is the version of its shape.
CREATE TEMPORARY TABLE IF NOT EXISTS edgemirror_spool_4 (
    seq         bigint,           -- null: not listed, an answer
    asked_usec  bigint NOT NULL,  -- when the catalog was asked for it, by the clock of the program
    id          uuid   NOT NULL,
    name        text,
    database_id uuid,
    rejected    text,             -- why it cannot be mirrored; then the name is the row as it was received
    anonymous   boolean,          -- its id is made up
    gone        boolean,          -- of an answer; null: nothing is known; false: it belongs to another Edge connection now, and is so there:
    edge        uuid,
    http_status integer
) ON COMMIT DELETE ROWS;

CREATE TEMPORARY TABLE IF NOT EXISTS edgemirror_difference_6 (
    id          uuid    NOT NULL,
    kind        text    NOT NULL, -- see apply_compare
    listed      boolean NOT NULL, -- it is in the spool
    present     boolean NOT NULL, -- it is a present row of this edge
    name        text,             -- as it is to be; of a row that is missing, as it is
    database_id uuid,
    edge_before uuid,             -- another edge that has it, or had it
    edge        uuid,             -- that it is to belong to; null: this one
    http_status integer,
    asked_usec  bigint,           -- as of the spool; null: it is not in it
    version     timestamptz       -- when the row that is there began, or was removed; null: there is none
) ON COMMIT DELETE ROWS;
