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
    enabled              boolean     NOT NULL DEFAULT true,
    schedule             text        NOT NULL,
    timezone             text        NOT NULL,
    listed_at            timestamptz,
    refreshed_at         timestamptz,
    row_count            bigint,
    consecutive_failures bigint      NOT NULL DEFAULT 0,
    last_run_id          bigint,
    digest               text,
    rejected             bigint      NOT NULL DEFAULT 0,
    list_digest          text
);
COMMENT ON TABLE edgemirror.edge IS 'Edge connections that are mirrored. Changes once per sync.';
COMMENT ON COLUMN edgemirror.edge.edge_connection_id IS 'Id of the Edge connection in the catalog.';
COMMENT ON COLUMN edgemirror.edge.name IS 'Name given to it in the configuration.';
COMMENT ON COLUMN edgemirror.edge.enabled IS 'Whether the configuration still wants it synced.';
COMMENT ON COLUMN edgemirror.edge.schedule IS 'When it is synced, as configured.';
COMMENT ON COLUMN edgemirror.edge.timezone IS 'IANA time zone of the schedule.';
COMMENT ON COLUMN edgemirror.edge.listed_at IS 'When reading the list was begun that the mirror is equal to: what changed in the catalog since may be missing. Null: never listed.';
COMMENT ON COLUMN edgemirror.edge.refreshed_at IS 'The last time at which the last clean refresh was known not to be over: what changed at the data source since may be missing. Null: never.';
COMMENT ON COLUMN edgemirror.edge.row_count IS 'Present database connections after the last sync that listed. Null: never listed.';
COMMENT ON COLUMN edgemirror.edge.consecutive_failures IS 'Runs that failed since the last one that did not.';
COMMENT ON COLUMN edgemirror.edge.last_run_id IS 'The last run that ended; see sync_run.';
COMMENT ON COLUMN edgemirror.edge.digest IS 'Digest of its present rows, from the snapshot that was applied last; see digest_of. Null: not known, because rows are held, the list was not whole, or another edge has taken rows over; a sync that lists the same rows writes it.';
COMMENT ON COLUMN edgemirror.edge.rejected IS 'Rows of the last list that cannot be mirrored; see the view rejected.';
COMMENT ON COLUMN edgemirror.edge.list_digest IS 'Digest of the list that was applied last, with the rows of it that cannot be mirrored. Null: there were none, or it is not known.';

-- ---- the mirror ---------------------------------------------------------------------------------------------------------------------------------------

