-- How the last run of each of these edges ended that was not stopped, by whomever; no row where there is none. $1 edges (uuid array).
SELECT r.edge_connection_id, r.outcome, r.by_hand, r.error_code, r.error_message
  FROM unnest($1::uuid[]) AS w (id)
 CROSS JOIN LATERAL (SELECT * FROM edgemirror.sync_run x
                      WHERE x.edge_connection_id = w.id AND x.outcome <> 'aborted' ORDER BY x.run_id DESC LIMIT 1) r
