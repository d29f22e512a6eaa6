-- How the last run of each of these edges ended that was not stopped, of a service or by whomever; no row where there is none among its last
-- thousand. $1 edges (uuid array), $2 by whomever (boolean).
SELECT r.edge_connection_id, r.outcome, r.error_code, r.error_message
  FROM unnest($1::uuid[]) AS w (id)
 CROSS JOIN LATERAL (SELECT * FROM (SELECT * FROM edgemirror.sync_run y WHERE y.edge_connection_id = w.id ORDER BY y.run_id DESC LIMIT 1000) x
                      WHERE x.outcome <> 'aborted' AND ($2::boolean OR NOT x.by_hand) ORDER BY x.run_id DESC LIMIT 1) r