-- A database connection has versions: its name, its link and its edge, from one time to another. The present one (or, of a row that was removed, the last one) is
-- the row of database_connection; those before it are in database_connection_past. So a first load writes each row once; a removal only writes when it was; a
-- change, or a row that comes back, moves the version that was there into the past and writes the new one.
--
-- previous_ended_at links a version to the one before it: null for the first one, equal to its own beginning where it continues that one, earlier where the row
-- had been removed meanwhile. So what began a version is known without looking at another, also when those before it were pruned.
CREATE TABLE edgemirror.database_connection (
    id                 uuid        PRIMARY KEY,
    edge_connection_id uuid        NOT NULL,
    name               text        NOT NULL,
    database_id        uuid,
    first_seen_at      timestamptz NOT NULL,
    changed_at         timestamptz NOT NULL,
    removed_at         timestamptz,
    run_id             bigint      NOT NULL,
    previous_ended_at  timestamptz,
    removed_run_id     bigint,
    missing_since      timestamptz,
    missing_reason     text        CHECK (missing_reason IN ('guard', 'unproven', 'refresh', 'pending')),
    missing_status     integer,
    missing_proofs     integer,
    missing_run_id     bigint,
    CHECK (previous_ended_at <= changed_at),
    CHECK (changed_at < removed_at)
);
COMMENT ON TABLE edgemirror.database_connection IS 'The mirror: one row per database connection, with its present version; of those that are gone (removed_at) the last one.';
COMMENT ON COLUMN edgemirror.database_connection.id IS 'Id of the database connection in the catalog.';
COMMENT ON COLUMN edgemirror.database_connection.edge_connection_id IS 'Edge connection it belongs to.';
COMMENT ON COLUMN edgemirror.database_connection.name IS 'Exact name of the database at the source.';
COMMENT ON COLUMN edgemirror.database_connection.database_id IS 'Id of the linked Database asset. Null: not registered.';
COMMENT ON COLUMN edgemirror.database_connection.first_seen_at IS 'When the mirror first had it.';
COMMENT ON COLUMN edgemirror.database_connection.changed_at IS 'When the present version began.';
COMMENT ON COLUMN edgemirror.database_connection.removed_at IS 'When it was proven gone, or its edge was retired, which ended the version. Null: present.';
COMMENT ON COLUMN edgemirror.database_connection.run_id IS 'Run that began the present version; see sync_run, as long as it is kept.';
COMMENT ON COLUMN edgemirror.database_connection.previous_ended_at IS 'When the version before ended; see database_connection_past. Null: this is the first one. Equal to changed_at: it was changed; earlier: it had been removed and came back.';
COMMENT ON COLUMN edgemirror.database_connection.removed_run_id IS 'Run that removed it. Null: present, or removed by edgemirror retire.';
COMMENT ON COLUMN edgemirror.database_connection.missing_since IS 'When it was missing from a list for the first time without having been seen since. Null: was in the last whole list.';
COMMENT ON COLUMN edgemirror.database_connection.missing_reason IS 'Why it stays although it is missing; see the view held. Null: it is not missing, or removed.';
COMMENT ON COLUMN edgemirror.database_connection.missing_status IS 'HTTP status with which the catalog answered when it was asked for by its id. Null: not asked, or no answer.';
COMMENT ON COLUMN edgemirror.database_connection.missing_proofs IS 'So many syncs in a row have found it missing and proven gone; at confirm_removals it is removed. Null: none.';
COMMENT ON COLUMN edgemirror.database_connection.missing_run_id IS 'Run that wrote why it stays; see sync_run.';
CREATE INDEX database_connection_present ON edgemirror.database_connection (edge_connection_id) WHERE removed_at IS NULL;
COMMENT ON INDEX edgemirror.database_connection_present IS 'Present rows of an edge.';
CREATE INDEX database_connection_missing ON edgemirror.database_connection (edge_connection_id) WHERE missing_reason IS NOT NULL;
COMMENT ON INDEX edgemirror.database_connection_missing IS 'The rows that are missing and stay, of one edge.';
CREATE INDEX database_connection_removed ON edgemirror.database_connection (removed_at) WHERE removed_at IS NOT NULL;
COMMENT ON INDEX edgemirror.database_connection_removed IS 'What vanished, and is not back, in a span of time.';

-- Versions of one id cannot overlap. A version comes here from its row of database_connection, which is locked, in the statement that begins the next one there,
-- and that one begins when this one ends or later (CHECK of both tables), whatever the clock says; so each version lies before all that come after it. What is
-- here is not written again, only pruned. An exclusion constraint would say the same, but needs an extension (btree_gist) that the role may not be allowed to
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
    removed            boolean     NOT NULL,
    removed_run_id     bigint,
    PRIMARY KEY (id, valid_to),
    CHECK (previous_ended_at <= valid_from),
    CHECK (valid_from < valid_to),
    CHECK (removed OR removed_run_id IS NULL)
);
COMMENT ON TABLE edgemirror.database_connection_past IS 'Versions of database connections that have ended and that another one has followed. Versions of one id never overlap.';
COMMENT ON COLUMN edgemirror.database_connection_past.id IS 'Id of the database connection.';
COMMENT ON COLUMN edgemirror.database_connection_past.edge_connection_id IS 'Edge connection it belonged to.';
COMMENT ON COLUMN edgemirror.database_connection_past.name IS 'Name of the database.';
COMMENT ON COLUMN edgemirror.database_connection_past.database_id IS 'Linked Database asset. Null: not registered.';
COMMENT ON COLUMN edgemirror.database_connection_past.valid_from IS 'When this version began (inclusive).';
COMMENT ON COLUMN edgemirror.database_connection_past.valid_to IS 'When it ended (exclusive).';
COMMENT ON COLUMN edgemirror.database_connection_past.run_id IS 'Run that began this version; see sync_run, as long as it is kept.';
COMMENT ON COLUMN edgemirror.database_connection_past.previous_ended_at IS 'When the version before this one ended. Null: this is the first one. Equal to valid_from: it was changed then; earlier: it had been removed and came back.';
COMMENT ON COLUMN edgemirror.database_connection_past.removed IS 'Whether it ended because the row was removed; false: because it was changed.';
COMMENT ON COLUMN edgemirror.database_connection_past.removed_run_id IS 'Run that removed it. Null: changed, or removed by edgemirror retire.';

