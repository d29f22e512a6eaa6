-- Finds what differs between the spool and the present rows of the edge, in one pass and without locking anything. Only rows of the list that are none of them are
-- looked up, by their id: whatever the planner thinks of tables without statistics, the cost grows with the list, the edge and what differs, never with the
-- mirror. Kinds:
--   added, changed, restored: to be written as listed; changed is a row that belongs to another edge, too (not present here)
--   moved:     missing, and belongs to an Edge connection that nobody mirrors, or whose list lacks it: to be written there, as the catalog gave it
--   gone:      missing, and proven gone in as many syncs in a row as it takes, this one included, and for as long: to be removed
--   pending:   missing, and proven gone in fewer, or not for so long
--   guard, unproven, refresh: missing, and stays for that reason
--   left:      missing, and left to the sync of the edge to which it belongs now
--   elsewhere: in the list, and another edge has seen it, or proven it gone, later than the catalog was asked for this: that is the later word, and counts
--   listed:    was missing before, and is in the list
--   rejected:  in the list, cannot be mirrored, and no present row
--   unseen:    not in a list that is not whole and of which nothing was asked
--   over:      was asked for, and is no present row any more
-- Gives what the edge was before, how many present rows it has, how many of them and of the spool have no partner (with the number of rows of the spool, that
-- shows whether an id occurs twice), the names of a few missing rows for a person, and how many there are of each kind. $1 edge, $2 why rows of which nothing is
-- known stay (null: the list is not whole and nothing was asked), $3 confirm_removals, $4 removal_delay (interval; from the
-- first proof to this one), $5 the time by the clock of the program. A time of the mirror that has not come yet is of a clock that was set back since, and says nothing.
WITH difference AS (
    INSERT INTO pg_temp.edgemirror_difference_6 (id, kind, listed, present, name, database_id, edge_before, edge, http_status, asked_usec, version)
    SELECT id, kind, listed, present, name, database_id, CASE WHEN kind IN ('changed', 'restored') THEN edge_before END,
           CASE WHEN kind = 'moved' THEN edge END, http_status, asked_usec, version
      FROM (SELECT coalesce(s.id, d.id) AS id, s.id IS NOT NULL AS listed, d.id IS NOT NULL AS present,
                   coalesce(s.name, d.name) AS name, s.database_id, o.edge_connection_id AS edge_before, s.edge, s.http_status, s.asked_usec,
                   coalesce(d.changed_at, o.removed_at, o.changed_at) AS version,
                   CASE WHEN s.id IS NULL THEN coalesce($2::text, 'unseen')
                        WHEN s.seq IS NULL THEN
                             CASE WHEN d.id IS NULL THEN 'over'
                                  WHEN s.gone AND coalesce(d.missing_proofs, 0) + 1 >= $3::bigint
                                       AND ($4::interval <= interval '0' OR d.proven_since <= s.asked_at - $4::interval) THEN 'gone'
                                  WHEN s.gone THEN 'pending'
                                  WHEN NOT s.gone AND EXISTS (SELECT FROM edgemirror.edge e WHERE e.edge_connection_id = s.edge AND e.enabled
                                                                 AND coalesce(e.listed_at <= d.missing_since, true)) THEN 'left'
                                  WHEN NOT s.gone THEN 'moved'
                                  ELSE coalesce($2::text, 'unseen') END
                        WHEN s.rejected IS NOT NULL AND d.id IS NULL THEN 'rejected'
                        WHEN d.id IS NULL THEN CASE WHEN o.id IS NULL THEN 'added' WHEN o.as_of > s.asked_at THEN 'elsewhere'
                                                    WHEN o.removed_at IS NOT NULL THEN 'restored' ELSE 'changed' END
                        WHEN s.rejected IS NULL AND (d.name <> s.name OR d.database_id IS DISTINCT FROM s.database_id) THEN 'changed'
                        WHEN d.missing_since IS NOT NULL THEN 'listed' END AS kind
              FROM (SELECT *, statement_timestamp() - ($5::bigint - asked_usec) * interval '1 microsecond' AS asked_at FROM pg_temp.edgemirror_spool_4) s
              FULL JOIN (SELECT p.id, p.name, p.database_id, p.changed_at, p.missing_since, p.missing_proofs, p.proven_since
                           FROM edgemirror.database_connection p
                          WHERE p.edge_connection_id = $1::uuid AND p.removed_at IS NULL) d ON d.id = s.id
              LEFT JOIN LATERAL (SELECT k.id, k.edge_connection_id, k.changed_at, k.removed_at, -- as of when that edge has seen it last, or proven it gone
                                        CASE WHEN k.edge_connection_id <> $1::uuid THEN
                                             greatest(CASE WHEN k.as_of <= statement_timestamp() THEN k.as_of END,
                                                      CASE WHEN n.listed_at <= statement_timestamp() AND k.removed_at IS NULL AND k.missing_since IS NULL THEN n.listed_at END) END AS as_of
                                   FROM edgemirror.database_connection k
                                   LEFT JOIN edgemirror.edge n USING (edge_connection_id)
                                  WHERE k.id = s.id AND d.id IS NULL
                                 OFFSET 0) o ON true) compared
     WHERE kind IS NOT NULL
    RETURNING id, kind, listed, present, name
)
SELECT e.version, e.row_count, (SELECT count(*) FROM edgemirror.database_connection d WHERE d.edge_connection_id = $1::uuid AND d.removed_at IS NULL) AS present,
       n.without_row, n.without_line,
       (SELECT string_agg(left(few.name, 60), ', ' ORDER BY few.name)
          FROM (SELECT name FROM difference WHERE present AND kind IN ('guard', 'unproven', 'refresh') ORDER BY id LIMIT 3) few) AS names,
       n.added, n.changed, n.restored, n.moved, n.gone, n.pending, n.held, n.left_alone, n.listed, n.elsewhere
  FROM (SELECT count(*) FILTER (WHERE listed AND NOT present) AS without_row, count(*) FILTER (WHERE present AND NOT listed) AS without_line,
               count(*) FILTER (WHERE kind = 'added') AS added, count(*) FILTER (WHERE kind = 'changed') AS changed,
               count(*) FILTER (WHERE kind = 'restored') AS restored, count(*) FILTER (WHERE kind = 'moved') AS moved,
               count(*) FILTER (WHERE kind = 'gone') AS gone, count(*) FILTER (WHERE kind = 'pending') AS pending,
               count(*) FILTER (WHERE kind IN ('guard', 'unproven', 'refresh')) AS held, count(*) FILTER (WHERE kind = 'left') AS left_alone,
               count(*) FILTER (WHERE kind = 'listed') AS listed, count(*) FILTER (WHERE kind = 'elsewhere') AS elsewhere
          FROM difference) n
  LEFT JOIN (SELECT xmin::text AS version, row_count FROM edgemirror.edge WHERE edge_connection_id = $1::uuid) e ON true
