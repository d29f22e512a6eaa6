-- Gives back a lease under which no run was begun; the edge is due again when it was. Nothing when the lease is not ours any more. $1 edge, $2 epoch.
UPDATE edgemirror.edge_claim
   SET holder = NULL, expires_at = NULL
 WHERE edge_connection_id = $1::uuid AND epoch = $2::bigint AND holder IS NOT NULL