-- Reports of a span of time and pruning may not read the whole past. The version before another one is found by the primary key.
CREATE INDEX database_connection_past_began ON edgemirror.database_connection_past (valid_from);
COMMENT ON INDEX edgemirror.database_connection_past_began IS 'What began in a span of time.';
CREATE INDEX database_connection_past_ended ON edgemirror.database_connection_past (valid_to);
COMMENT ON INDEX edgemirror.database_connection_past_ended IS 'What ended in a span of time; pruning.';
CREATE INDEX database_connection_past_removed ON edgemirror.database_connection_past (valid_to) WHERE removed;
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
    CHECK ((holder IS NULL) = (expires_at IS NULL))
) WITH (fillfactor = 50);
COMMENT ON TABLE edgemirror.edge_claim IS 'The work queue: who syncs which edge now, and when the next sync is due. Changes with every heartbeat; not published.';
COMMENT ON COLUMN edgemirror.edge_claim.edge_connection_id IS 'The edge.';
COMMENT ON COLUMN edgemirror.edge_claim.next_run_at IS 'When the edge is due. Null: not scheduled.';
COMMENT ON COLUMN edgemirror.edge_claim.holder IS 'Instance that holds the lease. Null: nobody.';
COMMENT ON COLUMN edgemirror.edge_claim.expires_at IS 'When the lease ends unless it is renewed.';
COMMENT ON COLUMN edgemirror.edge_claim.epoch IS 'Rises with every claim. Whoever applies a snapshot must know the present one.';

-- The queue is asked all the time which edges are due, whose lease has ended, and which is the next. Heartbeats write none of the indexed columns, so that they
-- stay cheap (heap-only) updates.
CREATE INDEX edge_claim_due ON edgemirror.edge_claim (next_run_at) WHERE holder IS NULL;
COMMENT ON INDEX edgemirror.edge_claim_due IS 'Edges that are due.';
CREATE INDEX edge_claim_held ON edgemirror.edge_claim (edge_connection_id) WHERE holder IS NOT NULL;
COMMENT ON INDEX edgemirror.edge_claim_held IS 'Edges whose lease may have ended.';

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
    waiting_for     text        CHECK (waiting_for IN ('catalog', 'pause', 'credentials', 'lock', 'postgres')),
    waiting_message text,
    waiting_since   timestamptz,
    CHECK ((waiting_for IS NULL) = (waiting_since IS NULL))
) WITH (fillfactor = 50);
COMMENT ON TABLE edgemirror.instance IS 'Instances of the service (edgemirror run), one row per process. Each writes its own row every few seconds; not published.';
COMMENT ON COLUMN edgemirror.instance.instance_id IS 'Drawn at random when the process starts.';
COMMENT ON COLUMN edgemirror.instance.name IS 'Its name in leases and runs (option instance).';
COMMENT ON COLUMN edgemirror.instance.version IS 'Version of the program.';
COMMENT ON COLUMN edgemirror.instance.lease IS 'The instance counts as dead when seen_at is longer ago than this.';
COMMENT ON COLUMN edgemirror.instance.started_at IS 'When it first registered here.';
COMMENT ON COLUMN edgemirror.instance.seen_at IS 'Its last sign of life.';
COMMENT ON COLUMN edgemirror.instance.unbroken_since IS 'Since when its signs of life came without a gap: an instance that was cut off itself does not declare others dead.';
COMMENT ON COLUMN edgemirror.instance.stopped_at IS 'When it was stopped in order. Null: it was not.';
COMMENT ON COLUMN edgemirror.instance.edges IS 'Edges that its configuration enables. Emptied when the instance counts as dead.';
COMMENT ON COLUMN edgemirror.instance.waiting_for IS 'What keeps it from syncing: catalog (away), pause (the catalog asks for one), credentials (refused), lock (held by another session), postgres (a privilege, a table, room). Null: nothing.';
COMMENT ON COLUMN edgemirror.instance.waiting_message IS 'The same as a sentence.';
COMMENT ON COLUMN edgemirror.instance.waiting_since IS 'Since when it waits for that.';

