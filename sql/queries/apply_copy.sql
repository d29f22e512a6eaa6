-- The spool's text.
COPY pg_temp.edgemirror_spool_3 (seq, id, name, database_id, rejected, anonymous) FROM STDIN
