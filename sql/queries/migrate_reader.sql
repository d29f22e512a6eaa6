-- Is the reader's role there?
SELECT count(*) FROM pg_roles WHERE rolname = 'edgemirror_reader'
