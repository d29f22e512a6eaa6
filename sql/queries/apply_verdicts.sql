-- What the catalog answered for each row that it was asked for by its id, and with which HTTP status: gone; or (false) with another Edge connection, and how it is
-- there; or (null) neither.
COPY pg_temp.edgemirror_spool_4 (asked_usec, id, gone, http_status, edge, name, database_id) FROM STDIN
