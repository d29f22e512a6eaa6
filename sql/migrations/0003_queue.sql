-- The queue is asked "who is due, whose lease has ended, and when is the next" all the time: small indexes for it. Heartbeats touch neither of the indexed
-- columns, so that they stay cheap (heap-only) updates.
CREATE INDEX edge_claim_due ON edgemirror.edge_claim (next_run_at) WHERE holder IS NULL;
CREATE INDEX edge_claim_held ON edgemirror.edge_claim (edge_connection_id) WHERE holder IS NOT NULL;
