-- The mirror, its history, the work queue and the journal of runs.

COMMENT ON SCHEMA edgemirror IS 'Mirror of the database connections that a Collibra catalog knows, one Edge connection at a time.';
COMMENT ON TABLE edgemirror.schema_version IS 'Migrations that edgemirror migrate has applied.';
COMMENT ON COLUMN edgemirror.schema_version.version IS 'Number of the migration.';
COMMENT ON COLUMN edgemirror.schema_version.name IS 'Its file name.';
COMMENT ON COLUMN edgemirror.schema_version.checksum IS 'SHA-256 of its text, in hexadecimal.';
COMMENT ON COLUMN edgemirror.schema_version.applied_at IS 'When it was applied.';

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
    last_run_id          bigint
);
COMMENT ON TABLE edgemirror.edge IS 'Edge connections that are mirrored. Changes once per sync.';
COMMENT ON COLUMN edgemirror.edge.edge_connection_id IS 'Id of the Edge connection in the catalog.';
COMMENT ON COLUMN edgemirror.edge.name IS 'Name given to it in the configuration.';
COMMENT ON COLUMN edgemirror.edge.enabled IS 'Whether the configuration still wants it synced.';
COMMENT ON COLUMN edgemirror.edge.schedule IS 'When it is synced, as configured.';
COMMENT ON COLUMN edgemirror.edge.timezone IS 'IANA time zone of the schedule.';
COMMENT ON COLUMN edgemirror.edge.listed_at IS 'The mirror equals the list of the catalog as of then. Null: never listed.';
COMMENT ON COLUMN edgemirror.edge.refreshed_at IS 'A refresh completed cleanly then: the catalog agreed with the data source. Null: never.';
COMMENT ON COLUMN edgemirror.edge.row_count IS 'Present database connections after the last sync that listed. Null: never listed.';
COMMENT ON COLUMN edgemirror.edge.consecutive_failures IS 'Runs that failed since the last one that did not.';
COMMENT ON COLUMN edgemirror.edge.last_run_id IS 'The last run that ended; see sync_run.';

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

CREATE TABLE edgemirror.database_connection (
    id                 uuid        PRIMARY KEY,
    edge_connection_id uuid        NOT NULL,
    name               text        NOT NULL,
    database_id        uuid,
    first_seen_at      timestamptz NOT NULL,
    changed_at         timestamptz NOT NULL,
    removed_at         timestamptz,
    run_id             bigint      NOT NULL
);
CREATE INDEX database_connection_present ON edgemirror.database_connection (edge_connection_id) WHERE removed_at IS NULL;
COMMENT ON TABLE edgemirror.database_connection IS 'The mirror: one row per database connection, also those that are gone (removed_at).';
COMMENT ON COLUMN edgemirror.database_connection.id IS 'Id of the database connection in the catalog.';
COMMENT ON COLUMN edgemirror.database_connection.edge_connection_id IS 'Edge connection it belongs to.';
COMMENT ON COLUMN edgemirror.database_connection.name IS 'Exact name of the database at the source.';
COMMENT ON COLUMN edgemirror.database_connection.database_id IS 'Id of the linked Database asset. Null: not registered.';
COMMENT ON COLUMN edgemirror.database_connection.first_seen_at IS 'When the mirror first had it.';
COMMENT ON COLUMN edgemirror.database_connection.changed_at IS 'When the present version began.';
COMMENT ON COLUMN edgemirror.database_connection.removed_at IS 'When it was proven gone. Null: present.';
COMMENT ON COLUMN edgemirror.database_connection.run_id IS 'Run that wrote the present version; see sync_run.';

