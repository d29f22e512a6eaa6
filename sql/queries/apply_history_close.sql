-- Ends the versions that were current.
UPDATE edgemirror.database_connection_history h
   SET valid_to = d.changed_at
  FROM pg_temp.edgemirror_difference_1 x
  JOIN edgemirror.database_connection d ON d.id = x.id
 WHERE h.id = x.id AND h.valid_to IS NULL
