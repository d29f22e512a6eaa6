-- Releases a lease under which no run was begun. Nothing when the lease is not ours any more.
-- $1 edge, $2 epoch, $3 when it is due (microseconds since 1970; 0: when it was).
UPDATE edgemirror.edge_claim
   SET holder = NULL, expires_at = NULL,
       next_run_at = CASE WHEN $3::bigint = 0 OR next_run_at IS NULL THEN next_run_at
                          ELSE timestamptz 'epoch' + $3::bigint * interval '1 microsecond' END
 WHERE edge_connection_id = $1::uuid AND epoch = $2::bigint AND holder IS NOT NULL
