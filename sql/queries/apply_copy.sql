-- The spool's text.
COPY pg_temp.edgemirror_spool_4 (seq, asked_usec, id, name, database_id, rejected, anonymous) FROM STDIN
