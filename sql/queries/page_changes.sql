-- What happened on a day or on the last days, the latest first, without what came with the first list of an edge; a move is one row, of the edge that it went to, and
-- of the one that it left where it went to none that is known, or that edge alone is asked for: as the days count it.
-- $1 day (null: the last ones), $2 kind (null: all), $3 edge by its name (null: all), $4 so many days, $5 limit; one more, so that it is known that there are more.
SELECT c.happened_at::date AS day, to_char(c.happened_at, 'HH24:MI') AS time, c.kind, c.edge, c.edge_connection_id, c.edge_before, c.edge_after,
       left(c.name_before, 5000) AS name_before, left(c.name_after, 5000) AS name_after, c.renamed, c.relinked, c.by_retire, c.database_id_before IS NOT NULL AS registered_before, c.database_id_after IS NOT NULL AS registered_after
  FROM edgemirror.change c
 WHERE c.happened_at >= coalesce($1::date, current_date - $4::int) AND c.happened_at < coalesce($1::date, current_date) + 1
   AND NOT c.first_load AND (c.kind <> 'moved_out' OR $3::text IS NOT NULL OR c.edge_connection_id_after IS NULL)
   AND ($2::text IS NULL OR c.kind = $2::text OR $2::text = 'moved_in' AND c.kind = 'moved_out')
   AND ($3::text IS NULL OR c.edge = $3::text)
 ORDER BY c.happened_at DESC, coalesce(c.name_after, c.name_before), c.id
 LIMIT $5::bigint + 1
