-- What the last sync that wrote an edge left there, and what is there, computed from the rows: to be fetched edge by edge, in order of name, all of one
-- moment. $1 names (text array) or null for all.
DECLARE edgemirror_verify NO SCROLL CURSOR FOR
SELECT e.edge_connection_id, e.name, e.row_count AS recorded_rows, e.digest AS recorded_digest, p.row_count, p.digest
  FROM (SELECT * FROM edgemirror.edge
         WHERE $1::text[] IS NULL OR name = ANY ($1::text[])
         ORDER BY name
        OFFSET 0) e -- sorted before the digests are computed, so that the first comes at once
 CROSS JOIN LATERAL edgemirror.digest_of(e.edge_connection_id) p
