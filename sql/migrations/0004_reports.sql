-- History that can be pruned without the reports becoming untrue, and reports of the last days that read the last days only.

-- One row once something was pruned, none before.
CREATE TABLE edgemirror.history_horizon (
    one   boolean     PRIMARY KEY DEFAULT true CHECK (one),
    since timestamptz NOT NULL
);
COMMENT ON TABLE edgemirror.history_horizon IS 'How far back the history reaches after pruning: as_of and change are complete from here on. No row: nothing was ever pruned.';
COMMENT ON COLUMN edgemirror.history_horizon.one IS 'Always true: there is one row at most.';
COMMENT ON COLUMN edgemirror.history_horizon.since IS 'Versions that ended then or earlier may be gone.';

-- For change ("this week") and for pruning: neither may read the whole history. All versions that one snapshot ended have the same valid_to; with the id
-- the neighbour of a version is found at once.
CREATE INDEX database_connection_history_began ON edgemirror.database_connection_history (valid_from);
CREATE INDEX database_connection_history_ended ON edgemirror.database_connection_history (valid_to, id) WHERE valid_to IS NOT NULL;
CREATE INDEX sync_run_finished ON edgemirror.sync_run (finished_at) WHERE finished_at IS NOT NULL;

-- The same columns and the same events as before, but each event finds its neighbour by a join on the id rather than through a sort of everything. Events up
-- to the horizon may have lost their neighbours and are left out. After it, a version that does not continue another one is the first of its id or the id
-- was removed before: first_seen_at knows, also when the earlier versions were pruned.
CREATE OR REPLACE VIEW edgemirror.change AS
SELECT h.valid_from AS happened_at,
       CASE WHEN before.id IS NOT NULL THEN 'changed' WHEN d.first_seen_at < h.valid_from THEN 'restored' ELSE 'added' END AS kind,
       h.id, h.edge_connection_id, before.edge_connection_id AS edge_connection_id_before,
       before.name AS name_before, h.name AS name_after,
       before.database_id AS database_id_before, h.database_id AS database_id_after,
       h.run_id
  FROM edgemirror.database_connection_history h
  LEFT JOIN edgemirror.database_connection d ON d.id = h.id
  LEFT JOIN edgemirror.database_connection_history before ON before.id = h.id AND before.valid_to = h.valid_from
 WHERE h.valid_from > coalesce((SELECT since FROM edgemirror.history_horizon), '-infinity')
UNION ALL
SELECT h.valid_to, 'removed', h.id, h.edge_connection_id, h.edge_connection_id, h.name, NULL, h.database_id, NULL, NULL
  FROM edgemirror.database_connection_history h
 WHERE h.valid_to > coalesce((SELECT since FROM edgemirror.history_horizon), '-infinity')
   AND NOT EXISTS (SELECT FROM edgemirror.database_connection_history n WHERE n.id = h.id AND n.valid_from = h.valid_to);
COMMENT ON VIEW edgemirror.change IS 'What happened: added, changed, removed and restored database connections, with before and after. Order by happened_at. Reaches back to history_horizon.';

-- A moment before the horizon would be answered by part of the rows only: better no answer than a wrong one.
CREATE FUNCTION edgemirror.history_reaches(moment timestamptz)
RETURNS boolean
LANGUAGE plpgsql STABLE
AS $$
DECLARE
    horizon timestamptz := (SELECT since FROM edgemirror.history_horizon);
BEGIN
    IF moment < horizon THEN
        RAISE EXCEPTION 'the history before % has been pruned', horizon
            USING ERRCODE = 'invalid_parameter_value', HINT = 'Option history_keep of edgemirror says how much is kept.';
    END IF;
    RETURN true;
END
$$;
COMMENT ON FUNCTION edgemirror.history_reaches(timestamptz) IS 'True when the history is complete at that moment; an error when it has been pruned up to a later one.';

CREATE OR REPLACE FUNCTION edgemirror.as_of(moment timestamptz)
RETURNS TABLE (id uuid, edge_connection_id uuid, edge text, name text, database_id uuid, registered boolean)
LANGUAGE sql STABLE
AS $$
    SELECT h.id, h.edge_connection_id, e.name, h.name, h.database_id, h.database_id IS NOT NULL
      FROM edgemirror.database_connection_history h
      LEFT JOIN edgemirror.edge e USING (edge_connection_id)
     WHERE h.valid_from <= moment AND (h.valid_to IS NULL OR h.valid_to > moment) AND edgemirror.history_reaches(moment)
$$;
COMMENT ON FUNCTION edgemirror.as_of(timestamptz) IS 'The inventory as it was at a past moment, with the present names of the edges. An error when the history does not reach back that far.';

