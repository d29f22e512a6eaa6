-- The role for readers. Run after every migration, so that an administrator who creates the role later gets the grants with the next migrate.
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'edgemirror_reader') THEN
        CREATE ROLE edgemirror_reader NOLOGIN;
    END IF;
EXCEPTION
    WHEN insufficient_privilege OR duplicate_object OR unique_violation THEN NULL;
END $$;

DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'edgemirror_reader') THEN
        GRANT USAGE ON SCHEMA edgemirror TO edgemirror_reader;
        GRANT SELECT ON ALL TABLES IN SCHEMA edgemirror TO edgemirror_reader;
        GRANT EXECUTE ON FUNCTION edgemirror.as_of(timestamptz), edgemirror.digest_of(uuid), edgemirror.history_reaches(timestamptz) TO edgemirror_reader;
    END IF;
END $$;
