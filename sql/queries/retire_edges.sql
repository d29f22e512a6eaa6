-- The edges are not synced any more, and hold nothing: that is what verify finds. A run that somebody who went away has left open is closed, and the epoch
-- rises: whoever comes back publishes nothing. $1 ids.
WITH edge AS (
    UPDATE edgemirror.edge e
       SET enabled = false, row_count = CASE WHEN e.row_count IS NOT NULL THEN p.row_count END, digest = CASE WHEN e.row_count IS NOT NULL THEN p.digest END,
           list_digest = NULL, rejected = 0
      FROM unnest($1::uuid[]) AS w (id)
     CROSS JOIN LATERAL edgemirror.digest_of(w.id) p
     WHERE e.edge_connection_id = w.id
), listed AS (
    DELETE FROM edgemirror.rejected_row r WHERE r.edge_connection_id = ANY ($1::uuid[])
), freed AS (
    UPDATE edgemirror.edge_claim c
       SET next_run_at = NULL, holder = NULL, expires_at = NULL, epoch = greatest(c.epoch + 1, (extract(epoch FROM clock_timestamp()) * 1000000)::bigint)
     WHERE c.edge_connection_id = ANY ($1::uuid[])
)
UPDATE edgemirror.sync_run r
   SET phase = 'done', outcome = 'aborted', finished_at = clock_timestamp(), error_scope = 'run', error_code = 'lease-lost',
       error_message = 'the lease of its instance ended before the run did'
 WHERE r.edge_connection_id = ANY ($1::uuid[]) AND r.finished_at IS NULL
