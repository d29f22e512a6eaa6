-- Locks the row of this edge and of every edge that loses a row to it or gets one of it, in order of id, so that two edges exchanging rows do not lock each
-- other out. From here on nobody takes a row away from this edge, nor the other way round. Gives whether this edge has rows that could not be mirrored, what it
-- is now (somebody may have written to it while this waited), and the time of this snapshot: from it on, the rows that it writes are as they are; in a form that
-- no setting changes, neither here nor where it is read. $1 edge.
WITH locked AS (
    SELECT e.*
      FROM (SELECT DISTINCT edge
              FROM (SELECT $1::uuid AS edge
                    UNION ALL SELECT x.edge_before FROM pg_temp.edgemirror_difference_6 x WHERE x.edge_before IS NOT NULL
                    UNION ALL SELECT x.edge FROM pg_temp.edgemirror_difference_6 x WHERE x.edge IS NOT NULL) every
             ORDER BY edge) concerned
     CROSS JOIN LATERAL (SELECT e.edge_connection_id, e.rejected, e.digest, e.xmin::text AS version
                           FROM edgemirror.edge e
                          WHERE e.edge_connection_id = concerned.edge
                            FOR NO KEY UPDATE) e
)
SELECT bool_or(edge_connection_id = $1::uuid AND rejected > 0) AS has_rejected, max(version) FILTER (WHERE edge_connection_id = $1::uuid) AS version,
       max(digest) FILTER (WHERE edge_connection_id = $1::uuid) AS digest,
       to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS time
  FROM locked
