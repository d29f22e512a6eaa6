-- What the last sync that wrote an edge left there, and what is there, computed from the rows; and of how many rows versions overlap. To be fetched edge by edge, in order of name, all as of one time. $1 names or ids (text array) or null for all.
DECLARE edgemirror_verify NO SCROLL CURSOR FOR
SELECT e.edge_connection_id, e.name, e.row_count AS recorded_rows, e.digest AS recorded_digest, p.row_count, p.digest, h.differing
  FROM (SELECT * FROM edgemirror.edge
         WHERE $1::text[] IS NULL OR name = ANY ($1::text[]) OR edge_connection_id::text IN (SELECT lower(asked) FROM unnest($1::text[]) AS asked)
         ORDER BY name
        OFFSET 0) e -- sorted before the digests are computed, so that the first comes at once
 CROSS JOIN LATERAL edgemirror.digest_of(e.edge_connection_id) p
 CROSS JOIN LATERAL (
       SELECT count(*) AS differing
         FROM edgemirror.database_connection d
        WHERE d.edge_connection_id = e.edge_connection_id
          AND EXISTS (SELECT FROM (SELECT v.valid_from, v.previous_ended_at, lag(coalesce(v.valid_to, 'infinity')) OVER (ORDER BY v.valid_from, v.valid_to) AS before_ended_at
                                     FROM (SELECT p.valid_from, p.valid_to, p.previous_ended_at FROM edgemirror.database_connection_past p WHERE p.id = d.id
                                           UNION ALL
                                           SELECT d.changed_at, d.removed_at, d.previous_ended_at) v) follows
                       WHERE follows.before_ended_at > coalesce(follows.previous_ended_at, follows.valid_from))
          AND EXISTS (SELECT FROM edgemirror.database_connection_past p WHERE p.id = d.id)) h
