-- How the last run of each of these edges ended that was not stopped, of a service or by whomever; no row where there is none.
-- $1 edges (uuid array), $2 by whomever (boolean).
SELECT e.edge_connection_id, r.run_id, r.outcome, r.error_code, r.error_message
  FROM edgemirror.edge e
  JOIN edgemirror.sync_run r ON r.run_id = CASE WHEN $2::boolean THEN e.completed_run_id ELSE e.service_run_id END
 WHERE e.edge_connection_id = ANY ($1::uuid[]) AND r.edge_connection_id = e.edge_connection_id
