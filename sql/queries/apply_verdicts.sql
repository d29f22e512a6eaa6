-- What the catalog said of each row that it was asked for by its id: gone, or (false) with another Edge connection.
COPY pg_temp.edgemirror_verdict_1 (id, gone) FROM STDIN
