-- Makes edges known. An edge that does not change is not written. A time in $8 (microseconds since 1970; 0: the queue does not change) is when the edge is
-- due: at once in force when it is new or its schedule has changed, else only if it was to be due later; what is due already remains due; an edge that is
-- disabled is not due; one that has been listed and is not in the queue was listed by another mirror, of which this one is a copy or a subscriber: what became
-- due meanwhile is not known, and it is due at once. One that is disabled here and wanted by another instance stays as that one has it.
-- $1 ids, $2 names, $3 enabled, $4 schedules, $5 time zones, $6 origins, $7 names in the catalog, $8 times: arrays of the same length; $9 this instance (null: none).
WITH wanted_by_others AS (
    SELECT DISTINCT x.id FROM edgemirror.instance i CROSS JOIN LATERAL unnest(i.edges) AS x (id)
     WHERE i.instance_id IS DISTINCT FROM $9::uuid
       AND (i.stopped_at IS NULL OR i.stopped_at > (SELECT m.started_at FROM edgemirror.instance m WHERE m.instance_id = $9::uuid)) -- as in disable.sql
), wanted AS (
    SELECT w.* FROM unnest($1::uuid[], $2::text[], $3::boolean[], $4::text[], $5::text[], $6::text[], $7::text[], $8::bigint[])
           AS w (edge_connection_id, name, enabled, schedule, timezone, origin, catalog_name, next_usec)
     WHERE w.enabled OR NOT EXISTS (SELECT FROM wanted_by_others x WHERE x.id = w.edge_connection_id)
), edge AS (
    INSERT INTO edgemirror.edge AS e (edge_connection_id, name, enabled, schedule, timezone, origin, catalog_name)
    SELECT w.edge_connection_id, w.name, w.enabled, w.schedule, w.timezone, w.origin, w.catalog_name FROM wanted w
     WHERE NOT EXISTS (SELECT FROM edgemirror.edge x
                        WHERE (x.edge_connection_id, x.name, x.enabled, x.schedule, x.timezone, x.origin)
                            = (w.edge_connection_id, w.name, w.enabled, w.schedule, w.timezone, w.origin)
                          AND x.catalog_name IS NOT DISTINCT FROM w.catalog_name)
     ORDER BY w.edge_connection_id
    ON CONFLICT (edge_connection_id) DO UPDATE
       SET name = excluded.name, enabled = excluded.enabled, schedule = excluded.schedule, timezone = excluded.timezone, origin = excluded.origin,
           catalog_name = excluded.catalog_name
), queue AS (
    SELECT w.edge_connection_id, c.edge_connection_id IS NULL AS is_new, c.next_run_at AS was,
           CASE WHEN w.next_usec = 0 THEN c.next_run_at
                WHEN NOT w.enabled THEN NULL
                WHEN c.edge_connection_id IS NULL AND e.listed_at IS NOT NULL THEN now()
                WHEN (e.schedule, e.timezone) = (w.schedule, w.timezone) THEN least(c.next_run_at, requested.at)
                WHEN c.next_run_at <= now() THEN c.next_run_at
                ELSE requested.at
           END AS next_run_at
      FROM wanted w
     CROSS JOIN LATERAL (SELECT timestamptz 'epoch' + w.next_usec * interval '1 microsecond' AS at) requested
      LEFT JOIN edgemirror.edge e USING (edge_connection_id)
      LEFT JOIN edgemirror.edge_claim c USING (edge_connection_id)
)
INSERT INTO edgemirror.edge_claim (edge_connection_id, next_run_at)
SELECT q.edge_connection_id, q.next_run_at FROM queue q
 WHERE q.is_new OR q.next_run_at IS DISTINCT FROM q.was
 ORDER BY q.edge_connection_id
ON CONFLICT (edge_connection_id) DO UPDATE SET next_run_at = excluded.next_run_at
