-- The enabled edges, for /metrics; none at all when they are more than $1: name, listed_at and refreshed_at in seconds since 1970, rows, failures.
SELECT e.name, extract(epoch FROM e.listed_at)::double precision, extract(epoch FROM e.refreshed_at)::double precision, e.row_count, e.consecutive_failures
  FROM edgemirror.edge e
 WHERE e.enabled AND (SELECT count(*) FROM edgemirror.edge c WHERE c.enabled) <= $1::bigint
 ORDER BY e.name
