-- Deletes one batch of runs that ended long ago, the oldest first. What stays however old it is: a run that has not ended, the newest run of an edge, and those
-- that the edge names: its last to end (status shows it), its last that was not stopped, and that of a service (what people were told).
-- $1 keep (interval; null: for ever, nothing is deleted), $2 rows at most.
WITH old AS (
    SELECT r.run_id
      FROM edgemirror.sync_run r
     WHERE r.finished_at < now() - $1::interval
       AND NOT EXISTS (SELECT FROM edgemirror.edge e
                        WHERE e.edge_connection_id = r.edge_connection_id AND r.run_id IN (e.last_run_id, e.completed_run_id, e.service_run_id))
       AND EXISTS (SELECT FROM edgemirror.sync_run n WHERE n.edge_connection_id = r.edge_connection_id AND n.run_id > r.run_id)
     ORDER BY r.finished_at
     LIMIT $2::bigint
       FOR UPDATE SKIP LOCKED
), deleted AS (
    DELETE FROM edgemirror.sync_run r
     USING old
     WHERE r.run_id = old.run_id
    RETURNING 1
)
SELECT count(*) FROM deleted
