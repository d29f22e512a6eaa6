-- Removes the missing rows that are proven gone and still this edge's, in order of id as apply_rows does: the row stays as a tombstone, and its version has ended.
-- $1 edge, $2 time, $3 run.
WITH gone AS (
    SELECT d.id
      FROM pg_temp.edgemirror_missing_2 m
      JOIN edgemirror.database_connection d ON d.id = m.id
     WHERE m.verdict = 'gone' AND d.edge_connection_id = $1::uuid AND d.removed_at IS NULL
     ORDER BY d.id
       FOR UPDATE OF d
)
UPDATE edgemirror.database_connection d
   SET removed_at = greatest($2::timestamptz, d.changed_at + interval '1 microsecond'), removed_run_id = $3::bigint,
       missing_since = coalesce(d.missing_since, $2::timestamptz), missing_reason = NULL, missing_status = NULL, missing_proofs = NULL, missing_run_id = NULL
  FROM gone
 WHERE d.id = gone.id
