-- Begins the new ones, at the same time as the old ones ended.
INSERT INTO edgemirror.database_connection_history (id, edge_connection_id, name, database_id, valid_from, run_id)
SELECT d.id, d.edge_connection_id, d.name, d.database_id, d.changed_at, d.run_id
  FROM pg_temp.edgemirror_difference_3 x
  JOIN edgemirror.database_connection d ON d.id = x.id
