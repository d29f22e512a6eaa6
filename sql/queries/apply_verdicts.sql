-- What the catalog said of each row that it was asked for by its id: gone, or (false) with another Edge connection, and how it is there.
COPY pg_temp.edgemirror_verdict_2 (id, gone, edge, name, database_id) FROM STDIN
