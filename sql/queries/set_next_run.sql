-- Says when an edge is due, once its run is over; an edge that somebody has claimed since, or that is not scheduled, stays as it is.
-- $1 edge, $2 epoch of the run, $3 microseconds since 1970.
UPDATE edgemirror.edge_claim
   SET next_run_at = timestamptz 'epoch' + $3::bigint * interval '1 microsecond'
 WHERE edge_connection_id = $1::uuid AND epoch = $2::bigint AND holder IS NULL AND next_run_at IS NOT NULL
