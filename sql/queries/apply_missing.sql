-- Finds the rows of the mirror that the list does not hold, without locking anything, and what is known of each. By one aggregate, whose cost grows with
-- the rows whatever the planner thinks of tables without statistics; a join may be planned as a loop in a loop. Gives how many rows the edge has, how
-- many of them are missing, and the names of a few for a person. $1 edge.
WITH present AS (
    SELECT d.id
      FROM edgemirror.database_connection d
     WHERE d.edge_connection_id = $1::uuid AND d.removed_at IS NULL
), missing AS (
    INSERT INTO pg_temp.edgemirror_missing_1 (id, gone)
    SELECT id, bool_and(gone)
      FROM (SELECT id, true AS present, false AS listed, NULL::boolean AS gone FROM present
            UNION ALL
            SELECT id, false, true, NULL FROM pg_temp.edgemirror_spool_1
            UNION ALL
            SELECT id, false, false, gone FROM pg_temp.edgemirror_verdict_2) seen
     GROUP BY id
    HAVING bool_or(present) AND NOT bool_or(listed)
    RETURNING id
)
SELECT (SELECT count(*) FROM present) AS present, (SELECT count(*) FROM missing) AS missing,
       (SELECT string_agg(left(d.name, 60), ', ' ORDER BY d.name)
          FROM (SELECT id FROM missing ORDER BY id LIMIT 3) few
          JOIN edgemirror.database_connection d ON d.id = few.id) AS names
