-- Of an id that was received twice, the later observation counts, and the list more than an answer. Gives the number of distinct rows listed, and of those among
-- them that cannot be mirrored.
WITH earlier AS (
    DELETE FROM pg_temp.edgemirror_spool_4 s
     USING (SELECT id, max(seq) AS last FROM pg_temp.edgemirror_spool_4 GROUP BY id HAVING count(*) > 1) l
     WHERE s.id = l.id AND s.seq IS DISTINCT FROM l.last
    RETURNING s.seq, s.rejected
)
SELECT s.listed - e.listed, s.rejected - e.rejected
  FROM (SELECT count(seq) AS listed, count(rejected) AS rejected FROM pg_temp.edgemirror_spool_4) s,
       (SELECT count(seq) AS listed, count(rejected) AS rejected FROM earlier) e
