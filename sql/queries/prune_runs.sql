-- Deletes one batch of runs that ended long ago, the oldest first. What stays however old it is: a run that has not ended, the last run of an edge to end
-- (status shows it), the newest run of an edge, and its newest run of a service that was not stopped (what people were told; read once for all edges).
-- $1 keep (interval; null: for ever, nothing is deleted), $2 rows at most.
WITH old AS (
    SELECT r.run_id
      FROM edgemirror.sync_run r
     WHERE r.finished_at < now() - $1::interval
       AND NOT EXISTS (SELECT FROM edgemirror.edge e WHERE e.last_run_id = r.run_id AND e.edge_connection_id = r.edge_connection_id)
       AND EXISTS (SELECT FROM edgemirror.sync_run n WHERE n.edge_connection_id = r.edge_connection_id AND n.run_id > r.run_id)
       AND (r.by_hand OR r.outcome = 'aborted'
            OR r.run_id NOT IN (SELECT max(n.run_id) FROM edgemirror.sync_run n WHERE NOT n.by_hand AND n.outcome <> 'aborted' GROUP BY n.edge_connection_id))
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
