-- Says when an edge is due, once its run is over; an edge that is held already, or not scheduled, stays as it is. $1 edge, $2 microseconds since 1970.
UPDATE edgemirror.edge_claim
   SET next_run_at = timestamptz 'epoch' + $2::bigint * interval '1 microsecond'
 WHERE edge_connection_id = $1::uuid AND holder IS NULL AND next_run_at IS NOT NULL
