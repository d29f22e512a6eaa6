-- The rows in which list and mirror differ.
CREATE TEMPORARY TABLE IF NOT EXISTS edgemirror_difference_1 (
    id          uuid NOT NULL,
    kind        text NOT NULL,
    name        text NOT NULL,
    database_id uuid
) ON COMMIT DELETE ROWS
