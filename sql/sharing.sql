-- The roles for readers and for those who may ask for a sync, the publication, and the number of the next run. Run after every migration, so that an administrator who creates the role later gets the grants with the next
-- migrate, and a publication that got lost comes back. What this role may not do is left to an administrator.
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'edgemirror_reader') THEN
        CREATE ROLE edgemirror_reader NOLOGIN;
        COMMENT ON ROLE edgemirror_reader IS 'May select everything in the schema edgemirror and call as_of; writes nothing. For the roles of reports.';
    END IF;
EXCEPTION
    WHEN insufficient_privilege OR duplicate_object OR unique_violation THEN NULL;
END $$;

DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'edgemirror_operator') THEN
        CREATE ROLE edgemirror_operator NOLOGIN;
        COMMENT ON ROLE edgemirror_operator IS 'May call request_sync and nothing else; who is to read as well is a member of edgemirror_reader, too.';
    END IF;
EXCEPTION
    WHEN insufficient_privilege OR duplicate_object OR unique_violation THEN NULL;
END $$;

DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'edgemirror_reader') THEN
        GRANT USAGE ON SCHEMA edgemirror TO edgemirror_reader;
        -- of a superuser there may be others
        EXECUTE (SELECT 'GRANT SELECT ON ' || string_agg(format('edgemirror.%I', c.relname), ', ') || ' TO edgemirror_reader'
                   FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                  WHERE n.nspname = 'edgemirror' AND c.relkind IN ('r', 'v') AND pg_has_role(c.relowner, 'USAGE'));
        GRANT EXECUTE ON FUNCTION edgemirror.as_of(timestamptz), edgemirror.digest_add(text, bigint, bigint, bigint, bigint), edgemirror.digest_hash(uuid, uuid, text),
                                  edgemirror.digest_of(uuid), edgemirror.history_reaches(timestamptz) TO edgemirror_reader;
    END IF;
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'edgemirror_operator') THEN
        GRANT USAGE ON SCHEMA edgemirror TO edgemirror_operator;
        GRANT EXECUTE ON FUNCTION edgemirror.request_sync(text) TO edgemirror_operator;
    END IF;
END $$;

-- A database that has subscribed goes on behind the runs that it was given, of which it may have no more than the edges name: replication brings no sequence. And
-- its tables may be of different times: the next sync of each edge compares all rows. One that subscribes still writes nothing into them.
DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_subscription_rel s JOIN pg_class c ON c.oid = s.srrelid JOIN pg_namespace n ON n.oid = c.relnamespace
                WHERE n.nspname = 'edgemirror') THEN
        RETURN;
    END IF;
    PERFORM setval('edgemirror.sync_run_run_id_seq', r.newest)
       FROM (SELECT greatest((SELECT max(run_id) FROM edgemirror.sync_run), (SELECT max(last_run_id) FROM edgemirror.edge)) AS newest) r, edgemirror.sync_run_run_id_seq s
      WHERE r.newest > s.last_value OR r.newest = s.last_value AND NOT s.is_called;
    IF FOUND THEN
        UPDATE edgemirror.edge SET list_digest = NULL WHERE list_digest IS NOT NULL;
    END IF;
EXCEPTION
    WHEN insufficient_privilege THEN NULL;
END $$;

-- A table that is to be published too is added here and to migrate_notes.sql. A publication of somebody else, who may change or drop it, gets none.
DO $$
DECLARE
    missing text;
BEGIN
    IF NOT EXISTS (SELECT FROM pg_publication WHERE pubname = 'edgemirror') THEN
        CREATE PUBLICATION edgemirror;
        COMMENT ON PUBLICATION edgemirror IS 'Feeds other databases with the mirror, its history and the edges.';
    END IF;
    SELECT string_agg(format('edgemirror.%I', t.name), ', ') INTO missing
      FROM unnest(ARRAY['database_connection', 'database_connection_past', 'edge', 'history_horizon', 'rejected_row', 'sync_run']) AS t (name)
     WHERE NOT EXISTS (SELECT FROM pg_publication_tables p
                        WHERE p.pubname = 'edgemirror' AND p.schemaname = 'edgemirror' AND p.tablename = t.name);
    IF missing IS NOT NULL AND EXISTS (SELECT FROM pg_publication p JOIN pg_roles r ON r.oid = p.pubowner
                                        WHERE p.pubname = 'edgemirror' AND (r.rolsuper OR r.rolname = current_user)) THEN
        EXECUTE 'ALTER PUBLICATION edgemirror ADD TABLE ' || missing;
    END IF;
EXCEPTION
    WHEN insufficient_privilege THEN NULL;
END $$;
