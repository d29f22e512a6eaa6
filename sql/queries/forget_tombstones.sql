-- When all other history of them is gone: of rows that were in another edge before, the last version there is the one that database_connection has, as of any
-- that is gone; so it is restored when it comes back, and begins after that one ended, whatever the clock says. $1 ids.
WITH last AS (
    SELECT DISTINCT ON (p.id) p.*
      FROM edgemirror.database_connection d JOIN edgemirror.database_connection_past p ON p.id = d.id
     WHERE d.edge_connection_id = ANY ($1::uuid[])
     ORDER BY p.id, p.valid_to DESC
), taken AS (
    DELETE FROM edgemirror.database_connection_past p USING last l WHERE p.id = l.id AND p.valid_to = l.valid_to
)
UPDATE edgemirror.database_connection d
   SET edge_connection_id = l.edge_connection_id, name = l.name, database_id = l.database_id, changed_at = l.valid_from, as_of = NULL, removed_at = l.valid_to, ended_as = l.ended_as, run_id = l.run_id,
       previous_ended_at = l.previous_ended_at, removed_run_id = l.removed_run_id, began_as = l.began_as,
       missing_since = NULL, missing_reason = NULL, missing_status = NULL, missing_proofs = NULL, proven_since = NULL, missing_run_id = NULL
  FROM last l
 WHERE d.id = l.id