CREATE TABLE edgemirror.database_connection_history (
    id                 uuid        NOT NULL,
    edge_connection_id uuid        NOT NULL,
    name               text        NOT NULL,
    database_id        uuid,
    valid_from         timestamptz NOT NULL,
    valid_to           timestamptz,
    run_id             bigint      NOT NULL,
    PRIMARY KEY (id, valid_from),
    CHECK (valid_to > valid_from)
);
CREATE UNIQUE INDEX database_connection_history_current ON edgemirror.database_connection_history (id) WHERE valid_to IS NULL;
COMMENT ON TABLE edgemirror.database_connection_history IS 'Every version of every database connection. Versions of one id never overlap.';
COMMENT ON COLUMN edgemirror.database_connection_history.id IS 'Id of the database connection.';
COMMENT ON COLUMN edgemirror.database_connection_history.edge_connection_id IS 'Edge connection it belonged to.';
COMMENT ON COLUMN edgemirror.database_connection_history.name IS 'Name of the database.';
COMMENT ON COLUMN edgemirror.database_connection_history.database_id IS 'Linked Database asset. Null: not registered.';
COMMENT ON COLUMN edgemirror.database_connection_history.valid_from IS 'When this version began (inclusive).';
COMMENT ON COLUMN edgemirror.database_connection_history.valid_to IS 'When it ended (exclusive). Null: it is current.';
COMMENT ON COLUMN edgemirror.database_connection_history.run_id IS 'Run that began this version.';

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
    error_scope        text,
    error_code         text,
    error_message      text,
    http_status        integer,
    problem            jsonb,
    CHECK ((finished_at IS NULL) = (outcome IS NULL))
);
CREATE INDEX sync_run_edge ON edgemirror.sync_run (edge_connection_id, run_id DESC);
CREATE INDEX sync_run_open ON edgemirror.sync_run (edge_connection_id) WHERE finished_at IS NULL;
COMMENT ON TABLE edgemirror.sync_run IS 'The journal: one row per run, written as its phases pass.';
COMMENT ON COLUMN edgemirror.sync_run.run_id IS 'Number of the run.';
COMMENT ON COLUMN edgemirror.sync_run.edge_connection_id IS 'Edge that is synced.';
COMMENT ON COLUMN edgemirror.sync_run.instance IS 'Instance that runs it.';
COMMENT ON COLUMN edgemirror.sync_run.epoch IS 'Epoch of the claim it runs under.';
COMMENT ON COLUMN edgemirror.sync_run.trigger IS 'schedule, manual, or resume (took up the job of a run that was cut short).';
COMMENT ON COLUMN edgemirror.sync_run.phase IS 'refresh, poll, list, verify, apply, done.';
COMMENT ON COLUMN edgemirror.sync_run.outcome IS 'synced, held, unstable, failed, aborted. Null: running.';
COMMENT ON COLUMN edgemirror.sync_run.refresh IS 'How the refresh went: clean, failed, timeout, unknown, skipped, rejected.';
COMMENT ON COLUMN edgemirror.sync_run.started_at IS 'When the lease was taken.';
COMMENT ON COLUMN edgemirror.sync_run.finished_at IS 'When the run ended. Null: running, or cut short.';
COMMENT ON COLUMN edgemirror.sync_run.job_id IS 'Job of the refresh.';
COMMENT ON COLUMN edgemirror.sync_run.job_url IS 'Where the catalog said the job can be asked for.';
COMMENT ON COLUMN edgemirror.sync_run.job_state IS 'Its last known state.';
COMMENT ON COLUMN edgemirror.sync_run.job_result IS 'Its result, where the catalog gives one.';
COMMENT ON COLUMN edgemirror.sync_run.job_progress IS 'Its progress in percent.';
COMMENT ON COLUMN edgemirror.sync_run.job_message IS 'Its message.';
COMMENT ON COLUMN edgemirror.sync_run.job IS 'The last Job document, whole.';
COMMENT ON COLUMN edgemirror.sync_run.pages IS 'Pages received.';
COMMENT ON COLUMN edgemirror.sync_run.requests IS 'HTTP requests made.';
COMMENT ON COLUMN edgemirror.sync_run.listed IS 'Distinct rows in the list; while it runs: rows received so far.';
COMMENT ON COLUMN edgemirror.sync_run.added IS 'Rows that were new.';
COMMENT ON COLUMN edgemirror.sync_run.changed IS 'Rows whose name, link or edge changed.';
COMMENT ON COLUMN edgemirror.sync_run.removed IS 'Rows proven gone.';
COMMENT ON COLUMN edgemirror.sync_run.restored IS 'Rows that had been removed and are back.';
COMMENT ON COLUMN edgemirror.sync_run.unchanged IS 'Rows that were as the mirror has them.';
COMMENT ON COLUMN edgemirror.sync_run.held IS 'Rows missing from the list that were left in the mirror.';
COMMENT ON COLUMN edgemirror.sync_run.error_scope IS 'request, run, peer or process: how far the error reaches.';
COMMENT ON COLUMN edgemirror.sync_run.error_code IS 'Stable word for the error.';
COMMENT ON COLUMN edgemirror.sync_run.error_message IS 'The error in words.';
COMMENT ON COLUMN edgemirror.sync_run.http_status IS 'HTTP status of the answer that was the error.';
COMMENT ON COLUMN edgemirror.sync_run.problem IS 'Error body of the catalog (StandardErrorResponse).';
