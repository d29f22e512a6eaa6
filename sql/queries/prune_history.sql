-- Deletes one batch of versions that ended long ago, the oldest first, and moves the horizon behind which as_of and change return nothing, in one statement.
-- The current version of a row has no end and stays. $1 keep (interval; null: for ever, nothing is deleted), $2 rows at most.
WITH old AS (
    SELECT id, valid_from
      FROM edgemirror.database_connection_history
     WHERE valid_to < now() - $1::interval
     ORDER BY valid_to
     LIMIT $2::bigint
       FOR UPDATE SKIP LOCKED
), deleted AS (
    DELETE FROM edgemirror.database_connection_history h
     USING old
     WHERE h.id = old.id AND h.valid_from = old.valid_from
    RETURNING h.valid_to
), moved AS (
    INSERT INTO edgemirror.history_horizon AS horizon (since)
    SELECT max(valid_to) FROM deleted HAVING count(*) > 0
    ON CONFLICT (one) DO UPDATE SET since = greatest(horizon.since, excluded.since)
)
SELECT count(*) FROM deleted
