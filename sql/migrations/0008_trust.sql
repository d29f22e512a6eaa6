-- One catalog for one database; functions that mean the same whatever the caller's search_path is; an edge that has rows is not deleted by hand.

CREATE TABLE edgemirror.catalog (
    one           boolean     PRIMARY KEY DEFAULT true CHECK (one),
    url           text        NOT NULL,
    registered_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE edgemirror.catalog IS 'The catalog that this database mirrors: another one is refused. No row: nothing was ever synced. When the catalog has got a new address: UPDATE edgemirror.catalog SET url = ''https://…'' as its configuration says it.';
COMMENT ON COLUMN edgemirror.catalog.one IS 'Always true: there is one row at most.';
COMMENT ON COLUMN edgemirror.catalog.url IS 'Its address, as url of the configuration gave it when its edges were registered first.';
COMMENT ON COLUMN edgemirror.catalog.registered_at IS 'When that was.';

ALTER FUNCTION edgemirror.history_reaches(timestamptz) SET search_path = pg_catalog, edgemirror, pg_temp;
ALTER FUNCTION edgemirror.digest_of(uuid) SET search_path = pg_catalog, edgemirror, pg_temp;

-- Without a SET clause, so that it is still planned as part of the query that calls it: every operator says its schema instead.
CREATE OR REPLACE FUNCTION edgemirror.as_of(moment timestamptz)
RETURNS TABLE (id uuid, edge_connection_id uuid, edge text, name text, database_id uuid, registered boolean)
LANGUAGE sql STABLE
AS $$
    SELECT h.id, h.edge_connection_id, e.name, h.name, h.database_id, h.database_id IS NOT NULL
      FROM edgemirror.database_connection_history h
      LEFT JOIN edgemirror.edge e ON e.edge_connection_id OPERATOR(pg_catalog.=) h.edge_connection_id
     WHERE h.valid_from OPERATOR(pg_catalog.<=) moment AND (h.valid_to IS NULL OR h.valid_to OPERATOR(pg_catalog.>) moment)
       AND edgemirror.history_reaches(moment)
$$;

CREATE FUNCTION edgemirror.refuse_edge_delete() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, edgemirror, pg_temp
AS $$
BEGIN
    IF EXISTS (SELECT FROM edgemirror.database_connection d WHERE d.edge_connection_id = OLD.edge_connection_id)
       OR EXISTS (SELECT FROM edgemirror.database_connection_history h WHERE h.edge_connection_id = OLD.edge_connection_id) THEN
        RAISE EXCEPTION 'edge "%" has rows in the mirror, which would belong to no edge then', OLD.name
            USING ERRCODE = 'foreign_key_violation',
                  HINT = format('edgemirror retire --forget %s removes the edge, its rows, its history and its runs.', OLD.edge_connection_id);
    END IF;
    RETURN OLD;
END
$$;
COMMENT ON FUNCTION edgemirror.refuse_edge_delete() IS 'Of the trigger keep_rows of edge.';
CREATE TRIGGER keep_rows BEFORE DELETE ON edgemirror.edge FOR EACH ROW EXECUTE FUNCTION edgemirror.refuse_edge_delete();
COMMENT ON TRIGGER keep_rows ON edgemirror.edge IS 'An edge that has rows or history is removed with them, by edgemirror retire --forget, or not at all. Rows of Edge connections that are not configured have no edge, so that a foreign key cannot say this.';

CREATE OR REPLACE VIEW edgemirror.inventory AS
SELECT d.id, d.edge_connection_id, e.name AS edge, d.name, d.database_id, d.database_id IS NOT NULL AS registered,
       d.first_seen_at, d.changed_at, d.missing_since, d.missing_reason IS NOT NULL AS held, coalesce(e.enabled, false) AS edge_enabled
  FROM edgemirror.database_connection d
  LEFT JOIN edgemirror.edge e USING (edge_connection_id)
 WHERE d.removed_at IS NULL;
COMMENT ON COLUMN edgemirror.inventory.edge_enabled IS 'Whether the configuration still wants its edge synced; false: it is as it was when the edge was synced last.';
