-- The edges that are meant, by name or id, with what retiring them would concern. $1 names and ids.
SELECT e.edge_connection_id, e.name,
       (SELECT count(*) FROM edgemirror.database_connection d WHERE d.edge_connection_id = e.edge_connection_id AND d.removed_at IS NULL) AS present,
       (SELECT count(*) FROM edgemirror.database_connection d WHERE d.edge_connection_id = e.edge_connection_id)
       + (SELECT count(*) FROM edgemirror.database_connection_past p WHERE p.edge_connection_id = e.edge_connection_id) AS versions,
       (SELECT count(*) FROM edgemirror.sync_run r WHERE r.edge_connection_id = e.edge_connection_id) AS runs
  FROM unnest($1::text[]) WITH ORDINALITY AS w (asked, place)
  JOIN edgemirror.edge e ON e.name = w.asked OR e.edge_connection_id::text = lower(w.asked)
 ORDER BY w.place
