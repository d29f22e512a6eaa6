-- Waits until what was sent and not answered has ended: it held this lock when it was asked to commit. $1 edge.
SELECT epoch
  FROM edgemirror.edge_claim
 WHERE edge_connection_id = $1::uuid
   FOR SHARE
