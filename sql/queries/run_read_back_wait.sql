-- Waits until the transaction whose answer was lost has ended: it holds this lock from its first statement on. $1 edge.
SELECT epoch
  FROM edgemirror.edge_claim
 WHERE edge_connection_id = $1::uuid
   FOR SHARE
