-- Edges that are not among those of the configuration are not synced any more; their rows stay. A run that somebody who went away has left open there is
-- closed: nobody will claim the edge and do so. $1 ids of the configuration.
WITH others AS (
    SELECT e.edge_connection_id, e.enabled, c.next_run_at, c.holder IS NULL OR c.expires_at < now() AS left_alone
      FROM edgemirror.edge e JOIN edgemirror.edge_claim c USING (edge_connection_id)
     WHERE NOT EXISTS (SELECT FROM unnest($1::uuid[]) AS w (id) WHERE w.id = e.edge_connection_id)
), gone AS (
    UPDATE edgemirror.edge e SET enabled = false
      FROM others o
     WHERE e.edge_connection_id = o.edge_connection_id AND e.enabled
), closed AS (
    UPDATE edgemirror.sync_run r
       SET phase = 'done', outcome = 'aborted', finished_at = clock_timestamp(), error_scope = 'run', error_code = 'lease-lost',
           error_message = 'the instance went away without ending its run'
      FROM others o
     WHERE r.edge_connection_id = o.edge_connection_id AND r.finished_at IS NULL AND o.left_alone
)
UPDATE edgemirror.edge_claim c
   SET next_run_at = NULL, holder = CASE WHEN NOT o.left_alone THEN c.holder END, expires_at = CASE WHEN NOT o.left_alone THEN c.expires_at END
  FROM others o
 WHERE c.edge_connection_id = o.edge_connection_id
   AND (c.next_run_at IS NOT NULL OR (o.left_alone AND c.holder IS NOT NULL AND c.expires_at < now()))
