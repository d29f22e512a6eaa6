-- The spool's text.
COPY pg_temp.edgemirror_spool_1 (seq, id, name, database_id) FROM STDIN
