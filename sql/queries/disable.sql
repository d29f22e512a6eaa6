-- Edges that are not among those of the configuration, and that no other instance wants, are not synced any more, nor those that it has disabled; their
-- rows stay. A run that somebody who went away has left open there is closed: nobody will claim the edge and do so.
-- An instance that was stopped before this one started wants nothing; one that is stopped while this one runs may be about to start again, and wants its edges
-- until it counts as dead. $1 ids of the configuration, $2 this instance (null: none, somebody syncs by hand, and decides nothing about what was discovered).
WITH wanted AS (
    SELECT w.id FROM unnest($1::uuid[]) AS w (id)
    UNION
    SELECT w.id FROM edgemirror.instance i CROSS JOIN LATERAL unnest(i.edges) AS w (id) WHERE i.instance_id IS DISTINCT FROM $2::uuid
       AND (i.stopped_at IS NULL OR i.stopped_at > (SELECT m.started_at FROM edgemirror.instance m WHERE m.instance_id = $2::uuid))
), gone AS (
    UPDATE edgemirror.edge e SET enabled = false
     WHERE e.enabled AND ($2::uuid IS NOT NULL OR e.origin = 'configured') AND NOT EXISTS (SELECT FROM wanted w WHERE w.id = e.edge_connection_id)
    RETURNING e.edge_connection_id
), others AS (
    SELECT edge_connection_id FROM gone
    UNION ALL
    SELECT edge_connection_id FROM edgemirror.edge WHERE NOT enabled
), freed AS (
    -- As the rows are when they are written: a lease that was taken meanwhile stays.
    UPDATE edgemirror.edge_claim c
       SET next_run_at = NULL, holder = CASE WHEN c.expires_at >= now() THEN c.holder END, expires_at = CASE WHEN c.expires_at >= now() THEN c.expires_at END
      FROM others o
     WHERE c.edge_connection_id = o.edge_connection_id AND (c.next_run_at IS NOT NULL OR c.expires_at < now())
)
UPDATE edgemirror.sync_run r
   SET phase = 'done', outcome = 'aborted', finished_at = clock_timestamp(), error_scope = 'run', error_code = 'lease-lost',
       error_message = 'the lease of its instance ended before the run did'
  FROM others o JOIN edgemirror.edge_claim c USING (edge_connection_id)
 WHERE r.edge_connection_id = o.edge_connection_id AND r.finished_at IS NULL AND (c.holder IS NULL OR c.expires_at < now())
