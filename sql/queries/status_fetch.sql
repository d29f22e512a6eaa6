-- Some edges; none: those before were the last.
FETCH 200 FROM edgemirror_status
