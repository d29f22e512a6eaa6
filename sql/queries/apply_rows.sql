-- Writes the rows that differ, and only those, each found by its id and in order of id, so that two edges exchanging rows do not lock each other out. The versions
-- that were there become past; a version begins at least a microsecond after the one before began, and not before it ended, also when the clock was set back.
-- Of rows that are missing and stay, it is written since when and why, and of which that is over; the proofs of a pending row are counted, whatever else is
-- found of it ends the series. The digests and numbers of rows of the edges that got or lost rows follow; what such another edge has is not its last list any
-- more. A row that another edge has added or changed since it was compared is not written (missed): then all is compared anew. Gives that number, this edge's digest and by how
-- many rows it grew, and what was done, as the view change has it. $1 edge, $2 time, $3 run, $4 that time by the clock of the program.
WITH source AS MATERIALIZED (
    SELECT x.id, x.kind, x.name, x.database_id, coalesce(x.edge, $1::uuid) AS edge, x.http_status, x.kind IN ('added', 'changed', 'restored', 'moved') AS begins,
           coalesce(o.removed_at, o.changed_at) IS DISTINCT FROM x.version AS overtaken,
           $2::timestamptz - ($4::bigint - x.asked_usec) * interval '1 microsecond' AS asked_at,
           o.edge_connection_id AS edge_before, o.name AS name_before, o.database_id AS database_id_before, o.first_seen_at, o.changed_at, o.as_of, o.removed_at,
           o.run_id, o.was_registered, o.began_as, o.previous_ended_at, o.ended_as, o.removed_run_id, o.missing_since, o.missing_proofs, o.proven_since,
           coalesce(o.removed_at, greatest($2::timestamptz, o.changed_at + interval '1 microsecond')) AS ended_at,
           CASE WHEN x.kind IN ('guard', 'unproven', 'refresh', 'pending') THEN x.kind END AS reason
      FROM (SELECT * FROM pg_temp.edgemirror_difference_6 WHERE kind NOT IN ('rejected', 'unseen', 'over', 'elsewhere') ORDER BY id) x
      LEFT JOIN LATERAL (SELECT d.* FROM edgemirror.database_connection d WHERE d.id = x.id FOR UPDATE) o ON true
     WHERE x.kind IN ('added', 'changed', 'restored')
        OR o.edge_connection_id = $1::uuid AND o.removed_at IS NULL
           AND (x.kind IN ('moved', 'gone', 'pending', 'listed') OR x.kind = 'left' AND o.missing_since IS NULL
                OR (o.missing_reason, o.missing_status) IS DISTINCT FROM
                   CASE WHEN x.kind IN ('guard', 'unproven', 'refresh') THEN ROW (x.kind, x.http_status) ELSE ROW (NULL::text, NULL::integer) END)
), past AS (
    INSERT INTO edgemirror.database_connection_past
           (id, edge_connection_id, name, database_id, valid_from, valid_to, run_id, began_as, previous_ended_at, ended_as, removed_run_id)
    SELECT id, edge_before, name_before, database_id_before, changed_at, ended_at, run_id, began_as, previous_ended_at, ended_as, removed_run_id
      FROM source
     WHERE begins AND edge_before IS NOT NULL
), written AS (
    INSERT INTO edgemirror.database_connection AS d
           (id, edge_connection_id, name, database_id, first_seen_at, changed_at, as_of, removed_at, ended_as, run_id, was_registered, began_as, previous_ended_at,
            removed_run_id, missing_since, missing_reason, missing_status, missing_proofs, proven_since, missing_run_id)
    SELECT id, CASE WHEN begins THEN edge ELSE edge_before END, CASE WHEN begins THEN name ELSE name_before END,
           CASE WHEN begins THEN database_id ELSE database_id_before END, coalesce(first_seen_at, $2::timestamptz),
           CASE WHEN NOT begins THEN changed_at WHEN removed_at IS NULL THEN coalesce(ended_at, $2::timestamptz)
                ELSE greatest($2::timestamptz, ended_at + interval '1 microsecond') END,
           CASE WHEN begins OR kind = 'gone' THEN asked_at ELSE as_of END, CASE WHEN kind = 'gone' THEN ended_at END,
           CASE WHEN kind = 'gone' THEN 'removed' END, CASE WHEN begins THEN $3::bigint ELSE run_id END,
           CASE WHEN was_registered OR begins AND database_id_before IS NOT NULL THEN true END,
           CASE WHEN NOT begins THEN began_as WHEN edge_before IS NULL THEN NULL WHEN ended_as = 'retired' AND edge_before = edge THEN 'resumed'
                WHEN removed_at IS NOT NULL THEN 'restored' WHEN edge_before <> edge THEN 'moved' ELSE 'changed' END,
           CASE WHEN NOT begins THEN previous_ended_at WHEN edge_before IS NOT NULL THEN ended_at END, CASE WHEN kind = 'gone' THEN $3::bigint END,
           CASE WHEN reason IS NOT NULL OR kind IN ('gone', 'left') THEN coalesce(missing_since, $2::timestamptz) END, reason,
           CASE WHEN reason IS NOT NULL THEN http_status END, CASE WHEN reason = 'pending' THEN coalesce(missing_proofs, 0) + 1 END,
           CASE WHEN reason = 'pending' THEN least(proven_since, asked_at) END,
           CASE WHEN reason IS NOT NULL THEN $3::bigint END
      FROM source
     WHERE NOT (begins AND overtaken)
    ON CONFLICT (id) DO UPDATE
       SET edge_connection_id = excluded.edge_connection_id, name = excluded.name, database_id = excluded.database_id, changed_at = excluded.changed_at,
           as_of = excluded.as_of, removed_at = excluded.removed_at, ended_as = excluded.ended_as, run_id = excluded.run_id, was_registered = excluded.was_registered, began_as = excluded.began_as,
           previous_ended_at = excluded.previous_ended_at, removed_run_id = excluded.removed_run_id,
           missing_since = excluded.missing_since, missing_reason = excluded.missing_reason, missing_status = excluded.missing_status,
           missing_proofs = excluded.missing_proofs, proven_since = excluded.proven_since, missing_run_id = excluded.missing_run_id
     WHERE excluded.previous_ended_at > d.changed_at OR excluded.changed_at = d.changed_at AND excluded.run_id = d.run_id
    RETURNING 1
), hashed AS MATERIALIZED ( -- one hash a row, not one for each use of it
    SELECT edge_before AS edge, -1 AS sign, edgemirror.digest_hash(id, database_id_before, name_before) AS h
      FROM source
     WHERE edge_before IS NOT NULL AND removed_at IS NULL AND (begins OR kind = 'gone')
    UNION ALL
    SELECT edge, 1, edgemirror.digest_hash(id, database_id, name) FROM source WHERE begins
), moved AS (
    SELECT edge, sum(sign) AS rows,
           sum(sign * ((get_byte(h, 0) << 24) | (get_byte(h, 1) << 16) | (get_byte(h, 2) << 8) | get_byte(h, 3))::bigint)::bigint AS word_1,
           sum(sign * ((get_byte(h, 4) << 24) | (get_byte(h, 5) << 16) | (get_byte(h, 6) << 8) | get_byte(h, 7))::bigint)::bigint AS word_2,
           sum(sign * ((get_byte(h, 8) << 24) | (get_byte(h, 9) << 16) | (get_byte(h, 10) << 8) | get_byte(h, 11))::bigint)::bigint AS word_3,
           sum(sign * ((get_byte(h, 12) << 24) | (get_byte(h, 13) << 16) | (get_byte(h, 14) << 8) | get_byte(h, 15))::bigint)::bigint AS word_4
      FROM hashed
     GROUP BY edge
), others AS (
    UPDATE edgemirror.edge e
       SET digest = edgemirror.digest_add(e.digest, m.word_1, m.word_2, m.word_3, m.word_4), row_count = e.row_count + m.rows, list_digest = NULL
      FROM moved m
     WHERE e.edge_connection_id = ANY (ARRAY (SELECT edge FROM moved WHERE edge <> $1::uuid)) AND e.edge_connection_id = m.edge
)
SELECT n.rows - (SELECT count(*) FROM written) AS missed,
       (SELECT edgemirror.digest_add(e.digest, coalesce(m.word_1, 0), coalesce(m.word_2, 0), coalesce(m.word_3, 0), coalesce(m.word_4, 0))
          FROM edgemirror.edge e LEFT JOIN moved m ON m.edge = e.edge_connection_id
         WHERE e.edge_connection_id = $1::uuid) AS digest,
       coalesce((SELECT rows FROM moved WHERE edge = $1::uuid), 0) AS grown, n.added, n.changed, n.restored, n.moved, n.removed
  FROM (SELECT count(*) AS rows, count(*) FILTER (WHERE begins AND edge_before IS NULL) AS added,
               count(*) FILTER (WHERE begins AND edge_before IS NOT NULL AND removed_at IS NULL) AS changed,
               count(*) FILTER (WHERE begins AND removed_at IS NOT NULL) AS restored, count(*) FILTER (WHERE kind = 'moved') AS moved,
               count(*) FILTER (WHERE kind = 'gone') AS removed
          FROM source) n
