-- Edges that are not among those of the configuration are not synced any more; their rows stay. $1 ids of the configuration.
WITH gone AS (
    UPDATE edgemirror.edge e SET enabled = false
     WHERE e.enabled AND NOT EXISTS (SELECT FROM unnest($1::uuid[]) AS w (id) WHERE w.id = e.edge_connection_id)
)
UPDATE edgemirror.edge_claim c SET next_run_at = NULL
 WHERE c.next_run_at IS NOT NULL AND NOT EXISTS (SELECT FROM unnest($1::uuid[]) AS w (id) WHERE w.id = c.edge_connection_id)
