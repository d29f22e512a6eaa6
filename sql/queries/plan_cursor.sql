-- Every row that would be added, changed, restored or removed, and every one that would be pending or held, with what the mirror holds now; to be fetched in portions.
DECLARE edgemirror_plan NO SCROLL CURSOR FOR
SELECT CASE p.kind WHEN 'moved' THEN 'changed' ELSE p.kind END AS kind, p.id, p.name, p.database_id, d.name AS name_before, d.database_id AS database_id_before,
       d.edge_connection_id AS edge_connection_id_before, p.edge
  FROM (SELECT kind, id, name, database_id, edge FROM pg_temp.edgemirror_difference_6 WHERE kind IN ('added', 'changed', 'restored', 'moved')
        UNION ALL
        SELECT CASE kind WHEN 'gone' THEN 'removed' WHEN 'pending' THEN 'pending' ELSE 'held' END, id, NULL, NULL, NULL
          FROM pg_temp.edgemirror_difference_6
         WHERE kind IN ('gone', 'pending', 'guard', 'unproven', 'refresh')) p
  LEFT JOIN edgemirror.database_connection d ON d.id = p.id
 ORDER BY array_position(ARRAY['added', 'restored', 'changed', 'moved', 'removed', 'pending', 'held'], p.kind), coalesce(p.name, d.name), p.id
