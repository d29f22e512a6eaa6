-- The rows that are missing, to be fetched in portions.
DECLARE edgemirror_missing NO SCROLL CURSOR FOR
SELECT id FROM pg_temp.edgemirror_difference_6 WHERE present AND kind IN ('guard', 'unproven', 'refresh')
