-- Databases by name. $1 text that the name has (null: any), $2 edge by its name (null: all), $3 registered (boolean; null: either), $4 limit; one more, so that it is known that there are more.
SELECT left(i.name, 5000) AS name, i.edge, i.edge_connection_id, i.id, i.registered, i.held, to_char(i.first_seen_at, 'YYYY-MM-DD') AS first_seen
  FROM edgemirror.inventory i
 WHERE ($1::text IS NULL OR strpos(lower(i.name), lower($1::text)) > 0)
   AND ($2::text IS NULL OR i.edge = $2::text)
   AND ($3::boolean IS NULL OR i.registered = $3::boolean)
 ORDER BY i.name, i.edge, i.id
 LIMIT $4::bigint + 1