-- What the earlier migrations left without words.
COMMENT ON COLUMN edgemirror.inventory.id IS 'Id of the database connection in the catalog.';
COMMENT ON COLUMN edgemirror.inventory.edge_connection_id IS 'Edge connection it belongs to.';
COMMENT ON COLUMN edgemirror.inventory.edge IS 'Name of that edge in the configuration. Null: never configured here.';
COMMENT ON COLUMN edgemirror.inventory.name IS 'Exact name of the database at the source.';
COMMENT ON COLUMN edgemirror.inventory.database_id IS 'Id of the linked Database asset. Null: not registered.';
COMMENT ON COLUMN edgemirror.inventory.registered IS 'Whether a Database asset is linked.';
COMMENT ON COLUMN edgemirror.inventory.first_seen_at IS 'When the mirror first had it.';
COMMENT ON COLUMN edgemirror.inventory.changed_at IS 'When its name, link or edge last changed.';
COMMENT ON COLUMN edgemirror.unregistered.id IS 'Id of the database connection in the catalog.';
COMMENT ON COLUMN edgemirror.unregistered.edge_connection_id IS 'Edge connection it belongs to.';
COMMENT ON COLUMN edgemirror.unregistered.edge IS 'Name of that edge in the configuration.';
COMMENT ON COLUMN edgemirror.unregistered.name IS 'Exact name of the database at the source.';
COMMENT ON COLUMN edgemirror.unregistered.first_seen_at IS 'When the mirror first had it.';
COMMENT ON COLUMN edgemirror.freshness.edge_connection_id IS 'The edge.';
COMMENT ON COLUMN edgemirror.freshness.edge IS 'Its name in the configuration.';
COMMENT ON COLUMN edgemirror.freshness.enabled IS 'Whether the configuration still wants it synced.';
COMMENT ON COLUMN edgemirror.freshness.listed_at IS 'The mirror equals the list of the catalog as of then. Null: never listed.';
COMMENT ON COLUMN edgemirror.freshness.refreshed_at IS 'A refresh completed cleanly then. Null: never.';
COMMENT ON COLUMN edgemirror.freshness.listed_age IS 'How long ago listed_at is.';
COMMENT ON COLUMN edgemirror.freshness.refreshed_age IS 'How long ago refreshed_at is.';
COMMENT ON COLUMN edgemirror.freshness.next_run_at IS 'When it is due. Null: not scheduled, or a database that only subscribes.';
COMMENT ON COLUMN edgemirror.freshness.overdue IS 'Enabled, due for more than a minute, and nobody is syncing it. Never true in a database that only subscribes.';
COMMENT ON COLUMN edgemirror.change.happened_at IS 'When the mirror took the change over.';
COMMENT ON COLUMN edgemirror.change.kind IS 'added, changed (name, link or edge), removed, restored (had been removed and is back).';
COMMENT ON COLUMN edgemirror.change.id IS 'Id of the database connection.';
COMMENT ON COLUMN edgemirror.change.edge_connection_id IS 'Edge connection it belongs to after the change; for removed: belonged to.';
COMMENT ON COLUMN edgemirror.change.edge_connection_id_before IS 'Edge connection before. Null for added and restored.';
COMMENT ON COLUMN edgemirror.change.name_before IS 'Name before. Null for added and restored.';
COMMENT ON COLUMN edgemirror.change.name_after IS 'Name after. Null for removed.';
COMMENT ON COLUMN edgemirror.change.database_id_before IS 'Linked Database asset before. Null: none; for added and restored always.';
COMMENT ON COLUMN edgemirror.change.database_id_after IS 'Linked Database asset after. Null: none; for removed always.';
COMMENT ON COLUMN edgemirror.change.run_id IS 'Run that brought the change; see sync_run, as long as it is kept. Null for removed.';
COMMENT ON COLUMN edgemirror.database_connection.run_id IS 'Run that wrote the present version; see sync_run, as long as it is kept.';
COMMENT ON COLUMN edgemirror.database_connection_history.run_id IS 'Run that began this version; see sync_run, as long as it is kept.';
COMMENT ON SEQUENCE edgemirror.sync_run_run_id_seq IS 'Numbers the runs.';
COMMENT ON INDEX edgemirror.database_connection_present IS 'Present rows of an edge.';
COMMENT ON INDEX edgemirror.database_connection_history_current IS 'One current version of an id at most.';
COMMENT ON INDEX edgemirror.database_connection_history_began IS 'Reports of a span of time.';
COMMENT ON INDEX edgemirror.database_connection_history_ended IS 'Reports of a span of time, the version before another; pruning.';
COMMENT ON INDEX edgemirror.sync_run_edge IS 'Last runs of an edge.';
COMMENT ON INDEX edgemirror.sync_run_open IS 'Runs that have not ended.';
COMMENT ON INDEX edgemirror.sync_run_finished IS 'Pruning.';
COMMENT ON INDEX edgemirror.edge_claim_due IS 'Edges that are due.';
COMMENT ON INDEX edgemirror.edge_claim_held IS 'Edges whose lease may have ended.';
