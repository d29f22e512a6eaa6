-- The present rows become tombstones, as a removal leaves them, but by no run, and what was known of those that were missing stays: nobody will look for them any
-- more. Listeners are notified. $1 ids.
WITH removed AS (
    UPDATE edgemirror.database_connection d
       SET removed_at = greatest(clock_timestamp(), d.changed_at + interval '1 microsecond'), ended_as = 'retired'
     WHERE d.edge_connection_id = ANY ($1::uuid[]) AND d.removed_at IS NULL
    RETURNING d.edge_connection_id
), count AS (
    SELECT edge_connection_id, count(*) AS rows FROM removed GROUP BY edge_connection_id
)
SELECT rows, pg_notify('edgemirror_change', json_build_object('edgeConnectionId', edge_connection_id, 'runId', NULL, 'added', 0, 'changed', 0,
                                                              'removed', rows, 'restored', 0)::text)
  FROM count
