-- Deletes one batch of versions that ended long ago, the oldest first, and moves the horizon behind which as_of and change return nothing, in one statement.
-- The last version of a row stays, also when it was removed long ago: it is not in the past. $1 keep (interval; null: for ever, nothing is deleted), $2 rows at
-- most.
WITH old AS (
    SELECT id, valid_to
      FROM edgemirror.database_connection_past
     WHERE valid_to < now() - $1::interval
     ORDER BY valid_to
     LIMIT $2::bigint
       FOR UPDATE SKIP LOCKED
), deleted AS (
    DELETE FROM edgemirror.database_connection_past p
     USING old
     WHERE p.id = old.id AND p.valid_to = old.valid_to
    RETURNING p.valid_to
), moved AS (
    INSERT INTO edgemirror.history_horizon AS horizon (since)
    SELECT max(valid_to) FROM deleted HAVING count(*) > 0
    ON CONFLICT (one) DO UPDATE SET since = greatest(horizon.since, excluded.since)
)
SELECT count(*) FROM deleted
