-- Writes the rows that differ, and only those, each list in order of id so that two edges exchanging rows do not lock each other out. The versions that were
-- there become past; a version begins at least a microsecond after the one before began, and not before it ended, also when the clock was set back. A row that
-- another edge has added since it was compared violates the primary key: then all is compared anew. What came from another edge is not in that one any more, and
-- what was moved to one is new there: its digest is not known until its next sync. $1 edge, $2 time, $3 run.
WITH locked AS (
    SELECT d.id, d.edge_connection_id, d.name, d.database_id, d.changed_at, d.removed_at, d.run_id, d.began_as, d.previous_ended_at, d.removed_run_id,
           coalesce(d.removed_at, greatest($2::timestamptz, d.changed_at + interval '1 microsecond')) AS ended_at,
           x.name AS name_after, x.database_id AS database_id_after, coalesce(x.edge, $1::uuid) AS edge_after
      FROM pg_temp.edgemirror_difference_3 x
      JOIN edgemirror.database_connection d ON d.id = x.id
     ORDER BY d.id
       FOR UPDATE OF d
), past AS (
    INSERT INTO edgemirror.database_connection_past
           (id, edge_connection_id, name, database_id, valid_from, valid_to, run_id, began_as, previous_ended_at, removed, removed_run_id)
    SELECT id, edge_connection_id, name, database_id, changed_at, ended_at, run_id, began_as, previous_ended_at, removed_at IS NOT NULL, removed_run_id
      FROM locked
), changed AS (
    UPDATE edgemirror.database_connection d
       SET edge_connection_id = l.edge_after, name = l.name_after, database_id = l.database_id_after,
           changed_at = CASE WHEN l.removed_at IS NULL THEN l.ended_at ELSE greatest($2::timestamptz, l.ended_at + interval '1 microsecond') END,
           run_id = $3::bigint,
           began_as = CASE WHEN l.removed_at IS NOT NULL THEN 'restored' WHEN l.edge_connection_id <> l.edge_after THEN 'moved' ELSE 'changed' END,
           previous_ended_at = l.ended_at, removed_at = NULL, removed_run_id = NULL,
           missing_since = NULL, missing_reason = NULL, missing_status = NULL, missing_proofs = NULL, missing_run_id = NULL
      FROM locked l
     WHERE d.id = l.id
), added AS (
    INSERT INTO edgemirror.database_connection (id, edge_connection_id, name, database_id, first_seen_at, changed_at, run_id)
    SELECT x.id, coalesce(x.edge, $1::uuid), x.name, x.database_id, $2::timestamptz, $2::timestamptz, $3::bigint
      FROM pg_temp.edgemirror_difference_3 x
     WHERE NOT EXISTS (SELECT FROM locked l WHERE l.id = x.id)
     ORDER BY x.id
)
UPDATE edgemirror.edge e
   SET digest = NULL
  FROM (SELECT edge_connection_id FROM locked WHERE removed_at IS NULL UNION SELECT edge_after FROM locked) c
 WHERE e.edge_connection_id = c.edge_connection_id AND e.edge_connection_id <> $1::uuid
