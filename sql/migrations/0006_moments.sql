-- What the clocks of an edge show, said exactly: moments that are certainly not too late.
COMMENT ON COLUMN edgemirror.edge.listed_at IS 'When reading the list was begun that the mirror is equal to: what changed in the catalog since may be missing. Null: never listed.';
COMMENT ON COLUMN edgemirror.edge.refreshed_at IS 'The last moment at which the last clean refresh was not over yet: what changed at the data source since may be missing. Null: never.';
COMMENT ON COLUMN edgemirror.edge.digest IS 'Digest of its present rows, from the snapshot that was applied last; see digest_of. Null: not known, because rows are held, the list was not whole, or another edge has taken rows over; a sync that lists the same rows writes it.';
COMMENT ON COLUMN edgemirror.freshness.listed_at IS 'When reading the list was begun that the mirror is equal to. Null: never listed.';
COMMENT ON COLUMN edgemirror.freshness.refreshed_at IS 'The last moment at which the last clean refresh was not over yet. Null: never.';
COMMENT ON COLUMN edgemirror.inventory.edge IS 'Name of that edge in the configuration. Null: never configured here; the row went there from an edge that is, and is as it was then.';
COMMENT ON COLUMN edgemirror.sync_run.trigger IS 'schedule, manual, or resume (took up the job of a run that ended before it).';