CREATE TABLE edgemirror.sync_run (
    run_id             bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    edge_connection_id uuid        NOT NULL,
    instance           text        NOT NULL,
    epoch              bigint      NOT NULL,
    trigger            text        NOT NULL CHECK (trigger IN ('schedule', 'manual', 'resume')),
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
COMMENT ON COLUMN edgemirror.sync_run.trigger IS 'schedule, manual, or resume (took up the job of a run that ended before it).';
COMMENT ON COLUMN edgemirror.sync_run.phase IS 'refresh, poll, list, verify, apply, done.';
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
COMMENT ON COLUMN edgemirror.sync_run.pending IS 'Rows missing from the list and proven gone that are removed once as many syncs in a row as confirm_removals have proven it.';
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
-- database_id ("-": none) and its name, one after the other. Its four words of 32 bits are added up, each modulo 2^32, over all rows, in whatever order.
-- src/base/digest.c computes the same over a list.
CREATE FUNCTION edgemirror.digest_of(edge uuid, OUT row_count bigint, OUT digest text)
LANGUAGE sql STABLE SET search_path = pg_catalog, edgemirror, pg_temp
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

-- ---- reports ------------------------------------------------------------------------------------------------------------------------------------------------

CREATE VIEW edgemirror.inventory AS
SELECT d.id, d.edge_connection_id, e.name AS edge, d.name, d.database_id, d.database_id IS NOT NULL AS registered,
       d.first_seen_at, d.changed_at, d.missing_since, d.missing_reason IS NOT NULL AS held, coalesce(e.enabled, false) AS edge_enabled
  FROM edgemirror.database_connection d
  LEFT JOIN edgemirror.edge e USING (edge_connection_id)
 WHERE d.removed_at IS NULL;
COMMENT ON VIEW edgemirror.inventory IS 'Database connections that are present, with the name of their edge and whether they are registered.';
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

CREATE VIEW edgemirror.unregistered AS
SELECT id, edge_connection_id, edge, name, first_seen_at
  FROM edgemirror.inventory
 WHERE NOT registered;
COMMENT ON VIEW edgemirror.unregistered IS 'Present database connections without a Database asset.';
COMMENT ON COLUMN edgemirror.unregistered.id IS 'Id of the database connection in the catalog.';
COMMENT ON COLUMN edgemirror.unregistered.edge_connection_id IS 'Edge connection it belongs to.';
COMMENT ON COLUMN edgemirror.unregistered.edge IS 'Name of that edge in the configuration.';
COMMENT ON COLUMN edgemirror.unregistered.name IS 'Exact name of the database at the source.';
COMMENT ON COLUMN edgemirror.unregistered.first_seen_at IS 'When the mirror first had it.';

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
COMMENT ON COLUMN edgemirror.held.since IS 'When it was missing for the first time without having been seen since.';
COMMENT ON COLUMN edgemirror.held.reason IS 'guard: more are missing than max_removals allows; unproven: the catalog did not say that it is gone; refresh: the refresh was not clean; pending: proven gone, and removed when enough syncs in a row have proven it.';
COMMENT ON COLUMN edgemirror.held.http_status IS 'HTTP status with which the catalog answered when it was asked for by its id. Null: not asked, or no answer.';
COMMENT ON COLUMN edgemirror.held.proofs IS 'So many syncs in a row have proven it gone. Null: none.';
COMMENT ON COLUMN edgemirror.held.run_id IS 'Run that wrote the reason; a later run that found the same did not write again.';

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

CREATE VIEW edgemirror.freshness AS
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
COMMENT ON VIEW edgemirror.freshness IS 'Per edge: how old the list and the refresh are, and whether a sync is overdue.';
COMMENT ON COLUMN edgemirror.freshness.edge_connection_id IS 'The edge.';
COMMENT ON COLUMN edgemirror.freshness.edge IS 'Its name in the configuration.';
COMMENT ON COLUMN edgemirror.freshness.enabled IS 'Whether the configuration still wants it synced.';
COMMENT ON COLUMN edgemirror.freshness.listed_at IS 'When reading the list was begun that the mirror is equal to. Null: never listed.';
COMMENT ON COLUMN edgemirror.freshness.refreshed_at IS 'The last time at which the last clean refresh was known not to be over. Null: never.';
COMMENT ON COLUMN edgemirror.freshness.listed_age IS 'How long ago listed_at is.';
COMMENT ON COLUMN edgemirror.freshness.refreshed_age IS 'How long ago refreshed_at is.';
COMMENT ON COLUMN edgemirror.freshness.next_run_at IS 'When it is due. Null: not scheduled, or a database that only subscribes.';
COMMENT ON COLUMN edgemirror.freshness.overdue IS 'Enabled, due for more than a minute, and nobody is syncing it. Never true in a database that only subscribes.';
COMMENT ON COLUMN edgemirror.freshness.held IS 'Rows that are missing from the list and stay, because it is not proven that they are gone; see the view held.';
COMMENT ON COLUMN edgemirror.freshness.pending IS 'Rows that are missing from the list and proven gone, waiting for the proof of another sync; see the view held.';
COMMENT ON COLUMN edgemirror.freshness.rejected IS 'Rows of the last list that cannot be mirrored; see the view rejected.';

-- Each version says itself what began it. What was there before is found by the primary key, and only for versions that were changed; behind the horizon it may be
-- gone, so events up to there are left out.
CREATE VIEW edgemirror.change AS
WITH horizon AS (
    SELECT coalesce((SELECT h.since FROM edgemirror.history_horizon h), '-infinity') AS since
), version AS NOT MATERIALIZED (
    SELECT p.id, p.edge_connection_id, p.name, p.database_id, p.valid_from, p.previous_ended_at, p.run_id
      FROM edgemirror.database_connection_past p
    UNION ALL
    SELECT d.id, d.edge_connection_id, d.name, d.database_id, d.changed_at, d.previous_ended_at, d.run_id
      FROM edgemirror.database_connection d
), removal AS NOT MATERIALIZED (
    SELECT p.id, p.edge_connection_id, p.name, p.database_id, p.valid_to AS removed_at, p.removed_run_id
      FROM edgemirror.database_connection_past p
     WHERE p.removed
    UNION ALL
    SELECT d.id, d.edge_connection_id, d.name, d.database_id, d.removed_at, d.removed_run_id
      FROM edgemirror.database_connection d
     WHERE d.removed_at IS NOT NULL
)
SELECT v.valid_from AS happened_at,
       CASE WHEN v.previous_ended_at IS NULL THEN 'added' WHEN v.previous_ended_at = v.valid_from THEN 'changed' ELSE 'restored' END AS kind,
       v.id, v.edge_connection_id, before.edge_connection_id AS edge_connection_id_before,
       before.name AS name_before, v.name AS name_after,
       before.database_id AS database_id_before, v.database_id AS database_id_after,
       v.run_id
  FROM version v
  LEFT JOIN edgemirror.database_connection_past before ON before.id = v.id AND before.valid_to = v.previous_ended_at AND v.previous_ended_at = v.valid_from
 WHERE v.valid_from > (SELECT since FROM horizon)
UNION ALL
SELECT r.removed_at, 'removed', r.id, r.edge_connection_id, r.edge_connection_id, r.name, NULL, r.database_id, NULL, r.removed_run_id
  FROM removal r
 WHERE r.removed_at > (SELECT since FROM horizon);
COMMENT ON VIEW edgemirror.change IS 'What happened: added, changed, removed and restored database connections, with before and after. Order by happened_at. Reaches back to history_horizon.';
COMMENT ON COLUMN edgemirror.change.happened_at IS 'When the mirror took the change over.';
COMMENT ON COLUMN edgemirror.change.kind IS 'added, changed (name, link or edge), removed, restored (had been removed and is back).';
COMMENT ON COLUMN edgemirror.change.id IS 'Id of the database connection.';
COMMENT ON COLUMN edgemirror.change.edge_connection_id IS 'Edge connection it belongs to after the change; for removed: belonged to.';
COMMENT ON COLUMN edgemirror.change.edge_connection_id_before IS 'Edge connection before. Null for added and restored.';
COMMENT ON COLUMN edgemirror.change.name_before IS 'Name before. Null for added and restored.';
COMMENT ON COLUMN edgemirror.change.name_after IS 'Name after. Null for removed.';
COMMENT ON COLUMN edgemirror.change.database_id_before IS 'Linked Database asset before. Null: none; for added and restored always.';
COMMENT ON COLUMN edgemirror.change.database_id_after IS 'Linked Database asset after. Null: none; for removed always.';
COMMENT ON COLUMN edgemirror.change.run_id IS 'Run that brought the change; see sync_run, as long as it is kept. Null: removed by edgemirror retire.';

-- For a time before the horizon a part of the rows only would be found: an error is better than a wrong answer.
CREATE FUNCTION edgemirror.history_reaches(moment timestamptz)
RETURNS boolean
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, edgemirror, pg_temp
AS $$
DECLARE
    horizon timestamptz := (SELECT since FROM edgemirror.history_horizon);
BEGIN
    IF moment < horizon THEN
        RAISE EXCEPTION 'the history before % has been pruned', horizon
            USING ERRCODE = 'invalid_parameter_value', HINT = 'Option history_keep of edgemirror sets how much is kept.';
    END IF;
    RETURN true;
END
$$;
COMMENT ON FUNCTION edgemirror.history_reaches(timestamptz) IS 'True when the history is complete at that time; an error when it has been pruned up to a later one.';

-- Without a SET clause, so that it is still planned as part of the query that calls it: every operator names its schema instead.
CREATE FUNCTION edgemirror.as_of(moment timestamptz)
RETURNS TABLE (id uuid, edge_connection_id uuid, edge text, name text, database_id uuid, registered boolean)
LANGUAGE sql STABLE
AS $$
    SELECT h.id, h.edge_connection_id, e.name, h.name, h.database_id, h.database_id IS NOT NULL
      FROM edgemirror.database_connection_history h
      LEFT JOIN edgemirror.edge e ON e.edge_connection_id OPERATOR(pg_catalog.=) h.edge_connection_id
     WHERE h.valid_from OPERATOR(pg_catalog.<=) moment AND (h.valid_to IS NULL OR h.valid_to OPERATOR(pg_catalog.>) moment)
       AND edgemirror.history_reaches(moment)
$$;
COMMENT ON FUNCTION edgemirror.as_of(timestamptz) IS 'The inventory as it was at a past time, with the present names of the edges. An error when the history does not reach back that far.';
