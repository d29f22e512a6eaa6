-- Only the holder of the present epoch may publish; the lock keeps everybody else from claiming until the end of the transaction. Taken last, so that
-- heartbeats go on while a large snapshot is written. $1 edge, $2 epoch. No row: the lease is not ours any more.
SELECT epoch
  FROM edgemirror.edge_claim
 WHERE edge_connection_id = $1::uuid AND epoch = $2::bigint AND holder IS NOT NULL
   FOR UPDATE
