-- The schema: the mirror and its history, the work queue and the journal of runs, and what reports read.
--
-- Every function has a search_path of its own, or names the schema of each operator where it has to be planned inside the caller's query: it means the same
-- whatever the caller's search_path is.

COMMENT ON SCHEMA edgemirror IS 'Mirror of the database connections that a Collibra catalog knows, one Edge connection at a time.';

COMMENT ON TABLE edgemirror.schema_version IS 'Migrations that edgemirror migrate has applied.';
COMMENT ON COLUMN edgemirror.schema_version.version IS 'Number of the migration.';
COMMENT ON COLUMN edgemirror.schema_version.name IS 'Its file name.';
COMMENT ON COLUMN edgemirror.schema_version.checksum IS 'SHA-256 of its text, in hexadecimal.';
COMMENT ON COLUMN edgemirror.schema_version.applied_at IS 'When it was applied.';

-- ---- whose mirror this is, and what is mirrored --------------------------------------------------------------------------------------------------------

CREATE TABLE edgemirror.catalog (
    one           boolean     PRIMARY KEY DEFAULT true CHECK (one),
    url           text        NOT NULL,
    registered_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE edgemirror.catalog IS 'The catalog that this database mirrors: another one is refused. No row: nothing was ever synced. When the catalog has got a new address: UPDATE edgemirror.catalog SET url = ''https://…'' as in its configuration.';
COMMENT ON COLUMN edgemirror.catalog.one IS 'Always true: there is one row at most.';
COMMENT ON COLUMN edgemirror.catalog.url IS 'Its address, as url of the configuration gave it when its edges were registered first.';
COMMENT ON COLUMN edgemirror.catalog.registered_at IS 'When that was.';

CREATE TABLE edgemirror.edge (
    edge_connection_id   uuid        PRIMARY KEY,
    name                 text        NOT NULL UNIQUE,
    catalog_name         text,
    enabled              boolean     NOT NULL DEFAULT true,
    origin               text        NOT NULL DEFAULT 'configured' CHECK (origin IN ('configured', 'discovered')),
    schedule             text        NOT NULL,
    timezone             text        NOT NULL,
    first_listed_at      timestamptz,
    listed_at            timestamptz,
    refreshed_at         timestamptz,
    row_count            bigint,
    consecutive_failures bigint      NOT NULL DEFAULT 0,
    last_run_id          bigint,
    completed_run_id     bigint,
    service_run_id       bigint,
    digest               text,
    rejected             bigint      NOT NULL DEFAULT 0,
    list_digest          text
);
COMMENT ON TABLE edgemirror.edge IS 'Edge connections that are mirrored. Changes once per sync. What the views for reports call edge is its name here.';
COMMENT ON COLUMN edgemirror.edge.edge_connection_id IS 'Id of the Edge connection in the catalog.';
COMMENT ON COLUMN edgemirror.edge.name IS 'Name given to it in the configuration.';
COMMENT ON COLUMN edgemirror.edge.catalog_name IS 'Of one that was discovered: its name in the catalog, which include and exclude choose by. Null: not known, or it is configured.';
COMMENT ON COLUMN edgemirror.edge.enabled IS 'Whether the configuration still wants it synced.';
COMMENT ON COLUMN edgemirror.edge.origin IS 'Where it comes from: configured (a section of the configuration names it) or discovered.';
COMMENT ON COLUMN edgemirror.edge.schedule IS 'When it is synced, as configured.';
COMMENT ON COLUMN edgemirror.edge.timezone IS 'IANA time zone of the schedule.';
COMMENT ON COLUMN edgemirror.edge.first_listed_at IS 'When its first whole list was in the mirror: of its rows, what came until then did not appear then. Null: never listed whole.';
COMMENT ON COLUMN edgemirror.edge.listed_at IS 'When reading the list was begun that the mirror is equal to: what changed in the catalog since may be missing. Null: never listed.';
COMMENT ON COLUMN edgemirror.edge.refreshed_at IS 'The last time at which the last clean refresh was known not to be over: what changed at the data source since may be missing. Null: never.';
COMMENT ON COLUMN edgemirror.edge.row_count IS 'Present database connections after the last sync that listed. Null: never listed.';
COMMENT ON COLUMN edgemirror.edge.consecutive_failures IS 'Runs that failed or were unstable since the last one that was neither.';
COMMENT ON COLUMN edgemirror.edge.last_run_id IS 'The last run that ended; see sync_run.';
COMMENT ON COLUMN edgemirror.edge.completed_run_id IS 'The last run that ended and was not stopped (aborted).';
COMMENT ON COLUMN edgemirror.edge.service_run_id IS 'The last run of a service that ended and was not stopped: what people were told.';
COMMENT ON COLUMN edgemirror.edge.digest IS 'Digest of its present rows, as the last sync that wrote rows left them; see digest_of. Null: not known; the next sync that applies a list writes it.';
COMMENT ON COLUMN edgemirror.edge.rejected IS 'Rows of the last list that cannot be mirrored; see the view rejected.';
COMMENT ON COLUMN edgemirror.edge.list_digest IS 'Digest of the list that the mirror is, with the rows of it that cannot be mirrored: a list with this digest changes nothing. Null: there is none, because rows are missing and stay, the list was not whole, or another edge has taken rows over.';

-- ---- the mirror ---------------------------------------------------------------------------------------------------------------------------------------

-- A database connection has versions: its name, its link and its edge, from one time to another. The present one (or, of a row that was removed, the last one) is
-- the row of database_connection; those before it are in database_connection_past. So a first load writes each row once; a removal only writes when it was; a
-- change, or a row that comes back, moves the version that was there into the past and writes the new one.
--
-- previous_ended_at links a version to the one before it: null for the first one, equal to its own beginning where it continues that one, earlier where the row
-- had been removed meanwhile. began_as says the same as a word, and whether the edge changed: so what began a version is known without looking at another, also
-- when those before it were pruned, and reports of one kind find it by an index. ended_as says what ended a version that no other one follows at once.
CREATE TABLE edgemirror.database_connection (
    id                 uuid        PRIMARY KEY,
    edge_connection_id uuid        NOT NULL,
    name               text        NOT NULL,
    database_id        uuid,
    first_seen_at      timestamptz NOT NULL,
    changed_at         timestamptz NOT NULL,
    as_of              timestamptz,
    removed_at         timestamptz,
    ended_as           text        CHECK (ended_as IN ('removed', 'retired', 'moved')),
    run_id             bigint      NOT NULL,
    previous_ended_at  timestamptz,
    removed_run_id     bigint,
    missing_since      timestamptz,
    missing_reason     text        CHECK (missing_reason IN ('guard', 'unproven', 'refresh', 'pending')),
    missing_status     integer,
    missing_proofs     integer,
    proven_since       timestamptz,
    missing_run_id     bigint,
    was_registered     boolean,
    began_as           text        CHECK (began_as IN ('changed', 'moved', 'restored', 'resumed')),
    CHECK (previous_ended_at <= changed_at),
    CHECK (changed_at < removed_at),
    CHECK ((removed_at IS NULL) = (ended_as IS NULL)),
    CHECK (removed_run_id IS NULL OR ended_as IS NOT DISTINCT FROM 'removed')
);
COMMENT ON TABLE edgemirror.database_connection IS 'The mirror: one row per database connection, with its present version; of those that are gone (removed_at) the last one.';
COMMENT ON COLUMN edgemirror.database_connection.id IS 'Id of the database connection in the catalog.';
COMMENT ON COLUMN edgemirror.database_connection.edge_connection_id IS 'Edge connection it belongs to.';
COMMENT ON COLUMN edgemirror.database_connection.name IS 'Exact name of the database at the source.';
COMMENT ON COLUMN edgemirror.database_connection.database_id IS 'Id of the linked Database asset. Null: not registered.';
COMMENT ON COLUMN edgemirror.database_connection.first_seen_at IS 'When the mirror first had it.';
COMMENT ON COLUMN edgemirror.database_connection.changed_at IS 'When the present version began.';
COMMENT ON COLUMN edgemirror.database_connection.as_of IS 'When the catalog was asked for what began the present version, or ended it: before changed_at, or removed_at. Null: not known.';
COMMENT ON COLUMN edgemirror.database_connection.removed_at IS 'When the version ended, and none followed: see ended_as. Null: present.';
COMMENT ON COLUMN edgemirror.database_connection.ended_as IS 'What ended it: removed (proven gone), retired (by edgemirror retire, which asks no catalog), moved (to an edge that retire --forget has deleted since). Null: present.';
COMMENT ON COLUMN edgemirror.database_connection.run_id IS 'Run that began the present version; see sync_run, as long as it is kept.';
COMMENT ON COLUMN edgemirror.database_connection.was_registered IS 'Whether a version before this one was registered, however long ago. Null: none was.';
COMMENT ON COLUMN edgemirror.database_connection.began_as IS 'What began this version: changed (name or link), moved (from another edge, and perhaps changed), restored (it had been removed), resumed (retired, and its edge is configured again). Null: it is the first one.';
COMMENT ON COLUMN edgemirror.database_connection.previous_ended_at IS 'When the version before ended; see database_connection_past. Null: this is the first one. Equal to changed_at: it was changed; earlier: it had been removed and came back.';
COMMENT ON COLUMN edgemirror.database_connection.removed_run_id IS 'Run that removed it. Null: present, or not removed by a run.';
COMMENT ON COLUMN edgemirror.database_connection.missing_since IS 'When it was missing from a list for the first time without having been seen since. Null: was in the last whole list.';
COMMENT ON COLUMN edgemirror.database_connection.missing_reason IS 'Why it stays although it is missing; see the view held. Of one that edgemirror retire has ended: why it stayed until then. Null: it is not missing, or a run has removed it.';
COMMENT ON COLUMN edgemirror.database_connection.missing_status IS 'HTTP status with which the catalog answered when it was asked for by its id. Null: not asked, or no answer.';
COMMENT ON COLUMN edgemirror.database_connection.missing_proofs IS 'So many syncs in a row have found it missing and proven gone; at confirm_removals, and after removal_delay, it is removed. Null: none.';
COMMENT ON COLUMN edgemirror.database_connection.proven_since IS 'When the first of these syncs has. Null: none.';
COMMENT ON COLUMN edgemirror.database_connection.missing_run_id IS 'Run that wrote why it stays; see sync_run.';
CREATE INDEX database_connection_present ON edgemirror.database_connection (edge_connection_id) WHERE removed_at IS NULL;
COMMENT ON INDEX edgemirror.database_connection_present IS 'Present rows of an edge.';
CREATE INDEX database_connection_missing ON edgemirror.database_connection (edge_connection_id) WHERE missing_reason IS NOT NULL;
COMMENT ON INDEX edgemirror.database_connection_missing IS 'The rows that are missing and stay, of one edge.';
CREATE INDEX database_connection_removed ON edgemirror.database_connection (removed_at) WHERE removed_at IS NOT NULL;
COMMENT ON INDEX edgemirror.database_connection_removed IS 'What vanished, and is not back, in a span of time.';

-- Versions of one id cannot overlap. A version comes here from its row of database_connection, which is locked, in the statement that begins the next one there,
-- and that one begins when this one ends or later (CHECK of both tables), whatever the clock says; so each version lies before all that come after it. What is
-- here is not written again, only pruned (and its links, when the edge before or after it is forgotten). An exclusion constraint would say the same, but needs an extension (btree_gist) that the role may not be allowed to
-- make, and doubles what a version costs; edgemirror verify looks for gaps and overlaps, which only an alteration by hand can make.
CREATE TABLE edgemirror.database_connection_past (
    id                 uuid        NOT NULL,
    edge_connection_id uuid        NOT NULL,
    name               text        NOT NULL,
    database_id        uuid,
    valid_from         timestamptz NOT NULL,
    valid_to           timestamptz NOT NULL,
    run_id             bigint      NOT NULL,
    previous_ended_at  timestamptz,
    ended_as           text        CHECK (ended_as IN ('removed', 'retired', 'moved')),
    removed_run_id     bigint,
    began_as           text        CHECK (began_as IN ('changed', 'moved', 'restored', 'resumed')),
    PRIMARY KEY (id, valid_to),
    CHECK (previous_ended_at <= valid_from),
    CHECK (valid_from < valid_to),
    CHECK (removed_run_id IS NULL OR ended_as IS NOT DISTINCT FROM 'removed')
);
COMMENT ON TABLE edgemirror.database_connection_past IS 'Versions of database connections that have ended and that another one has followed. Versions of one id never overlap.';
COMMENT ON COLUMN edgemirror.database_connection_past.id IS 'Id of the database connection.';
COMMENT ON COLUMN edgemirror.database_connection_past.edge_connection_id IS 'Edge connection it belonged to.';
COMMENT ON COLUMN edgemirror.database_connection_past.name IS 'Name of the database.';
COMMENT ON COLUMN edgemirror.database_connection_past.database_id IS 'Linked Database asset. Null: not registered.';
COMMENT ON COLUMN edgemirror.database_connection_past.valid_from IS 'When this version began (inclusive).';
COMMENT ON COLUMN edgemirror.database_connection_past.valid_to IS 'When it ended (exclusive).';
COMMENT ON COLUMN edgemirror.database_connection_past.run_id IS 'Run that began this version; see sync_run, as long as it is kept.';
COMMENT ON COLUMN edgemirror.database_connection_past.began_as IS 'What began this version: changed (name or link), moved (from another edge, and perhaps changed), restored (it had been removed), resumed (retired, and its edge is configured again). Null: it is the first one.';
COMMENT ON COLUMN edgemirror.database_connection_past.previous_ended_at IS 'When the version before this one ended. Null: this is the first one. Equal to valid_from: it was changed then; earlier: it had been removed and came back.';
COMMENT ON COLUMN edgemirror.database_connection_past.ended_as IS 'What ended it, where the next version did not follow at once: removed, retired, moved; see database_connection. Null: it was changed.';
COMMENT ON COLUMN edgemirror.database_connection_past.removed_run_id IS 'Run that removed it. Null: not removed by a run.';

-- Reports of a span of time and pruning may not read the whole past. The version before another one is found by the primary key.
CREATE INDEX database_connection_past_began ON edgemirror.database_connection_past (began_as, valid_from);
COMMENT ON INDEX edgemirror.database_connection_past_began IS 'What began in a span of time, each kind for itself.';
CREATE INDEX database_connection_past_ended ON edgemirror.database_connection_past (valid_to);
COMMENT ON INDEX edgemirror.database_connection_past_ended IS 'What ended in a span of time; pruning.';
CREATE INDEX database_connection_past_removed ON edgemirror.database_connection_past (valid_to) WHERE ended_as IS NOT NULL;
COMMENT ON INDEX edgemirror.database_connection_past_removed IS 'What vanished, and is back, in a span of time.';

CREATE VIEW edgemirror.database_connection_history AS
SELECT p.id, p.edge_connection_id, p.name, p.database_id, p.valid_from, p.valid_to, p.run_id
  FROM edgemirror.database_connection_past p
UNION ALL
SELECT d.id, d.edge_connection_id, d.name, d.database_id, d.changed_at, d.removed_at, d.run_id
  FROM edgemirror.database_connection d;
COMMENT ON VIEW edgemirror.database_connection_history IS 'Every version of every database connection, past and present. Versions of one id never overlap.';
COMMENT ON COLUMN edgemirror.database_connection_history.id IS 'Id of the database connection.';
COMMENT ON COLUMN edgemirror.database_connection_history.edge_connection_id IS 'Edge connection it belonged to.';
COMMENT ON COLUMN edgemirror.database_connection_history.name IS 'Name of the database.';
COMMENT ON COLUMN edgemirror.database_connection_history.database_id IS 'Linked Database asset. Null: not registered.';
COMMENT ON COLUMN edgemirror.database_connection_history.valid_from IS 'When this version began (inclusive).';
COMMENT ON COLUMN edgemirror.database_connection_history.valid_to IS 'When it ended (exclusive). Null: it is current.';
COMMENT ON COLUMN edgemirror.database_connection_history.run_id IS 'Run that began this version; see sync_run, as long as it is kept.';

-- One row once something was pruned, none before. Only database_connection_past is pruned: the last version of a row that was removed stays in
-- database_connection however long ago that was, so that a row which comes back is known to be back.
CREATE TABLE edgemirror.history_horizon (
    one   boolean     PRIMARY KEY DEFAULT true CHECK (one),
    since timestamptz NOT NULL
);
COMMENT ON TABLE edgemirror.history_horizon IS 'How far back the history reaches after pruning: as_of and change are complete from here on. No row: nothing was ever pruned.';
COMMENT ON COLUMN edgemirror.history_horizon.one IS 'Always true: there is one row at most.';
COMMENT ON COLUMN edgemirror.history_horizon.since IS 'Versions that ended then or earlier may be gone, except the last one of a row.';

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

-- Rows of Edge connections that are not configured have no edge, so that a foreign key cannot keep those that have one.
CREATE FUNCTION edgemirror.refuse_edge_delete() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, edgemirror, pg_temp
AS $$
BEGIN
    IF EXISTS (SELECT FROM edgemirror.database_connection d WHERE d.edge_connection_id = OLD.edge_connection_id)
       OR EXISTS (SELECT FROM edgemirror.database_connection_past p WHERE p.edge_connection_id = OLD.edge_connection_id) THEN
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

-- ---- the work queue, the instances that work, and what they did -----------------------------------------------------------------------------------------

CREATE TABLE edgemirror.edge_claim (
    edge_connection_id uuid        PRIMARY KEY REFERENCES edgemirror.edge ON DELETE CASCADE,
    next_run_at        timestamptz,
    holder             text,
    expires_at         timestamptz,
    epoch              bigint      NOT NULL DEFAULT 0,
    request_taken_at   timestamptz,
    CHECK ((holder IS NULL) = (expires_at IS NULL))
) WITH (fillfactor = 50);
COMMENT ON TABLE edgemirror.edge_claim IS 'The work queue: who syncs which edge now, and when the next sync is due. Changes with every heartbeat; not published.';
COMMENT ON COLUMN edgemirror.edge_claim.edge_connection_id IS 'The edge.';
COMMENT ON COLUMN edgemirror.edge_claim.next_run_at IS 'When the edge is due. Null: not scheduled.';
COMMENT ON COLUMN edgemirror.edge_claim.holder IS 'Instance that holds the lease. Null: nobody.';
COMMENT ON COLUMN edgemirror.edge_claim.expires_at IS 'When the lease ends unless it is renewed.';
COMMENT ON COLUMN edgemirror.edge_claim.epoch IS 'Rises with every claim. Whoever applies a snapshot must know the present one.';
COMMENT ON COLUMN edgemirror.edge_claim.request_taken_at IS 'When a sync that request_sync asked for was begun last. Null: never.';

-- The queue is asked all the time which edges are due, whose lease has ended, and which is the next. Heartbeats write none of the indexed columns, so that they
-- stay cheap (heap-only) updates.
CREATE INDEX edge_claim_due ON edgemirror.edge_claim (next_run_at) WHERE holder IS NULL;
COMMENT ON INDEX edgemirror.edge_claim_due IS 'Edges that are due.';
CREATE INDEX edge_claim_held ON edgemirror.edge_claim (edge_connection_id) WHERE holder IS NOT NULL;
COMMENT ON INDEX edgemirror.edge_claim_held IS 'Edges whose lease may have ended.';

-- What request_sync has asked for and nobody has begun. A table that is only inserted into and deleted from, without a foreign key: whoever asks locks no row
-- that the service needs, however long his transaction stays open.
CREATE TABLE edgemirror.sync_request (
    edge_connection_id uuid,
    requested_at       timestamptz,
    requested_by       text        NOT NULL,
    PRIMARY KEY (edge_connection_id, requested_at)
);
COMMENT ON TABLE edgemirror.sync_request IS 'Syncs that were asked for by request_sync and have not begun yet; almost always empty.';
COMMENT ON COLUMN edgemirror.sync_request.edge_connection_id IS 'The edge.';
COMMENT ON COLUMN edgemirror.sync_request.requested_at IS 'When.';
COMMENT ON COLUMN edgemirror.sync_request.requested_by IS 'The role that had signed in.';

-- Runs with the rights of its owner, so that whoever asks needs none on the tables. The service itself sees to it that an edge is not begun more than once a
-- minute on request: of requests that are made side by side, none sees the others.
CREATE FUNCTION edgemirror.request_sync(edge text)
RETURNS timestamptz
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, edgemirror, pg_temp
AS $$
DECLARE
    asked timestamptz := clock_timestamp();
    found_edge record;
    waiting timestamptz;
    last timestamptz;
BEGIN
    SELECT e.edge_connection_id, e.enabled, c.next_run_at, c.request_taken_at INTO found_edge
      FROM edgemirror.edge e LEFT JOIN edgemirror.edge_claim c ON c.edge_connection_id = e.edge_connection_id
     WHERE e.name = request_sync.edge;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'there is no edge named %', quote_nullable(edge)
            USING ERRCODE = 'undefined_object', HINT = 'edgemirror status lists the edges, and so does edgemirror.freshness.';
    ELSIF NOT found_edge.enabled THEN
        RAISE EXCEPTION 'edge % is disabled', quote_literal(edge)
            USING ERRCODE = 'object_not_in_prerequisite_state', HINT = 'No configuration of a service wants it synced.';
    ELSIF found_edge.next_run_at IS NULL THEN
        RAISE EXCEPTION 'edge % is not scheduled', quote_literal(edge)
            USING ERRCODE = 'object_not_in_prerequisite_state', HINT = 'No service has registered it in this database.';
    END IF;
    waiting := (SELECT min(r.requested_at) FROM edgemirror.sync_request r WHERE r.edge_connection_id = found_edge.edge_connection_id);
    last := greatest(found_edge.request_taken_at, waiting);
    IF last BETWEEN asked - interval '1 minute' AND asked THEN
        RAISE EXCEPTION 'a sync of edge % was asked for % seconds ago', quote_literal(edge), extract(epoch FROM asked - last)::integer
            USING ERRCODE = 'configuration_limit_exceeded',
                  HINT = format('Once a minute is the limit: ask again in %s seconds, at %s.',
                                ceil(extract(epoch FROM last + interval '1 minute' - asked)), last + interval '1 minute');
    ELSIF waiting IS NOT NULL THEN
        RETURN waiting;
    END IF;
    INSERT INTO edgemirror.sync_request (edge_connection_id, requested_at, requested_by) VALUES (found_edge.edge_connection_id, asked, session_user);
    RETURN asked;
END
$$;
COMMENT ON FUNCTION edgemirror.request_sync(text) IS 'Asks the service to sync an edge now, once a minute at most: for members of edgemirror_operator. Gives the time of the request, the present or the one that waits already: a run that started then or later has served it.';
REVOKE ALL ON FUNCTION edgemirror.request_sync(text) FROM PUBLIC;

-- Which instances there are, what each one waits for, and which edges it wants, so that an edge is disabled only when nobody wants it any more.
CREATE TABLE edgemirror.instance (
    instance_id     uuid        PRIMARY KEY,
    name            text        NOT NULL,
    version         text        NOT NULL,
    lease           interval    NOT NULL,
    started_at      timestamptz NOT NULL,
    seen_at         timestamptz NOT NULL,
    unbroken_since  timestamptz NOT NULL,
    stopped_at      timestamptz,
    edges           uuid[]      NOT NULL,
    waiting_for     text        CHECK (waiting_for IN ('catalog', 'pause', 'credentials', 'lock', 'postgres', 'discovery')),
    waiting_message text,
    waiting_since   timestamptz,
    CHECK ((waiting_for IS NULL) = (waiting_since IS NULL))
) WITH (fillfactor = 50);
COMMENT ON TABLE edgemirror.instance IS 'Instances of the service (edgemirror run), one row per process. Each writes its own row every few seconds; not published.';
COMMENT ON COLUMN edgemirror.instance.instance_id IS 'Drawn at random when the process starts.';
COMMENT ON COLUMN edgemirror.instance.name IS 'Its name in leases and runs (option instance).';
COMMENT ON COLUMN edgemirror.instance.version IS 'Version of the program.';
COMMENT ON COLUMN edgemirror.instance.lease IS 'The instance counts as dead when seen_at is longer ago than this, for status and pages after a minute at the latest.';
COMMENT ON COLUMN edgemirror.instance.started_at IS 'When it first registered here.';
COMMENT ON COLUMN edgemirror.instance.seen_at IS 'Its last sign of life.';
COMMENT ON COLUMN edgemirror.instance.unbroken_since IS 'Since when its signs of life came without a gap: an instance that was cut off itself does not declare others dead.';
COMMENT ON COLUMN edgemirror.instance.stopped_at IS 'When it was stopped in order. Null: it was not.';
COMMENT ON COLUMN edgemirror.instance.edges IS 'Edges that its configuration enables. Emptied when the instance counts as dead.';
COMMENT ON COLUMN edgemirror.instance.waiting_for IS 'What keeps it from syncing: catalog (away), pause (the catalog asks for one), credentials (refused), lock (held by another session), postgres (a privilege, a table, room); or from finding what to sync: discovery (no new Edge connection is found, those that are known are synced). Null: nothing.';
COMMENT ON COLUMN edgemirror.instance.waiting_message IS 'The same as a sentence.';
COMMENT ON COLUMN edgemirror.instance.waiting_since IS 'Since when it waits for that.';

CREATE TABLE edgemirror.sync_run (
    run_id             bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    edge_connection_id uuid        NOT NULL,
    instance           text        NOT NULL,
    epoch              bigint      NOT NULL,
    trigger            text        NOT NULL CHECK (trigger IN ('schedule', 'manual', 'resume')),
    by_hand            boolean     NOT NULL DEFAULT false,
    phase              text        NOT NULL CHECK (phase IN ('refresh', 'poll', 'list', 'verify', 'apply', 'done')),
    outcome            text        CHECK (outcome IN ('synced', 'held', 'unstable', 'failed', 'aborted')),
    refresh            text        CHECK (refresh IN ('clean', 'failed', 'timeout', 'unknown', 'skipped', 'rejected')),
    started_at         timestamptz NOT NULL DEFAULT now(),
    finished_at        timestamptz,
    job_id             uuid,
    job_url            text,
    job_state          text,
    job_result         text,
    job_progress       double precision,
    job_message        text,
    job                jsonb,
    pages              bigint      NOT NULL DEFAULT 0,
    requests           bigint      NOT NULL DEFAULT 0,
    listed             bigint      NOT NULL DEFAULT 0,
    added              bigint      NOT NULL DEFAULT 0,
    changed            bigint      NOT NULL DEFAULT 0,
    removed            bigint      NOT NULL DEFAULT 0,
    restored           bigint      NOT NULL DEFAULT 0,
    unchanged          bigint      NOT NULL DEFAULT 0,
    held               bigint      NOT NULL DEFAULT 0,
    error_scope        text        CHECK (error_scope IN ('request', 'run', 'peer', 'process')),
    error_code         text,
    error_message      text,
    http_status        integer,
    problem            jsonb,
    pending            bigint      NOT NULL DEFAULT 0,
    rejected           bigint      NOT NULL DEFAULT 0,
    CHECK ((finished_at IS NULL) = (outcome IS NULL))
);
COMMENT ON TABLE edgemirror.sync_run IS 'The journal: one row per run, written as its phases pass.';
COMMENT ON COLUMN edgemirror.sync_run.run_id IS 'Number of the run.';
COMMENT ON COLUMN edgemirror.sync_run.edge_connection_id IS 'Edge that is synced.';
COMMENT ON COLUMN edgemirror.sync_run.instance IS 'Instance that runs it.';
COMMENT ON COLUMN edgemirror.sync_run.epoch IS 'Epoch of the claim it runs under.';
COMMENT ON COLUMN edgemirror.sync_run.trigger IS 'schedule, manual (edgemirror sync, or request_sync), or resume (took up the job of a run that ended before it, which was noted or was found in the catalog).';
COMMENT ON COLUMN edgemirror.sync_run.by_hand IS 'Begun by edgemirror sync, not by a service, which would tell of how it ended.';
COMMENT ON COLUMN edgemirror.sync_run.phase IS 'refresh, poll, list, verify, apply, done; while it runs, behind by a little more than a second at most.';
COMMENT ON COLUMN edgemirror.sync_run.outcome IS 'synced, held, unstable, failed, aborted. Null: running.';
COMMENT ON COLUMN edgemirror.sync_run.refresh IS 'How the refresh went: clean, failed, timeout, unknown, skipped, rejected.';
COMMENT ON COLUMN edgemirror.sync_run.started_at IS 'When the lease was taken.';
COMMENT ON COLUMN edgemirror.sync_run.finished_at IS 'When the run ended. Null: running, or cut short.';
COMMENT ON COLUMN edgemirror.sync_run.job_id IS 'Job of the refresh.';
COMMENT ON COLUMN edgemirror.sync_run.job_url IS 'Address of the job, as the catalog gave it.';
COMMENT ON COLUMN edgemirror.sync_run.job_state IS 'Its last known state.';
COMMENT ON COLUMN edgemirror.sync_run.job_result IS 'Its result, where the catalog gives one.';
COMMENT ON COLUMN edgemirror.sync_run.job_progress IS 'Its progress in percent.';
COMMENT ON COLUMN edgemirror.sync_run.job_message IS 'Its message.';
COMMENT ON COLUMN edgemirror.sync_run.job IS 'The last Job document, whole; null when the job was clean and nothing had changed.';
COMMENT ON COLUMN edgemirror.sync_run.pages IS 'Pages received.';
COMMENT ON COLUMN edgemirror.sync_run.requests IS 'HTTP requests made.';
COMMENT ON COLUMN edgemirror.sync_run.listed IS 'Distinct rows in the list, those that cannot be mirrored included; while it runs: rows received so far.';
COMMENT ON COLUMN edgemirror.sync_run.added IS 'Rows that were new.';
COMMENT ON COLUMN edgemirror.sync_run.changed IS 'Rows whose name, link or edge changed.';
COMMENT ON COLUMN edgemirror.sync_run.removed IS 'Rows proven gone.';
COMMENT ON COLUMN edgemirror.sync_run.restored IS 'Rows that had been removed and are back.';
COMMENT ON COLUMN edgemirror.sync_run.unchanged IS 'Rows that were as the mirror has them.';
COMMENT ON COLUMN edgemirror.sync_run.held IS 'Rows missing from the list that were left in the mirror.';
COMMENT ON COLUMN edgemirror.sync_run.error_scope IS 'request, run, peer or process: how far the error reaches.';
COMMENT ON COLUMN edgemirror.sync_run.error_code IS 'Stable code of the error.';
COMMENT ON COLUMN edgemirror.sync_run.error_message IS 'The error as a sentence.';
COMMENT ON COLUMN edgemirror.sync_run.http_status IS 'HTTP status of the answer that was the error.';
COMMENT ON COLUMN edgemirror.sync_run.problem IS 'Error body of the catalog (StandardErrorResponse).';
COMMENT ON COLUMN edgemirror.sync_run.pending IS 'Rows missing from the list and proven gone that are removed once as many syncs in a row as confirm_removals have proven it, for as long as removal_delay.';
COMMENT ON COLUMN edgemirror.sync_run.rejected IS 'Rows of the list that cannot be mirrored; they are counted in listed, too.';
COMMENT ON SEQUENCE edgemirror.sync_run_run_id_seq IS 'Numbers the runs.';
CREATE INDEX sync_run_edge ON edgemirror.sync_run (edge_connection_id, run_id DESC);
COMMENT ON INDEX edgemirror.sync_run_edge IS 'Last runs of an edge.';
CREATE INDEX sync_run_open ON edgemirror.sync_run (edge_connection_id) WHERE finished_at IS NULL;
COMMENT ON INDEX edgemirror.sync_run_open IS 'Runs that have not ended.';
CREATE INDEX sync_run_finished ON edgemirror.sync_run (finished_at) WHERE finished_at IS NOT NULL;
COMMENT ON INDEX edgemirror.sync_run_finished IS 'Pruning.';

-- ---- what the mirror holds, as one value ------------------------------------------------------------------------------------------------------------------

-- A sync that lists the same rows needs to write nothing, and alterations by hand are found. The hash of a row is the first 128 bits of the SHA-256 of its id, its
-- database_id ("-": none) and its name, one after the other. Its four words of 32 bits are added up, each modulo 2^32, over all rows, in whatever order; so a row
-- that comes or goes is added or subtracted. src/base/digest.c computes the same over a list.
CREATE FUNCTION edgemirror.digest_hash(id uuid, database_id uuid, name text)
RETURNS bytea
LANGUAGE sql STABLE
AS $$
    SELECT pg_catalog.sha256(pg_catalog.convert_to(id::pg_catalog.text OPERATOR(pg_catalog.||) coalesce(database_id::pg_catalog.text, '-')
                                                   OPERATOR(pg_catalog.||) name, 'UTF8'))
$$;
COMMENT ON FUNCTION edgemirror.digest_hash(uuid, uuid, text) IS 'Hash of a row; of it, the first 128 bits count.';

CREATE FUNCTION edgemirror.digest_add(digest text, word_1 bigint, word_2 bigint, word_3 bigint, word_4 bigint)
RETURNS text
LANGUAGE sql IMMUTABLE STRICT SET search_path = pg_catalog, edgemirror, pg_temp
AS $$
    SELECT lpad(to_hex((('x' || substr(digest, 1, 8))::bit(32)::bigint + word_1) & 4294967295), 8, '0')
        || lpad(to_hex((('x' || substr(digest, 9, 8))::bit(32)::bigint + word_2) & 4294967295), 8, '0')
        || lpad(to_hex((('x' || substr(digest, 17, 8))::bit(32)::bigint + word_3) & 4294967295), 8, '0')
        || lpad(to_hex((('x' || substr(digest, 25, 8))::bit(32)::bigint + word_4) & 4294967295), 8, '0')
$$;
COMMENT ON FUNCTION edgemirror.digest_add(text, bigint, bigint, bigint, bigint) IS 'A digest with the words of hashes added to it, each modulo 2^32; of rows that go, they are negative.';

CREATE FUNCTION edgemirror.digest_of(of_edge uuid, OUT row_count bigint, OUT digest text)
LANGUAGE sql STABLE SET search_path = pg_catalog, edgemirror, pg_temp
AS $$
    SELECT count(*),
           edgemirror.digest_add(repeat('0', 32),
               coalesce(sum((get_byte(h, 0) << 24) | (get_byte(h, 1) << 16) | (get_byte(h, 2) << 8) | get_byte(h, 3)), 0),
               coalesce(sum((get_byte(h, 4) << 24) | (get_byte(h, 5) << 16) | (get_byte(h, 6) << 8) | get_byte(h, 7)), 0),
               coalesce(sum((get_byte(h, 8) << 24) | (get_byte(h, 9) << 16) | (get_byte(h, 10) << 8) | get_byte(h, 11)), 0),
               coalesce(sum((get_byte(h, 12) << 24) | (get_byte(h, 13) << 16) | (get_byte(h, 14) << 8) | get_byte(h, 15)), 0))
      FROM (SELECT edgemirror.digest_hash(d.id, d.database_id, d.name) AS h
              FROM edgemirror.database_connection d
             WHERE d.edge_connection_id = of_edge AND d.removed_at IS NULL
            OFFSET 0) hashed -- one hash a row, not one for each use of it
$$;
COMMENT ON FUNCTION edgemirror.digest_of(uuid) IS 'How many rows of the edge are present, and their digest, computed from the rows: equal to edge.digest unless somebody altered the mirror by hand.';

-- ---- reports ------------------------------------------------------------------------------------------------------------------------------------------------

-- In all of these `edge` is the name of an edge, as the configuration has it, and edge_connection_id its id; the table of the edges calls the two name and
-- edge_connection_id.

CREATE VIEW edgemirror.inventory AS
SELECT d.id, d.edge_connection_id, e.name AS edge, d.name, d.database_id, d.database_id IS NOT NULL AS registered,
       d.first_seen_at, d.changed_at, d.missing_since, d.missing_reason IS NOT NULL AS held, coalesce(e.enabled, false) AS edge_enabled, e.listed_at
  FROM edgemirror.database_connection d
  LEFT JOIN edgemirror.edge e USING (edge_connection_id)
 WHERE d.removed_at IS NULL;
COMMENT ON VIEW edgemirror.inventory IS 'What do we have? Database connections that are present, with the name of their edge and whether they are registered.';
COMMENT ON COLUMN edgemirror.inventory.id IS 'Id of the database connection in the catalog.';
COMMENT ON COLUMN edgemirror.inventory.edge_connection_id IS 'Edge connection it belongs to.';
COMMENT ON COLUMN edgemirror.inventory.edge IS 'Name of that edge in the configuration. Null: never configured here; the row went there from an edge that is, and is as it was then.';
COMMENT ON COLUMN edgemirror.inventory.name IS 'Exact name of the database at the source.';
COMMENT ON COLUMN edgemirror.inventory.database_id IS 'Id of the linked Database asset. Null: not registered.';
COMMENT ON COLUMN edgemirror.inventory.registered IS 'Whether a Database asset is linked.';
COMMENT ON COLUMN edgemirror.inventory.first_seen_at IS 'When the mirror first had it.';
COMMENT ON COLUMN edgemirror.inventory.changed_at IS 'When its name, link or edge last changed.';
COMMENT ON COLUMN edgemirror.inventory.missing_since IS 'When it was missing from the list for the first time without having been seen since; see the view held. Null: was in the last whole list.';
COMMENT ON COLUMN edgemirror.inventory.held IS 'Whether it is missing from the list and stays; the view held has the reason.';
COMMENT ON COLUMN edgemirror.inventory.edge_enabled IS 'Whether the configuration still wants its edge synced; false: it is as it was when the edge was synced last.';
COMMENT ON COLUMN edgemirror.inventory.listed_at IS 'When reading the list was begun that the rows of this edge are equal to. Null: never listed whole.';

CREATE VIEW edgemirror.unregistered (id, edge_connection_id, edge, name, first_seen_at, ever_registered, edge_enabled) AS
SELECT d.id, d.edge_connection_id, e.name, d.name, d.first_seen_at, coalesce(d.was_registered, false), coalesce(e.enabled, false)
  FROM edgemirror.database_connection d
  LEFT JOIN edgemirror.edge e USING (edge_connection_id)
 WHERE d.removed_at IS NULL AND d.database_id IS NULL;
COMMENT ON VIEW edgemirror.unregistered IS 'What is not registered? Present database connections without a Database asset.';
COMMENT ON COLUMN edgemirror.unregistered.id IS 'Id of the database connection in the catalog.';
COMMENT ON COLUMN edgemirror.unregistered.edge_connection_id IS 'Edge connection it belongs to.';
COMMENT ON COLUMN edgemirror.unregistered.edge IS 'Name of that edge in the configuration.';
COMMENT ON COLUMN edgemirror.unregistered.name IS 'Exact name of the database at the source.';
COMMENT ON COLUMN edgemirror.unregistered.first_seen_at IS 'When the mirror first had it.';
COMMENT ON COLUMN edgemirror.unregistered.ever_registered IS 'Whether it was registered at some time; false: never since the mirror has it.';
COMMENT ON COLUMN edgemirror.unregistered.edge_enabled IS 'Whether the configuration still wants its edge synced.';

CREATE VIEW edgemirror.held AS
SELECT d.id, d.edge_connection_id, e.name AS edge, d.name, d.database_id, d.missing_since AS since, d.missing_reason AS reason,
       d.missing_status AS http_status, d.missing_proofs AS proofs, d.proven_since, d.missing_run_id AS run_id, coalesce(e.enabled, false) AS edge_enabled
  FROM edgemirror.database_connection d
  LEFT JOIN edgemirror.edge e USING (edge_connection_id)
 WHERE d.missing_reason IS NOT NULL AND d.removed_at IS NULL;
COMMENT ON VIEW edgemirror.held IS 'What is missing, and why does it stay? Database connections that are missing from the list of the catalog and stay in the inventory, and why.';
COMMENT ON COLUMN edgemirror.held.id IS 'Id of the database connection in the catalog.';
COMMENT ON COLUMN edgemirror.held.edge_connection_id IS 'Edge connection it belongs to.';
COMMENT ON COLUMN edgemirror.held.edge IS 'Name of that edge in the configuration.';
COMMENT ON COLUMN edgemirror.held.name IS 'Exact name of the database at the source.';
COMMENT ON COLUMN edgemirror.held.database_id IS 'Id of the linked Database asset. Null: not registered.';
COMMENT ON COLUMN edgemirror.held.since IS 'When it was missing for the first time without having been seen since.';
COMMENT ON COLUMN edgemirror.held.reason IS 'guard: more are missing than max_removals allows; unproven: the catalog did not say that it is gone; refresh: the refresh was not clean; pending: proven gone, and removed when enough syncs in a row have proven it, for long enough.';
COMMENT ON COLUMN edgemirror.held.http_status IS 'HTTP status with which the catalog answered when it was asked for by its id. Null: not asked, or no answer.';
COMMENT ON COLUMN edgemirror.held.proofs IS 'So many syncs in a row have proven it gone. Null: none.';
COMMENT ON COLUMN edgemirror.held.proven_since IS 'When the first of them has. Null: none.';
COMMENT ON COLUMN edgemirror.held.run_id IS 'Run that wrote the reason; a later run that found the same did not write again.';
COMMENT ON COLUMN edgemirror.held.edge_enabled IS 'Whether the configuration still wants its edge synced; false: no sync will decide.';

CREATE VIEW edgemirror.rejected AS
SELECT r.edge_connection_id, e.name AS edge, r.id, d.name AS name_in_mirror, r.reason, r.document, r.first_seen_at,
       greatest(r.last_seen_at, e.listed_at) AS last_seen_at, r.run_id, coalesce(e.enabled, false) AS edge_enabled
  FROM edgemirror.rejected_row r
  LEFT JOIN edgemirror.edge e USING (edge_connection_id)
  LEFT JOIN edgemirror.database_connection d ON d.id = r.id AND d.edge_connection_id = r.edge_connection_id AND d.removed_at IS NULL;
COMMENT ON VIEW edgemirror.rejected IS 'What could not be mirrored? Rows that the catalog lists and that could not be mirrored, and why.';
COMMENT ON COLUMN edgemirror.rejected.edge_connection_id IS 'Edge connection whose list holds it.';
COMMENT ON COLUMN edgemirror.rejected.edge IS 'Name of that edge in the configuration.';
COMMENT ON COLUMN edgemirror.rejected.id IS 'Id of the database connection. Null: cannot be read.';
COMMENT ON COLUMN edgemirror.rejected.name_in_mirror IS 'Its name in the inventory, where it stays as it was. Null: the mirror does not have it.';
COMMENT ON COLUMN edgemirror.rejected.reason IS 'Why it cannot be mirrored.';
COMMENT ON COLUMN edgemirror.rejected.document IS 'The row as it was received, at most 4 KiB of it; what cannot be stored is U+FFFD.';
COMMENT ON COLUMN edgemirror.rejected.first_seen_at IS 'When it was rejected for the first time since the row could last be mirrored.';
COMMENT ON COLUMN edgemirror.rejected.last_seen_at IS 'When the last list that has it was read.';
COMMENT ON COLUMN edgemirror.rejected.run_id IS 'Run that wrote reason and document; a later run that found the same did not write again.';
COMMENT ON COLUMN edgemirror.rejected.edge_enabled IS 'Whether the configuration still wants its edge synced.';

CREATE VIEW edgemirror.run AS
SELECT r.run_id, r.edge_connection_id, e.name AS edge, r.instance, r.trigger, r.started_at, r.finished_at, r.finished_at - r.started_at AS duration,
       r.phase, r.outcome, r.refresh, r.outcome = 'synced' AND r.refresh IN ('clean', 'skipped') AS ok,
       CASE WHEN r.outcome <> 'synced' OR r.refresh NOT IN ('clean', 'skipped') THEN
           concat(CASE r.outcome WHEN 'synced' THEN 'the list was applied'
                                 WHEN 'held' THEN format('the list was applied, missing rows stay (%s)', r.held)
                                 WHEN 'unstable' THEN 'the list was not whole, what was seen of it was applied'
                                 WHEN 'failed' THEN 'failed, nothing was applied'
                                 WHEN 'aborted' THEN 'ended early, nothing was applied' END,
                  CASE r.refresh WHEN 'failed' THEN '; the refresh failed'
                                 WHEN 'timeout' THEN '; the refresh did not end in time'
                                 WHEN 'unknown' THEN '; how the refresh ended is not known'
                                 WHEN 'rejected' THEN '; the catalog rejected the refresh' END,
                  ': ' || r.error_message)
       END AS problem,
       r.listed, r.added, r.changed, r.removed, r.restored, r.unchanged, r.held, r.pending, r.rejected,
       r.error_code, r.error_message, r.http_status, r.job_id
  FROM edgemirror.sync_run r
  LEFT JOIN edgemirror.edge e USING (edge_connection_id);
COMMENT ON VIEW edgemirror.run IS 'What failed, and why? Runs, with the name of the edge and in one sentence what was wrong, as long as they are kept.';
COMMENT ON COLUMN edgemirror.run.run_id IS 'Number of the run; sync_run has more of it.';
COMMENT ON COLUMN edgemirror.run.edge_connection_id IS 'Edge that was synced.';
COMMENT ON COLUMN edgemirror.run.edge IS 'Name of that edge in the configuration.';
COMMENT ON COLUMN edgemirror.run.instance IS 'Instance that ran it.';
COMMENT ON COLUMN edgemirror.run.trigger IS 'schedule, manual (edgemirror sync, or request_sync), or resume (took up the job of a run that ended before it, which was noted or was found in the catalog).';
COMMENT ON COLUMN edgemirror.run.started_at IS 'When the lease was taken.';
COMMENT ON COLUMN edgemirror.run.finished_at IS 'When the run ended. Null: running, or cut short.';
COMMENT ON COLUMN edgemirror.run.duration IS 'How long it took. Null: running, or cut short.';
COMMENT ON COLUMN edgemirror.run.phase IS 'refresh, poll, list, verify, apply, done.';
COMMENT ON COLUMN edgemirror.run.outcome IS 'synced, held, unstable, failed, aborted. Null: running.';
COMMENT ON COLUMN edgemirror.run.refresh IS 'How the refresh went: clean, failed, timeout, unknown, skipped, rejected.';
COMMENT ON COLUMN edgemirror.run.ok IS 'The whole list was applied and the refresh was clean, or none was wanted. False also where the refresh failed and the list did not. Null: running.';
COMMENT ON COLUMN edgemirror.run.problem IS 'One sentence: the outcome, the refresh, the error. Null: ok, or running.';
COMMENT ON COLUMN edgemirror.run.listed IS 'Distinct rows in the list, those that cannot be mirrored included.';
COMMENT ON COLUMN edgemirror.run.added IS 'Rows that were new.';
COMMENT ON COLUMN edgemirror.run.changed IS 'Rows whose name, link or edge changed.';
COMMENT ON COLUMN edgemirror.run.removed IS 'Rows proven gone.';
COMMENT ON COLUMN edgemirror.run.restored IS 'Rows that had been removed and are back.';
COMMENT ON COLUMN edgemirror.run.unchanged IS 'Rows that were as the mirror has them.';
COMMENT ON COLUMN edgemirror.run.held IS 'Rows missing from the list that were left in the mirror.';
COMMENT ON COLUMN edgemirror.run.pending IS 'Rows missing from the list and proven gone that wait for the proof of another sync.';
COMMENT ON COLUMN edgemirror.run.rejected IS 'Rows of the list that cannot be mirrored.';
COMMENT ON COLUMN edgemirror.run.error_code IS 'Stable code of the error.';
COMMENT ON COLUMN edgemirror.run.error_message IS 'The error as a sentence.';
COMMENT ON COLUMN edgemirror.run.http_status IS 'HTTP status of the answer that was the error.';
COMMENT ON COLUMN edgemirror.run.job_id IS 'Job of the refresh.';

-- The queue says when an edge is due, and stays when nobody works on it any more: whether somebody should is what instances of the service say.
-- A run that was aborted says nothing of the edge: its state is that of the run before.
CREATE VIEW edgemirror.freshness AS
SELECT f.*,
       CASE WHEN NOT f.enabled THEN 'disabled'
            WHEN f.consecutive_failures > 0 AND coalesce(b.outcome, f.last_outcome) IS DISTINCT FROM 'unstable' THEN 'failing'
            WHEN f.overdue THEN 'overdue'
            WHEN coalesce(b.outcome, f.last_outcome) IN ('held', 'unstable') THEN coalesce(b.outcome, f.last_outcome)
            WHEN f.listed_at IS NULL THEN 'unlisted'
            WHEN coalesce(b.refresh, f.last_refresh) NOT IN ('clean', 'skipped') THEN 'unrefreshed'
            WHEN f.rejected > 0 THEN 'rejected'
            ELSE 'well' END AS state
  FROM (SELECT e.edge_connection_id, e.name AS edge, e.enabled, e.listed_at, e.refreshed_at,
               now() - e.listed_at AS listed_age, now() - e.refreshed_at AS refreshed_age, e.row_count,
               coalesce(m.held, 0) AS held, coalesce(m.pending, 0) AS pending, e.rejected,
               r.outcome AS last_outcome, r.refresh AS last_refresh, r.error_message AS last_error, r.finished_at AS last_run_at, e.consecutive_failures,
               e.enabled AND c.next_run_at IS NOT NULL AND w.edge_connection_id IS NOT NULL AS scheduled, c.next_run_at,
               e.enabled AND w.edge_connection_id IS NOT NULL AND coalesce(c.next_run_at < now() - interval '1 minute' AND (c.holder IS NULL OR c.expires_at < now()), false)
                   AS overdue
          FROM edgemirror.edge e
          LEFT JOIN edgemirror.edge_claim c ON c.edge_connection_id = e.edge_connection_id
          LEFT JOIN edgemirror.sync_run r ON r.run_id = e.last_run_id
          LEFT JOIN (SELECT DISTINCT x.edge_connection_id FROM edgemirror.instance i CROSS JOIN LATERAL unnest(i.edges) AS x (edge_connection_id)
                      WHERE i.stopped_at IS NULL) w ON w.edge_connection_id = e.edge_connection_id
          LEFT JOIN (SELECT d.edge_connection_id, count(*) FILTER (WHERE d.missing_reason <> 'pending') AS held,
                            count(*) FILTER (WHERE d.missing_reason = 'pending') AS pending
                       FROM edgemirror.database_connection d
                      WHERE d.missing_reason IS NOT NULL AND d.removed_at IS NULL
                      GROUP BY d.edge_connection_id) m ON m.edge_connection_id = e.edge_connection_id) f
  LEFT JOIN LATERAL (SELECT x.outcome, x.refresh FROM edgemirror.sync_run x
                      WHERE f.last_outcome = 'aborted' AND x.edge_connection_id = f.edge_connection_id AND x.outcome <> 'aborted'
                      ORDER BY x.run_id DESC LIMIT 1) b ON true;
COMMENT ON VIEW edgemirror.freshness IS 'Can this be believed? Per edge: how old the list and the refresh are, what is held, how the last run ended, and whether a sync is overdue.';
COMMENT ON COLUMN edgemirror.freshness.edge_connection_id IS 'The edge.';
COMMENT ON COLUMN edgemirror.freshness.edge IS 'Its name in the configuration.';
COMMENT ON COLUMN edgemirror.freshness.enabled IS 'Whether the configuration still wants it synced.';
COMMENT ON COLUMN edgemirror.freshness.listed_at IS 'When reading the list was begun that the mirror is equal to. Null: never listed.';
COMMENT ON COLUMN edgemirror.freshness.refreshed_at IS 'The last time at which the last clean refresh was known not to be over. Null: never.';
COMMENT ON COLUMN edgemirror.freshness.listed_age IS 'How long ago listed_at is.';
COMMENT ON COLUMN edgemirror.freshness.refreshed_age IS 'How long ago refreshed_at is.';
COMMENT ON COLUMN edgemirror.freshness.row_count IS 'Present database connections after the last sync that listed. Null: never listed.';
COMMENT ON COLUMN edgemirror.freshness.held IS 'Rows that are missing from the list and stay, because it is not proven that they are gone; see the view held.';
COMMENT ON COLUMN edgemirror.freshness.pending IS 'Rows that are missing from the list and proven gone, waiting for the proof of another sync; see the view held.';
COMMENT ON COLUMN edgemirror.freshness.rejected IS 'Rows of the last list that cannot be mirrored; see the view rejected.';
COMMENT ON COLUMN edgemirror.freshness.last_outcome IS 'How the last run that ended did: synced, held, unstable, failed, aborted; see the view run. Null: none yet.';
COMMENT ON COLUMN edgemirror.freshness.last_refresh IS 'How its refresh went: clean, failed, timeout, unknown, skipped, rejected. Null: it did not come to that.';
COMMENT ON COLUMN edgemirror.freshness.last_error IS 'Its error as a sentence. Null: none.';
COMMENT ON COLUMN edgemirror.freshness.last_run_at IS 'When it ended.';
COMMENT ON COLUMN edgemirror.freshness.consecutive_failures IS 'Runs that failed or were unstable since the last one that was neither.';
COMMENT ON COLUMN edgemirror.freshness.scheduled IS 'A service has it in its queue, one that is running or went away without being stopped. False: nothing schedules it, or this database only subscribes.';
COMMENT ON COLUMN edgemirror.freshness.next_run_at IS 'When it is due. Null: not scheduled, or a database that only subscribes.';
COMMENT ON COLUMN edgemirror.freshness.overdue IS 'Scheduled, due for more than a minute, and nobody is syncing it. False where nothing schedules it.';
COMMENT ON COLUMN edgemirror.freshness.state IS 'The same in a word, the first that is true: disabled; failing (the last run failed); overdue; held, unstable (the last outcome: rows are missing and stay, the list was not whole); unlisted (never listed); unrefreshed (the last refresh was not clean); rejected (rows of the last list cannot be mirrored); well.';

-- Each version says itself what began it (began_as): a report of one kind reads that kind alone. What was there before is found by the primary key; behind the
-- horizon it may be gone, so events up to there are left out.
CREATE VIEW edgemirror.change AS
WITH version AS NOT MATERIALIZED (
    SELECT p.id, p.edge_connection_id, p.name, p.database_id, p.valid_from, p.began_as, p.previous_ended_at, p.run_id
      FROM edgemirror.database_connection_past p
    UNION ALL
    SELECT d.id, d.edge_connection_id, d.name, d.database_id, d.changed_at, d.began_as, d.previous_ended_at, d.run_id
      FROM edgemirror.database_connection d
), event AS NOT MATERIALIZED (
    SELECT v.valid_from AS happened_at, 'added' AS kind, v.id, v.edge_connection_id, NULL::uuid AS edge_connection_id_before,
           v.edge_connection_id AS edge_connection_id_after, NULL::text AS name_before, v.name AS name_after,
           NULL::uuid AS database_id_before, v.database_id AS database_id_after, v.run_id, false AS compared, false AS by_retire
      FROM version v
     WHERE v.began_as IS NULL
    UNION ALL
    SELECT v.valid_from, 'changed', v.id, v.edge_connection_id, b.edge_connection_id, v.edge_connection_id, b.name, v.name, b.database_id, v.database_id,
           v.run_id, true, false
      FROM version v JOIN edgemirror.database_connection_past b ON b.id = v.id AND b.valid_to = v.previous_ended_at
     WHERE v.began_as = 'changed'
    UNION ALL
    SELECT v.valid_from, 'moved_out', v.id, b.edge_connection_id, b.edge_connection_id, v.edge_connection_id, b.name, v.name, b.database_id, v.database_id,
           v.run_id, false, false
      FROM version v JOIN edgemirror.database_connection_past b ON b.id = v.id AND b.valid_to = v.previous_ended_at
     WHERE v.began_as = 'moved'
    UNION ALL
    SELECT v.valid_from, 'moved_in', v.id, v.edge_connection_id, b.edge_connection_id, v.edge_connection_id, b.name, v.name, b.database_id, v.database_id,
           v.run_id, true, false
      FROM version v JOIN edgemirror.database_connection_past b ON b.id = v.id AND b.valid_to = v.previous_ended_at
     WHERE v.began_as = 'moved'
    UNION ALL
    SELECT v.valid_from, 'restored', v.id, v.edge_connection_id, b.edge_connection_id, v.edge_connection_id, b.name, v.name, b.database_id, v.database_id,
           v.run_id, b.id IS NOT NULL, v.began_as = 'resumed'
      FROM version v LEFT JOIN edgemirror.database_connection_past b ON b.id = v.id AND b.valid_to = v.previous_ended_at
     WHERE v.began_as IN ('restored', 'resumed')
    UNION ALL
    SELECT p.valid_to, CASE p.ended_as WHEN 'moved' THEN 'moved_out' ELSE 'removed' END, p.id, p.edge_connection_id, p.edge_connection_id, NULL, p.name, NULL,
           p.database_id, NULL, p.removed_run_id, false, p.ended_as = 'retired'
      FROM edgemirror.database_connection_past p
     WHERE p.ended_as IS NOT NULL
    UNION ALL
    SELECT d.removed_at, CASE d.ended_as WHEN 'moved' THEN 'moved_out' ELSE 'removed' END, d.id, d.edge_connection_id, d.edge_connection_id, NULL, d.name, NULL,
           d.database_id, NULL, d.removed_run_id, false, d.ended_as = 'retired'
      FROM edgemirror.database_connection d
     WHERE d.removed_at IS NOT NULL
)
SELECT v.happened_at, v.kind, v.id, v.edge_connection_id, e.name AS edge, v.edge_connection_id_before, b.name AS edge_before,
       v.edge_connection_id_after, a.name AS edge_after, v.name_before, v.name_after, v.database_id_before, v.database_id_after,
       v.compared AND v.name_before <> v.name_after AS renamed, v.compared AND v.database_id_before IS DISTINCT FROM v.database_id_after AS relinked,
       v.kind IN ('added', 'restored') AND e.edge_connection_id IS NOT NULL AND coalesce(v.happened_at <= e.first_listed_at, true) AS first_load, v.run_id,
       coalesce(v.by_retire, false) AS by_retire
  FROM event v
  LEFT JOIN edgemirror.edge e ON e.edge_connection_id = v.edge_connection_id
  LEFT JOIN edgemirror.edge b ON b.edge_connection_id = v.edge_connection_id_before
  LEFT JOIN edgemirror.edge a ON a.edge_connection_id = v.edge_connection_id_after
 WHERE v.happened_at > coalesce((SELECT h.since FROM edgemirror.history_horizon h), '-infinity');
COMMENT ON VIEW edgemirror.change IS 'What happened? Database connections that were added, changed, moved, removed and restored, with before and after. A move is two rows, one for each edge, so that what came and went makes up what each edge has. Reaches back to history_horizon.';
COMMENT ON COLUMN edgemirror.change.happened_at IS 'When the mirror took the change over.';
COMMENT ON COLUMN edgemirror.change.kind IS 'added, changed (name or link), moved_in and moved_out (to another edge, and perhaps changed as well), removed, restored (had been removed and is back).';
COMMENT ON COLUMN edgemirror.change.id IS 'Id of the database connection.';
COMMENT ON COLUMN edgemirror.change.edge_connection_id IS 'Edge connection to which it happened: of moved_out the one it left.';
COMMENT ON COLUMN edgemirror.change.edge IS 'Name of that edge in the configuration. Null: never configured here.';
COMMENT ON COLUMN edgemirror.change.edge_connection_id_before IS 'Edge connection before; for restored, before it was removed. Null for added.';
COMMENT ON COLUMN edgemirror.change.edge_before IS 'Name of that edge.';
COMMENT ON COLUMN edgemirror.change.edge_connection_id_after IS 'Edge connection after. Null for removed, and for moved_out to one that retire --forget has deleted since.';
COMMENT ON COLUMN edgemirror.change.edge_after IS 'Name of that edge.';
COMMENT ON COLUMN edgemirror.change.name_before IS 'Name before; for restored, before it was removed. Null for added, and for restored when that was pruned.';
COMMENT ON COLUMN edgemirror.change.name_after IS 'Name after. Null for removed.';
COMMENT ON COLUMN edgemirror.change.database_id_before IS 'Linked Database asset before; for restored, before it was removed. Null: none; for added always.';
COMMENT ON COLUMN edgemirror.change.database_id_after IS 'Linked Database asset after. Null: none; for removed always.';
COMMENT ON COLUMN edgemirror.change.renamed IS 'Whether the name differs from before. Of a move only the row moved_in says so.';
COMMENT ON COLUMN edgemirror.change.relinked IS 'Whether the linked Database asset differs from before (registered, unregistered, or another one). Of a move only the row moved_in says so.';
COMMENT ON COLUMN edgemirror.change.first_load IS 'Of added and restored: whether it came with the first whole list of its edge, or before that; then it is not known when it appeared. False for the others.';
COMMENT ON COLUMN edgemirror.change.run_id IS 'Run that brought the change; see the view run, as long as it is kept. Null: removed by edgemirror retire, or moved to an edge that was deleted since.';
COMMENT ON COLUMN edgemirror.change.by_retire IS 'Of removed: by edgemirror retire, which asks no catalog. Of restored: it comes back after that to the same edge; at another one it has appeared. Neither is known to have happened in the catalog: whether a row has vanished shows when its edge is configured and listed again.';

-- Each version counts from the day on which it began to the day on which it ended; sums of that, day after day, give every day without looking at all versions
-- for each of them. What was pruned had ended by the horizon, and counts as nothing on the days after it.
CREATE VIEW edgemirror.daily AS
WITH counted AS (
    SELECT h.edge_connection_id, h.valid_from::date AS day, count(*) AS databases, count(h.database_id) AS registered
      FROM edgemirror.database_connection_history h GROUP BY 1, 2
    UNION ALL
    SELECT h.edge_connection_id, h.valid_to::date, -count(*), -count(h.database_id)
      FROM edgemirror.database_connection_history h WHERE h.valid_to IS NOT NULL GROUP BY 1, 2
), begun AS (
    SELECT edge_connection_id, e.name, coalesce(e.first_listed_at::date, c.day) AS day
      FROM edgemirror.edge e
      FULL JOIN (SELECT c.edge_connection_id, min(c.day) AS day FROM counted c GROUP BY 1) c USING (edge_connection_id)
), step AS (
    SELECT b.edge_connection_id, greatest(c.day, b.day) AS day, sum(c.databases) AS databases, sum(c.registered) AS registered
      FROM counted c JOIN begun b USING (edge_connection_id) GROUP BY 1, 2
), total AS (
    SELECT d.day::date AS day, b.edge_connection_id, b.name,
           coalesce(sum(s.databases) OVER so_far, 0)::bigint AS databases, coalesce(sum(s.registered) OVER so_far, 0)::bigint AS registered
      FROM begun b
     CROSS JOIN LATERAL generate_series(b.day::timestamp, now()::date::timestamp, interval '1 day') AS d (day)
      LEFT JOIN step s ON s.edge_connection_id = b.edge_connection_id AND s.day = d.day::date
    WINDOW so_far AS (PARTITION BY b.edge_connection_id ORDER BY d.day)
)
SELECT t.day, t.edge_connection_id, t.name AS edge, t.databases, t.registered
  FROM total t
 WHERE t.day >= coalesce((SELECT h.since::date FROM edgemirror.history_horizon h), '-infinity');
COMMENT ON VIEW edgemirror.daily IS 'How did it grow? Per day and edge, how many database connections there were at the end of the day, and how many of them were registered. Days are those of the time zone of the session.';
COMMENT ON COLUMN edgemirror.daily.day IS 'The day, from the first whole list of the edge, or from where the history begins, to today.';
COMMENT ON COLUMN edgemirror.daily.edge_connection_id IS 'The edge.';
COMMENT ON COLUMN edgemirror.daily.edge IS 'Its name in the configuration. Null: never configured here.';
COMMENT ON COLUMN edgemirror.daily.databases IS 'Database connections at the end of the day; of today: now.';
COMMENT ON COLUMN edgemirror.daily.registered IS 'Those of them with a Database asset.';

-- Before the first list of any edge no rows would be found, and of a time that was pruned a part of them: an error is better than a wrong answer. An edge that is new
-- does not take the time before it away from the others.
CREATE FUNCTION edgemirror.history_reaches(moment timestamptz)
RETURNS boolean
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, edgemirror, pg_temp
AS $$
DECLARE
    horizon timestamptz := (SELECT since FROM edgemirror.history_horizon);
    first timestamptz := (SELECT min(first_listed_at) FROM edgemirror.edge);
BEGIN
    IF moment < horizon THEN
        RAISE EXCEPTION 'the history before % has been pruned', horizon
            USING ERRCODE = 'invalid_parameter_value', HINT = 'Option history_keep of edgemirror sets how much is kept.';
    ELSIF first IS NULL THEN
        RAISE EXCEPTION 'no edge has been listed yet' USING ERRCODE = 'invalid_parameter_value';
    ELSIF moment < first THEN
        RAISE EXCEPTION 'no edge had been listed yet then: the mirror begins at %', first
            USING ERRCODE = 'invalid_parameter_value', HINT = 'Of a later time, an edge whose first whole list came after it is left out, or there in part; see first_listed_at of edgemirror.edge.';
    END IF;
    RETURN true;
END
$$;
COMMENT ON FUNCTION edgemirror.history_reaches(timestamptz) IS 'True when the history reaches back to that time; an error when it has been pruned up to a later one, or no edge had been listed yet. An edge whose first whole list came later (first_listed_at of edge) is not complete at that time.';

-- Without a SET clause, so that it is still planned as part of the query that calls it: every operator names its schema instead. Whether the history reaches is
-- asked once, not for each row.
CREATE FUNCTION edgemirror.as_of(moment timestamptz)
RETURNS TABLE (id uuid, edge_connection_id uuid, edge text, name text, database_id uuid, registered boolean)
LANGUAGE sql STABLE PARALLEL SAFE
AS $$
    SELECT h.id, h.edge_connection_id, e.name, h.name, h.database_id, h.database_id IS NOT NULL
      FROM edgemirror.database_connection_history h
      LEFT JOIN edgemirror.edge e ON e.edge_connection_id OPERATOR(pg_catalog.=) h.edge_connection_id
     WHERE h.valid_from OPERATOR(pg_catalog.<=) moment AND (h.valid_to IS NULL OR h.valid_to OPERATOR(pg_catalog.>) moment)
       AND (SELECT edgemirror.history_reaches(moment))
$$;
COMMENT ON FUNCTION edgemirror.as_of(timestamptz) IS 'What was there on a date? The inventory as it was at a past time, with the present names of the edges. An edge whose first whole list came later (first_listed_at of edge) is left out, or there in part. An error before the first list of any edge, and when the history does not reach back that far.';
