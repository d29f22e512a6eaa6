-- The instances of the service: who lives, who waits for what, and which edges each one wants, so that an edge is disabled only when nobody wants it any more.
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
COMMENT ON COLUMN edgemirror.instance.lease IS 'It is taken for dead when seen_at is longer ago than this.';
COMMENT ON COLUMN edgemirror.instance.started_at IS 'When it first registered here.';
COMMENT ON COLUMN edgemirror.instance.seen_at IS 'Its last sign of life.';
COMMENT ON COLUMN edgemirror.instance.unbroken_since IS 'Since then its signs of life came without a gap: who was cut off itself does not take others for dead.';
COMMENT ON COLUMN edgemirror.instance.stopped_at IS 'When it was stopped in order. Null: it was not.';
COMMENT ON COLUMN edgemirror.instance.edges IS 'Edges that it wants synced: those that its configuration enables. Emptied when it is taken for dead.';
COMMENT ON COLUMN edgemirror.instance.waiting_for IS 'What keeps it from syncing: catalog (away), pause (the catalog asks for one), credentials (refused), lock (held by another session), postgres (a privilege, a table, room). Null: nothing.';
COMMENT ON COLUMN edgemirror.instance.waiting_message IS 'The same in words.';
COMMENT ON COLUMN edgemirror.instance.waiting_since IS 'Since when it waits for that.';
