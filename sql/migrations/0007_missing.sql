-- Rows that are missing from the list and stay: since when, why, and how many syncs in a row have proven them gone.

ALTER TABLE edgemirror.database_connection
    ADD COLUMN missing_since  timestamptz,
    ADD COLUMN missing_reason text CHECK (missing_reason IN ('guard', 'unproven', 'refresh', 'pending')),
    ADD COLUMN missing_status integer,
    ADD COLUMN missing_proofs integer,
    ADD COLUMN missing_run_id bigint;
CREATE INDEX database_connection_missing ON edgemirror.database_connection (edge_connection_id) WHERE missing_reason IS NOT NULL;
COMMENT ON INDEX edgemirror.database_connection_missing IS 'The rows that are missing and stay, of one edge.';
COMMENT ON COLUMN edgemirror.database_connection.missing_since IS 'When it was missing from a list for the first time without having been seen since. Null: was in the last whole list.';
COMMENT ON COLUMN edgemirror.database_connection.missing_reason IS 'Why it stays although it is missing; see the view held. Null: it is not missing, or removed.';
COMMENT ON COLUMN edgemirror.database_connection.missing_status IS 'HTTP status with which the catalog answered when it was asked for by its id. Null: not asked, or no answer.';
COMMENT ON COLUMN edgemirror.database_connection.missing_proofs IS 'So many syncs in a row have found it missing and proven gone; at confirm_removals it is removed. Null: none.';
COMMENT ON COLUMN edgemirror.database_connection.missing_run_id IS 'Run that wrote why it stays; see sync_run.';

ALTER TABLE edgemirror.sync_run ADD COLUMN pending bigint NOT NULL DEFAULT 0;
COMMENT ON COLUMN edgemirror.sync_run.pending IS 'Rows missing from the list and proven gone that are removed once as many syncs in a row as confirm_removals have proven it.';

CREATE OR REPLACE VIEW edgemirror.inventory AS
SELECT d.id, d.edge_connection_id, e.name AS edge, d.name, d.database_id, d.database_id IS NOT NULL AS registered,
       d.first_seen_at, d.changed_at, d.missing_since, d.missing_reason IS NOT NULL AS held
  FROM edgemirror.database_connection d
  LEFT JOIN edgemirror.edge e USING (edge_connection_id)
 WHERE d.removed_at IS NULL;
COMMENT ON COLUMN edgemirror.inventory.missing_since IS 'When it was missing from the list for the first time without having been seen since; see the view held. Null: was in the last whole list.';

COMMENT ON COLUMN edgemirror.inventory.held IS 'Whether it is missing from the list and stays; the view held says why.';

CREATE VIEW edgemirror.held AS
SELECT d.id, d.edge_connection_id, e.name AS edge, d.name, d.database_id, d.missing_since AS since, d.missing_reason AS reason,
       d.missing_status AS http_status, d.missing_proofs AS proofs, d.missing_run_id AS run_id
  FROM edgemirror.database_connection d
  LEFT JOIN edgemirror.edge e USING (edge_connection_id)
 WHERE d.missing_reason IS NOT NULL AND d.removed_at IS NULL;
COMMENT ON VIEW edgemirror.held IS 'Database connections that are missing from the list of the catalog and stay in the inventory, and why.';
COMMENT ON COLUMN edgemirror.held.id IS 'Id of the database connection in the catalog.';
COMMENT ON COLUMN edgemirror.held.edge_connection_id IS 'Edge connection it belongs to.';
COMMENT ON COLUMN edgemirror.held.edge IS 'Name of that edge in the configuration.';
COMMENT ON COLUMN edgemirror.held.name IS 'Exact name of the database at the source.';
COMMENT ON COLUMN edgemirror.held.database_id IS 'Id of the linked Database asset. Null: not registered.';
COMMENT ON COLUMN edgemirror.held.reason IS 'guard: more are missing than max_removals allows; unproven: the catalog did not say that it is gone; refresh: the refresh was not clean; pending: proven gone, and removed when enough syncs in a row have proven it.';
COMMENT ON COLUMN edgemirror.held.since IS 'When it was missing for the first time without having been seen since.';
COMMENT ON COLUMN edgemirror.held.http_status IS 'HTTP status with which the catalog answered when it was asked for by its id. Null: not asked, or no answer.';
COMMENT ON COLUMN edgemirror.held.proofs IS 'So many syncs in a row have proven it gone. Null: none.';
COMMENT ON COLUMN edgemirror.held.run_id IS 'Run that wrote the reason; a later run that found the same did not write again.';

CREATE OR REPLACE VIEW edgemirror.freshness AS
SELECT e.edge_connection_id, e.name AS edge, e.enabled, e.listed_at, e.refreshed_at,
       now() - e.listed_at AS listed_age, now() - e.refreshed_at AS refreshed_age,
       c.next_run_at,
       coalesce(e.enabled AND c.next_run_at < now() - interval '1 minute' AND (c.holder IS NULL OR c.expires_at < now()), false) AS overdue,
       m.held, m.pending
  FROM edgemirror.edge e
  LEFT JOIN edgemirror.edge_claim c USING (edge_connection_id)
 CROSS JOIN LATERAL (SELECT count(*) FILTER (WHERE d.missing_reason <> 'pending') AS held, count(*) FILTER (WHERE d.missing_reason = 'pending') AS pending
                       FROM edgemirror.database_connection d
                      WHERE d.edge_connection_id = e.edge_connection_id AND d.missing_reason IS NOT NULL AND d.removed_at IS NULL) m;
COMMENT ON COLUMN edgemirror.freshness.held IS 'Rows that are missing from the list and stay, because it is not proven that they are gone; see the view held.';
COMMENT ON COLUMN edgemirror.freshness.pending IS 'Rows that are missing from the list and proven gone, waiting for the proof of another sync; see the view held.';
