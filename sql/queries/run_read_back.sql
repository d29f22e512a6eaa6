-- How a run ended, when the answer to COMMIT was lost. A statement of its own after the wait, so that it sees what was committed meanwhile. $1 run.
SELECT outcome IS NOT NULL AS finished, outcome, listed, added, changed, removed, restored, unchanged, held,
       (SELECT row_count FROM edgemirror.edge e WHERE e.edge_connection_id = r.edge_connection_id) AS row_count, pending, rejected
  FROM edgemirror.sync_run r
 WHERE run_id = $1::bigint
