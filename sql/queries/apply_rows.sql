-- Writes the rows that differ, and only those, in order of id so that two edges exchanging rows do not lock each other out. A version begins at least a
-- microsecond after the one before, also when the clock was set back. $1 edge, $2 time, $3 run.
INSERT INTO edgemirror.database_connection AS d
       (id, edge_connection_id, name, database_id, first_seen_at, changed_at, removed_at, run_id)
SELECT x.id, coalesce(x.edge, $1::uuid), x.name, x.database_id, $2::timestamptz, $2::timestamptz, NULL, $3::bigint
  FROM pg_temp.edgemirror_difference_3 x
 ORDER BY x.id
ON CONFLICT (id) DO UPDATE
   SET edge_connection_id = excluded.edge_connection_id, name = excluded.name, database_id = excluded.database_id,
       changed_at = greatest(excluded.changed_at, d.changed_at + interval '1 microsecond', d.removed_at + interval '1 microsecond'),
       removed_at = NULL, run_id = excluded.run_id,
       missing_since = NULL, missing_reason = NULL, missing_status = NULL, missing_proofs = NULL, missing_run_id = NULL
