-- Rows of a list that cannot be mirrored, so that one of them does not keep the others from being mirrored, and does not go unseen.

CREATE TABLE edgemirror.rejected_row (
    edge_connection_id uuid        NOT NULL,
    key                uuid        NOT NULL,
    id                 uuid,
    reason             text        NOT NULL,
    document           text        NOT NULL,
    first_seen_at      timestamptz NOT NULL,
    last_seen_at       timestamptz NOT NULL,
    run_id             bigint      NOT NULL,
    PRIMARY KEY (edge_connection_id, key)
);
COMMENT ON TABLE edgemirror.rejected_row IS 'Rows of the last list of each edge that cannot be mirrored; of very many, the first thousand. What the mirror has of such a row stays as it is.';
COMMENT ON COLUMN edgemirror.rejected_row.edge_connection_id IS 'Edge connection whose list holds it.';
COMMENT ON COLUMN edgemirror.rejected_row.key IS 'Its id; where that cannot be read, one that is made from what was received.';
COMMENT ON COLUMN edgemirror.rejected_row.id IS 'Id of the database connection. Null: cannot be read; the list is not known to be whole then.';
COMMENT ON COLUMN edgemirror.rejected_row.reason IS 'Why it cannot be mirrored.';
COMMENT ON COLUMN edgemirror.rejected_row.document IS 'The row as it was received, at most 4 KiB of it; what cannot be stored is U+FFFD.';
COMMENT ON COLUMN edgemirror.rejected_row.first_seen_at IS 'When it was rejected for the first time since the row could last be mirrored.';
COMMENT ON COLUMN edgemirror.rejected_row.last_seen_at IS 'When a list that differed from the one before had it last; see the view rejected.';
COMMENT ON COLUMN edgemirror.rejected_row.run_id IS 'Run that wrote reason and document; see sync_run.';

ALTER TABLE edgemirror.edge
    ADD COLUMN rejected    bigint NOT NULL DEFAULT 0,
    ADD COLUMN list_digest text;
COMMENT ON COLUMN edgemirror.edge.rejected IS 'Rows of the last list that cannot be mirrored; see the view rejected.';
COMMENT ON COLUMN edgemirror.edge.list_digest IS 'Digest of the list that was applied last, with the rows of it that cannot be mirrored. Null: there were none, or it is not known.';

ALTER TABLE edgemirror.sync_run ADD COLUMN rejected bigint NOT NULL DEFAULT 0;
COMMENT ON COLUMN edgemirror.sync_run.rejected IS 'Rows of the list that cannot be mirrored; they are counted in listed, too.';
COMMENT ON COLUMN edgemirror.sync_run.listed IS 'Distinct rows in the list, those that cannot be mirrored included; while it runs: rows received so far.';

CREATE VIEW edgemirror.rejected AS
SELECT r.edge_connection_id, e.name AS edge, r.id, d.name AS name_in_mirror, r.reason, r.document, r.first_seen_at,
       greatest(r.last_seen_at, e.listed_at) AS last_seen_at, r.run_id
  FROM edgemirror.rejected_row r
  LEFT JOIN edgemirror.edge e USING (edge_connection_id)
  LEFT JOIN edgemirror.database_connection d ON d.id = r.id AND d.edge_connection_id = r.edge_connection_id AND d.removed_at IS NULL;
COMMENT ON VIEW edgemirror.rejected IS 'Rows that the catalog lists and that could not be mirrored, and why.';
COMMENT ON COLUMN edgemirror.rejected.edge_connection_id IS 'Edge connection whose list holds it.';
COMMENT ON COLUMN edgemirror.rejected.edge IS 'Name of that edge in the configuration.';
COMMENT ON COLUMN edgemirror.rejected.id IS 'Id of the database connection. Null: cannot be read.';
COMMENT ON COLUMN edgemirror.rejected.name_in_mirror IS 'Its name in the inventory, where it stays as it was. Null: the mirror does not have it.';
COMMENT ON COLUMN edgemirror.rejected.reason IS 'Why it cannot be mirrored.';
COMMENT ON COLUMN edgemirror.rejected.document IS 'The row as it was received, at most 4 KiB of it; what cannot be stored is U+FFFD.';
COMMENT ON COLUMN edgemirror.rejected.first_seen_at IS 'When it was rejected for the first time since the row could last be mirrored.';
COMMENT ON COLUMN edgemirror.rejected.last_seen_at IS 'When the last list that has it was read.';
COMMENT ON COLUMN edgemirror.rejected.run_id IS 'Run that wrote reason and document; a later run that found the same did not write again.';

CREATE OR REPLACE VIEW edgemirror.freshness AS
SELECT e.edge_connection_id, e.name AS edge, e.enabled, e.listed_at, e.refreshed_at,
       now() - e.listed_at AS listed_age, now() - e.refreshed_at AS refreshed_age,
       c.next_run_at,
       coalesce(e.enabled AND c.next_run_at < now() - interval '1 minute' AND (c.holder IS NULL OR c.expires_at < now()), false) AS overdue,
       m.held, m.pending, e.rejected
  FROM edgemirror.edge e
  LEFT JOIN edgemirror.edge_claim c USING (edge_connection_id)
 CROSS JOIN LATERAL (SELECT count(*) FILTER (WHERE d.missing_reason <> 'pending') AS held, count(*) FILTER (WHERE d.missing_reason = 'pending') AS pending
                       FROM edgemirror.database_connection d
                      WHERE d.edge_connection_id = e.edge_connection_id AND d.missing_reason IS NOT NULL AND d.removed_at IS NULL) m;
COMMENT ON COLUMN edgemirror.freshness.rejected IS 'Rows of the last list that cannot be mirrored; see the view rejected.';
