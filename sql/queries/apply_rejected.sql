-- The rows of the list that cannot be mirrored: those whose later observation is one.
INSERT INTO pg_temp.edgemirror_rejected_1 (key, anonymous, reason, document)
SELECT id, anonymous, rejected, name
  FROM (SELECT DISTINCT ON (s.id) s.id, s.anonymous, s.rejected, s.name
          FROM pg_temp.edgemirror_spool_2 s
         WHERE s.id IN (SELECT id FROM pg_temp.edgemirror_spool_2 WHERE rejected IS NOT NULL)
         ORDER BY s.id, s.seq DESC) later
 WHERE rejected IS NOT NULL
