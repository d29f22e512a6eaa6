-- The moment of this snapshot: from it on, the rows that it writes are as they are.
SELECT clock_timestamp()
