-- What the mirror holds of an edge, in one word: a sync that lists the same needs to write nothing, and alterations by hand are found.

ALTER TABLE edgemirror.edge ADD COLUMN digest text;
COMMENT ON COLUMN edgemirror.edge.digest IS 'Digest of its present rows, from the snapshot that was applied last; see digest_of. Null: not known, the next sync writes it.';

-- The hash of a row is the first 128 bits of the SHA-256 of its id, its database_id ("-": none) and its name, one after the other. Its four words are added
-- up, each modulo 2^32, over all rows, in whatever order. src/base/digest.c does the same over a list.
CREATE FUNCTION edgemirror.digest_of(edge uuid, OUT row_count bigint, OUT digest text)
LANGUAGE sql STABLE
AS $$
    SELECT count(*),
           lpad(to_hex(coalesce(sum((get_byte(h, 0) << 24) | (get_byte(h, 1) << 16) | (get_byte(h, 2) << 8) | get_byte(h, 3)),  0) & 4294967295), 8, '0')
        || lpad(to_hex(coalesce(sum((get_byte(h, 4) << 24) | (get_byte(h, 5) << 16) | (get_byte(h, 6) << 8) | get_byte(h, 7)),  0) & 4294967295), 8, '0')
        || lpad(to_hex(coalesce(sum((get_byte(h, 8) << 24) | (get_byte(h, 9) << 16) | (get_byte(h, 10) << 8) | get_byte(h, 11)), 0) & 4294967295), 8, '0')
        || lpad(to_hex(coalesce(sum((get_byte(h, 12) << 24) | (get_byte(h, 13) << 16) | (get_byte(h, 14) << 8) | get_byte(h, 15)), 0) & 4294967295), 8, '0')
      FROM (SELECT sha256(convert_to(d.id::text || coalesce(d.database_id::text, '-') || d.name, 'UTF8')) AS h
              FROM edgemirror.database_connection d
             WHERE d.edge_connection_id = edge AND d.removed_at IS NULL
            OFFSET 0) hashed -- one hash a row, not one for each use of it
$$;
COMMENT ON FUNCTION edgemirror.digest_of(uuid) IS 'How many rows of the edge are present, and their digest, computed from the rows: equal to edge.digest unless somebody altered the mirror by hand.';
