-- Locks the row of this edge and of every edge that loses a row to it or gets one of it, in order of id, so that two edges exchanging rows do not lock each
-- other out. From here on nobody takes a row away from this edge without being seen by its digest, nor the other way round. Says whether this edge has rows
-- that could not be mirrored. $1 edge.
SELECT e.edge_connection_id = $1::uuid AND e.rejected > 0 AS has_rejected
  FROM edgemirror.edge e
 WHERE e.edge_connection_id IN (SELECT $1::uuid UNION SELECT x.edge_before FROM pg_temp.edgemirror_difference_3 x
                                UNION SELECT x.edge FROM pg_temp.edgemirror_difference_3 x)
 ORDER BY e.edge_connection_id
   FOR NO KEY UPDATE
