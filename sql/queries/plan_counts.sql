-- What applying this list would come to.
SELECT s.listed, x.added, x.changed, m.removed, x.restored,
       s.listed - r.rejected - x.added - x.changed - x.restored + x.moved AS unchanged, m.held, 0 AS row_count, x.moved, m.pending, r.rejected
  FROM (SELECT count(DISTINCT id) AS listed FROM pg_temp.edgemirror_spool_2) s,
       (SELECT count(*) AS rejected FROM pg_temp.edgemirror_rejected_1) r,
       (SELECT count(*) FILTER (WHERE kind = 'added') AS added, count(*) FILTER (WHERE kind IN ('changed', 'moved')) AS changed,
               count(*) FILTER (WHERE kind = 'moved') AS moved, count(*) FILTER (WHERE kind = 'restored') AS restored
          FROM pg_temp.edgemirror_difference_3) x,
       (SELECT count(*) FILTER (WHERE verdict = 'gone') AS removed, count(*) FILTER (WHERE verdict = 'pending') AS pending,
               count(*) FILTER (WHERE verdict NOT IN ('gone', 'pending', 'listed', 'moved')) AS held
          FROM pg_temp.edgemirror_missing_2) m
