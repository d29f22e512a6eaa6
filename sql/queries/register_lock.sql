-- Locks the edges that registering will write, in order of id, before any row of the queue: an apply takes the two in this order. Gives how many they are, and
-- whether others are enabled that no other instance wants: they will be disabled. $1 ids, $2 names, $3 enabled,
-- $4 schedules, $5 time zones, $6 origins, $7 names in the catalog: arrays of the same length; $8 this instance (null: none, somebody syncs by hand, and decides nothing about what was
-- discovered).
WITH wanted_by_others AS (
    SELECT DISTINCT x.id FROM edgemirror.instance i CROSS JOIN LATERAL unnest(i.edges) AS x (id)
     WHERE i.instance_id IS DISTINCT FROM $8::uuid
       AND (i.stopped_at IS NULL OR i.stopped_at > (SELECT m.started_at FROM edgemirror.instance m WHERE m.instance_id = $8::uuid)) -- as in disable.sql
), locked AS (
    SELECT w.edge_connection_id IS NULL AND e.enabled AS other
      FROM edgemirror.edge e
      LEFT JOIN unnest($1::uuid[], $2::text[], $3::boolean[], $4::text[], $5::text[], $6::text[], $7::text[])
             AS w (edge_connection_id, name, enabled, schedule, timezone, origin, catalog_name)
             ON w.edge_connection_id = e.edge_connection_id
     WHERE CASE WHEN w.edge_connection_id IS NULL THEN e.name = ANY ($2::text[]) OR (e.enabled AND ($8::uuid IS NOT NULL OR e.origin = 'configured')
                          AND e.edge_connection_id NOT IN (SELECT x.id FROM wanted_by_others x))
                ELSE (e.name, e.enabled, e.schedule, e.timezone, e.origin, e.catalog_name)
                     IS DISTINCT FROM (w.name, w.enabled, w.schedule, w.timezone, w.origin, w.catalog_name)
                     AND (w.enabled OR e.edge_connection_id NOT IN (SELECT x.id FROM wanted_by_others x)) END
     ORDER BY e.edge_connection_id
       FOR NO KEY UPDATE OF e
)
SELECT (SELECT count(*) FROM locked) AS locked,
       EXISTS (SELECT FROM locked WHERE other) AS others
