-- The time of this snapshot: from it on, the rows that it writes are as they are. Written in a form that no setting changes, neither here nor where it is read.
SELECT to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
