-- One migrate or retire at a time: the second waits here until the first has committed.
SELECT pg_advisory_xact_lock(hashtextextended('edgemirror.migrate', 0))
