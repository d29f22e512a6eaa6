-- What the last sync that wrote an edge left there, and what is there, computed from the rows; and of how many rows the current version in the history is not
-- the row, or is current although the row is gone. To be fetched edge by edge, in order of name, all as of one time. $1 names (text array) or null for all.
DECLARE edgemirror_verify NO SCROLL CURSOR FOR
SELECT e.edge_connection_id, e.name, e.row_count AS recorded_rows, e.digest AS recorded_digest, p.row_count, p.digest, h.differing
  FROM (SELECT * FROM edgemirror.edge
         WHERE $1::text[] IS NULL OR name = ANY ($1::text[])
         ORDER BY name
        OFFSET 0) e -- sorted before the digests are computed, so that the first comes at once
 CROSS JOIN LATERAL edgemirror.digest_of(e.edge_connection_id) p
 CROSS JOIN LATERAL (
       SELECT count(*) AS differing
         FROM edgemirror.database_connection d
         LEFT JOIN edgemirror.database_connection_history v ON v.id = d.id AND v.valid_to IS NULL
        WHERE d.edge_connection_id = e.edge_connection_id
          AND CASE WHEN d.removed_at IS NULL
                   THEN (v.edge_connection_id, v.name, v.database_id) IS DISTINCT FROM (d.edge_connection_id, d.name, d.database_id)
                   ELSE v.id IS NOT NULL END) h
