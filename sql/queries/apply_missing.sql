-- Finds the rows of the mirror that the list does not hold, without locking anything, and what becomes of each: "gone" (to be removed: proven gone in as many
-- syncs in a row as it takes, this one included), "pending" (proven gone in fewer), "moved" (it has moved to another Edge connection), or $2 (nothing is known). Those
-- that were missing before and are in the list are "listed". By one aggregate, whose cost grows with the rows whatever the planner thinks of tables without
-- statistics; a join may be planned as a loop in a loop. Gives how many rows the edge has, how many of them are missing, the names of a few for a person, and
-- of how many it has to be written down that they are missing, or are not any more. $1 edge, $2 why rows of which nothing is known stay (null: the list is not
-- whole and nothing was asked, so what it does not hold is not missing), $3 confirm_removals.
WITH present AS (
    SELECT d.id, d.missing_reason, d.missing_proofs
      FROM edgemirror.database_connection d
     WHERE d.edge_connection_id = $1::uuid AND d.removed_at IS NULL
), seen AS (
    SELECT id, bool_or(listed) AS listed, bool_and(gone) AS gone, max(proofs) AS proofs, max(http_status) AS http_status
      FROM (SELECT id, true AS present, missing_reason IS NOT NULL AS was_missing, false AS listed, NULL::boolean AS gone, missing_proofs AS proofs, NULL::integer AS http_status
              FROM present
            UNION ALL
            SELECT id, false, false, true, NULL, NULL, NULL FROM pg_temp.edgemirror_spool_2
            UNION ALL
            SELECT id, false, false, false, gone, NULL, http_status FROM pg_temp.edgemirror_verdict_3) every
     GROUP BY id
    HAVING bool_or(present) AND (bool_or(was_missing) OR NOT bool_or(listed))
), missing AS (
    INSERT INTO pg_temp.edgemirror_missing_2 (id, verdict, http_status)
    SELECT id, verdict, http_status
      FROM (SELECT id, http_status,
                   CASE WHEN listed THEN 'listed' WHEN $2::text IS NULL THEN NULL WHEN gone AND coalesce(proofs, 0) + 1 >= $3::bigint THEN 'gone' WHEN gone THEN 'pending'
                        WHEN NOT gone THEN 'moved' ELSE $2::text END AS verdict
              FROM seen) judged
     WHERE verdict IS NOT NULL
    RETURNING id, verdict
)
SELECT (SELECT count(*) FROM present) AS present, (SELECT count(*) FROM missing WHERE verdict <> 'listed') AS missing,
       (SELECT string_agg(left(d.name, 60), ', ' ORDER BY d.name)
          FROM (SELECT id FROM missing WHERE verdict <> 'listed' ORDER BY id LIMIT 3) few
          JOIN edgemirror.database_connection d ON d.id = few.id) AS names,
       (SELECT count(*) FROM missing WHERE verdict <> 'gone') AS marks
