-- Writes down which rows are missing and stay, since when and why, and of which that is over; a row about which nothing changed is not written. In order of
-- id, as apply_rows does. The proofs of a pending row are counted; whatever else is found of it ends the series. $1 edge, $2 time, $3 run.
WITH marked AS (
    SELECT d.id, m.http_status, CASE WHEN m.verdict NOT IN ('listed', 'moved') THEN m.verdict END AS reason
      FROM pg_temp.edgemirror_missing_2 m
      JOIN edgemirror.database_connection d ON d.id = m.id
     WHERE m.verdict <> 'gone' AND d.edge_connection_id = $1::uuid AND d.removed_at IS NULL
     ORDER BY d.id
       FOR UPDATE OF d
)
UPDATE edgemirror.database_connection d
   SET missing_since = CASE WHEN m.reason IS NOT NULL THEN coalesce(d.missing_since, $2::timestamptz) END,
       missing_reason = m.reason, missing_status = CASE WHEN m.reason IS NOT NULL THEN m.http_status END,
       missing_proofs = CASE WHEN m.reason = 'pending' THEN coalesce(d.missing_proofs, 0) + 1 END,
       missing_run_id = CASE WHEN m.reason IS NOT NULL THEN $3::bigint END
  FROM marked m
 WHERE d.id = m.id
   AND (m.reason = 'pending' OR (d.missing_reason, d.missing_status) IS DISTINCT FROM (m.reason, m.http_status))
