-- The list as it was received; the rows of it that cannot be mirrored; the rows in which list and mirror differ; the rows of the mirror that the list does not
-- hold; what the catalog answered for each of those. Made once per server connection and emptied at every commit, so that nothing of the catalog's tables churns;
-- works on whatever server connection a transaction-pooling PgBouncer gives. The number in a name is the version of its shape.
CREATE TEMPORARY TABLE IF NOT EXISTS edgemirror_spool_2 (
    seq         bigint NOT NULL,
    id          uuid   NOT NULL,
    name        text   NOT NULL,
    database_id uuid,
    rejected    text, -- why it cannot be mirrored; then the name is the row as it was received
    anonymous   boolean NOT NULL -- its id is made up
) ON COMMIT DELETE ROWS;

CREATE TEMPORARY TABLE IF NOT EXISTS edgemirror_rejected_1 (
    key       uuid    NOT NULL,
    anonymous boolean NOT NULL,
    reason    text    NOT NULL,
    document  text    NOT NULL -- "": not kept
) ON COMMIT DELETE ROWS;

CREATE TEMPORARY TABLE IF NOT EXISTS edgemirror_difference_3 (
    id          uuid NOT NULL,
    kind        text NOT NULL,
    name        text NOT NULL,
    database_id uuid,
    edge_before uuid, -- null: it is not in the mirror
    edge        uuid  -- null: this one
) ON COMMIT DELETE ROWS;

CREATE TEMPORARY TABLE IF NOT EXISTS edgemirror_missing_2 (
    id          uuid NOT NULL,
    verdict     text NOT NULL, -- see apply_missing
    http_status integer
) ON COMMIT DELETE ROWS;

CREATE TEMPORARY TABLE IF NOT EXISTS edgemirror_verdict_3 (
    id          uuid    NOT NULL,
    gone        boolean, -- null: nothing is known; false: it belongs to another Edge connection now, and is so there:
    http_status integer,
    edge        uuid,
    name        text,
    database_id uuid
) ON COMMIT DELETE ROWS;
