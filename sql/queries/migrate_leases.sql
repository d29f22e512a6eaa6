-- With each migration all leases end: a run that a program of the version before has under way publishes nothing any more.
UPDATE edgemirror.edge_claim SET holder = NULL, expires_at = NULL, epoch = epoch + 1 WHERE holder IS NOT NULL
