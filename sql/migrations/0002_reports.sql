-- Views for reports, and the inventory at a past moment.

CREATE VIEW edgemirror.inventory AS
SELECT d.id, d.edge_connection_id, e.name AS edge, d.name, d.database_id, d.database_id IS NOT NULL AS registered,
       d.first_seen_at, d.changed_at
  FROM edgemirror.database_connection d
  LEFT JOIN edgemirror.edge e USING (edge_connection_id)
 WHERE d.removed_at IS NULL;
COMMENT ON VIEW edgemirror.inventory IS 'Database connections that are present, with the name of their edge and whether they are registered.';

CREATE VIEW edgemirror.unregistered AS
SELECT id, edge_connection_id, edge, name, first_seen_at
  FROM edgemirror.inventory
 WHERE NOT registered;
COMMENT ON VIEW edgemirror.unregistered IS 'Present database connections without a Database asset.';

CREATE VIEW edgemirror.freshness AS
SELECT e.edge_connection_id, e.name AS edge, e.enabled, e.listed_at, e.refreshed_at,
       now() - e.listed_at AS listed_age, now() - e.refreshed_at AS refreshed_age,
       c.next_run_at,
       coalesce(e.enabled AND c.next_run_at < now() - interval '1 minute' AND (c.holder IS NULL OR c.expires_at < now()), false) AS overdue
  FROM edgemirror.edge e
  LEFT JOIN edgemirror.edge_claim c USING (edge_connection_id);
COMMENT ON VIEW edgemirror.freshness IS 'Per edge: how old the list and the refresh are, and whether a sync is overdue.';

CREATE VIEW edgemirror.change AS
WITH version AS (
    SELECT h.*,
           lag(h.valid_to)     OVER w AS earlier_to,
           lag(h.valid_from)   OVER w AS earlier_from,
           lag(h.name)         OVER w AS earlier_name,
           lag(h.database_id)  OVER w AS earlier_database_id,
           lag(h.edge_connection_id) OVER w AS earlier_edge_connection_id,
           lead(h.valid_from)  OVER w AS later_from
      FROM edgemirror.database_connection_history h
    WINDOW w AS (PARTITION BY h.id ORDER BY h.valid_from)
)
SELECT valid_from AS happened_at,
       CASE WHEN earlier_from IS NULL THEN 'added' WHEN earlier_to < valid_from THEN 'restored' ELSE 'changed' END AS kind,
       id, edge_connection_id,
       CASE WHEN earlier_to = valid_from THEN earlier_edge_connection_id END AS edge_connection_id_before,
       CASE WHEN earlier_to = valid_from THEN earlier_name END AS name_before, name AS name_after,
       CASE WHEN earlier_to = valid_from THEN earlier_database_id END AS database_id_before, database_id AS database_id_after,
       run_id
  FROM version
UNION ALL
SELECT valid_to, 'removed', id, edge_connection_id, edge_connection_id, name, NULL, database_id, NULL, NULL
  FROM version
 WHERE valid_to IS NOT NULL AND valid_to IS DISTINCT FROM later_from;
COMMENT ON VIEW edgemirror.change IS 'What happened: added, changed, removed and restored database connections, with before and after. Order by happened_at.';

CREATE FUNCTION edgemirror.as_of(moment timestamptz)
RETURNS TABLE (id uuid, edge_connection_id uuid, edge text, name text, database_id uuid, registered boolean)
LANGUAGE sql STABLE
AS $$
    SELECT h.id, h.edge_connection_id, e.name, h.name, h.database_id, h.database_id IS NOT NULL
      FROM edgemirror.database_connection_history h
      LEFT JOIN edgemirror.edge e USING (edge_connection_id)
     WHERE h.valid_from <= moment AND (h.valid_to IS NULL OR h.valid_to > moment)
$$;
COMMENT ON FUNCTION edgemirror.as_of(timestamptz) IS 'The inventory as it was at a past moment.';
