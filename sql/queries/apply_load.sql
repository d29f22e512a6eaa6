-- The list of an edge that has no rows, in order of id; nothing when it has some. A row that the mirror has of another edge, or that was removed, violates the
-- primary key: then the list is compared row by row. $1 edge, $2 time, $3 run, $4 that time
-- by the clock of the program.
INSERT INTO edgemirror.database_connection (id, edge_connection_id, name, database_id, first_seen_at, changed_at, as_of, run_id)
SELECT DISTINCT ON (s.id) s.id, $1::uuid, s.name, s.database_id, $2::timestamptz, $2::timestamptz,
       $2::timestamptz - ($4::bigint - s.asked_usec) * interval '1 microsecond', $3::bigint
  FROM pg_temp.edgemirror_spool_4 s
 WHERE s.seq IS NOT NULL
   AND NOT EXISTS (SELECT FROM edgemirror.database_connection d WHERE d.edge_connection_id = $1::uuid AND d.removed_at IS NULL)
 ORDER BY s.id, s.seq DESC
