-- edgemirror 1.0.0: its schema with rows of every kind. Made by tests/upgrade/make-fixture.
-- 0001_mirror.sql b51e50f7c8355ab4f99b3d56e58b39e0e0ec8de2e9449792e8efa331771f5648
SET check_function_bodies = false; -- a function comes before the views that it asks
CREATE SCHEMA edgemirror;
COMMENT ON SCHEMA edgemirror IS 'Mirror of the database connections that a Collibra catalog knows, one Edge connection at a time.';
CREATE FUNCTION edgemirror.as_of(moment timestamp with time zone) RETURNS TABLE(id uuid, edge_connection_id uuid, edge text, name text, database_id uuid, registered boolean)
    LANGUAGE sql STABLE PARALLEL SAFE
    AS $$
    SELECT h.id, h.edge_connection_id, e.name, h.name, h.database_id, h.database_id IS NOT NULL
      FROM edgemirror.database_connection_history h
      LEFT JOIN edgemirror.edge e ON e.edge_connection_id OPERATOR(pg_catalog.=) h.edge_connection_id
     WHERE h.valid_from OPERATOR(pg_catalog.<=) moment AND (h.valid_to IS NULL OR h.valid_to OPERATOR(pg_catalog.>) moment)
       AND (SELECT edgemirror.history_reaches(moment))
$$;
COMMENT ON FUNCTION edgemirror.as_of(moment timestamp with time zone) IS 'What was there on a date? The inventory as it was at a past time, with the present names of the edges. An edge whose first whole list came later (first_listed_at of edge) is left out, or there in part. An error before the first list of any edge, and when the history does not reach back that far.';
CREATE FUNCTION edgemirror.digest_add(digest text, word_1 bigint, word_2 bigint, word_3 bigint, word_4 bigint) RETURNS text
    LANGUAGE sql IMMUTABLE STRICT
    SET search_path TO 'pg_catalog', 'edgemirror', 'pg_temp'
    AS $$
    SELECT lpad(to_hex((('x' || substr(digest, 1, 8))::bit(32)::bigint + word_1) & 4294967295), 8, '0')
        || lpad(to_hex((('x' || substr(digest, 9, 8))::bit(32)::bigint + word_2) & 4294967295), 8, '0')
        || lpad(to_hex((('x' || substr(digest, 17, 8))::bit(32)::bigint + word_3) & 4294967295), 8, '0')
        || lpad(to_hex((('x' || substr(digest, 25, 8))::bit(32)::bigint + word_4) & 4294967295), 8, '0')
$$;
COMMENT ON FUNCTION edgemirror.digest_add(digest text, word_1 bigint, word_2 bigint, word_3 bigint, word_4 bigint) IS 'A digest with the words of hashes added to it, each modulo 2^32; of rows that go, they are negative.';
CREATE FUNCTION edgemirror.digest_hash(id uuid, database_id uuid, name text) RETURNS bytea
    LANGUAGE sql STABLE
    AS $$
    SELECT pg_catalog.sha256(pg_catalog.convert_to(id::pg_catalog.text OPERATOR(pg_catalog.||) coalesce(database_id::pg_catalog.text, '-')
                                                   OPERATOR(pg_catalog.||) name, 'UTF8'))
$$;
COMMENT ON FUNCTION edgemirror.digest_hash(id uuid, database_id uuid, name text) IS 'Hash of a row; of it, the first 128 bits count.';
CREATE FUNCTION edgemirror.digest_of(of_edge uuid, OUT row_count bigint, OUT digest text) RETURNS record
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'edgemirror', 'pg_temp'
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
COMMENT ON FUNCTION edgemirror.digest_of(of_edge uuid, OUT row_count bigint, OUT digest text) IS 'How many rows of the edge are present, and their digest, computed from the rows: equal to edge.digest unless somebody altered the mirror by hand.';
CREATE FUNCTION edgemirror.history_reaches(moment timestamp with time zone) RETURNS boolean
    LANGUAGE plpgsql STABLE PARALLEL SAFE
    SET search_path TO 'pg_catalog', 'edgemirror', 'pg_temp'
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
COMMENT ON FUNCTION edgemirror.history_reaches(moment timestamp with time zone) IS 'True when the history reaches back to that time; an error when it has been pruned up to a later one, or no edge had been listed yet. An edge whose first whole list came later (first_listed_at of edge) is not complete at that time.';
CREATE FUNCTION edgemirror.refuse_edge_delete() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'edgemirror', 'pg_temp'
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
CREATE FUNCTION edgemirror.request_sync(edge text) RETURNS timestamp with time zone
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'edgemirror', 'pg_temp'
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
COMMENT ON FUNCTION edgemirror.request_sync(edge text) IS 'Asks the service to sync an edge now, once a minute at most: for members of edgemirror_operator. Gives the time of the request, the present or the one that waits already: a run that started then or later has served it.';
CREATE TABLE edgemirror.catalog (
    one boolean DEFAULT true NOT NULL,
    url text NOT NULL,
    registered_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT catalog_one_check CHECK (one)
);
COMMENT ON TABLE edgemirror.catalog IS 'The catalog that this database mirrors: another one is refused. No row: nothing was ever synced. When the catalog has got a new address: UPDATE edgemirror.catalog SET url = ''https://…'' as in its configuration.';
COMMENT ON COLUMN edgemirror.catalog.one IS 'Always true: there is one row at most.';
COMMENT ON COLUMN edgemirror.catalog.url IS 'Its address, as url of the configuration gave it when its edges were registered first.';
COMMENT ON COLUMN edgemirror.catalog.registered_at IS 'When that was.';
CREATE TABLE edgemirror.database_connection (
    id uuid NOT NULL,
    edge_connection_id uuid NOT NULL,
    name text NOT NULL,
    database_id uuid,
    first_seen_at timestamp with time zone NOT NULL,
    changed_at timestamp with time zone NOT NULL,
    as_of timestamp with time zone,
    removed_at timestamp with time zone,
    ended_as text,
    run_id bigint NOT NULL,
    previous_ended_at timestamp with time zone,
    removed_run_id bigint,
    missing_since timestamp with time zone,
    missing_reason text,
    missing_status integer,
    missing_proofs integer,
    proven_since timestamp with time zone,
    missing_run_id bigint,
    was_registered boolean,
    began_as text,
    CONSTRAINT database_connection_began_as_check CHECK ((began_as = ANY (ARRAY['changed'::text, 'moved'::text, 'restored'::text, 'resumed'::text]))),
    CONSTRAINT database_connection_check CHECK ((previous_ended_at <= changed_at)),
    CONSTRAINT database_connection_check1 CHECK ((changed_at < removed_at)),
    CONSTRAINT database_connection_check2 CHECK (((removed_at IS NULL) = (ended_as IS NULL))),
    CONSTRAINT database_connection_check3 CHECK (((removed_run_id IS NULL) OR (NOT (ended_as IS DISTINCT FROM 'removed'::text)))),
    CONSTRAINT database_connection_ended_as_check CHECK ((ended_as = ANY (ARRAY['removed'::text, 'retired'::text, 'moved'::text]))),
    CONSTRAINT database_connection_missing_reason_check CHECK ((missing_reason = ANY (ARRAY['guard'::text, 'unproven'::text, 'refresh'::text, 'pending'::text])))
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
COMMENT ON COLUMN edgemirror.database_connection.previous_ended_at IS 'When the version before ended; see database_connection_past. Null: this is the first one. Equal to changed_at: it was changed; earlier: it had been removed and came back.';
COMMENT ON COLUMN edgemirror.database_connection.removed_run_id IS 'Run that removed it. Null: present, or not removed by a run.';
COMMENT ON COLUMN edgemirror.database_connection.missing_since IS 'When it was missing from a list for the first time without having been seen since. Null: was in the last whole list.';
COMMENT ON COLUMN edgemirror.database_connection.missing_reason IS 'Why it stays although it is missing; see the view held. Of one that edgemirror retire has ended: why it stayed until then. Null: it is not missing, or a run has removed it.';
COMMENT ON COLUMN edgemirror.database_connection.missing_status IS 'HTTP status with which the catalog answered when it was asked for by its id. Null: not asked, or no answer.';
COMMENT ON COLUMN edgemirror.database_connection.missing_proofs IS 'So many syncs in a row have found it missing and proven gone; at confirm_removals, and after removal_delay, it is removed. Null: none.';
COMMENT ON COLUMN edgemirror.database_connection.proven_since IS 'When the first of these syncs has. Null: none.';
COMMENT ON COLUMN edgemirror.database_connection.missing_run_id IS 'Run that wrote why it stays; see sync_run.';
COMMENT ON COLUMN edgemirror.database_connection.was_registered IS 'Whether a version before this one was registered, however long ago. Null: none was.';
COMMENT ON COLUMN edgemirror.database_connection.began_as IS 'What began this version: changed (name or link), moved (from another edge, and perhaps changed), restored (it had been removed), resumed (retired, and its edge is configured again). Null: it is the first one.';
CREATE TABLE edgemirror.database_connection_past (
    id uuid NOT NULL,
    edge_connection_id uuid NOT NULL,
    name text NOT NULL,
    database_id uuid,
    valid_from timestamp with time zone NOT NULL,
    valid_to timestamp with time zone NOT NULL,
    run_id bigint NOT NULL,
    previous_ended_at timestamp with time zone,
    ended_as text,
    removed_run_id bigint,
    began_as text,
    CONSTRAINT database_connection_past_began_as_check CHECK ((began_as = ANY (ARRAY['changed'::text, 'moved'::text, 'restored'::text, 'resumed'::text]))),
    CONSTRAINT database_connection_past_check CHECK ((previous_ended_at <= valid_from)),
    CONSTRAINT database_connection_past_check1 CHECK ((valid_from < valid_to)),
    CONSTRAINT database_connection_past_check2 CHECK (((removed_run_id IS NULL) OR (NOT (ended_as IS DISTINCT FROM 'removed'::text)))),
    CONSTRAINT database_connection_past_ended_as_check CHECK ((ended_as = ANY (ARRAY['removed'::text, 'retired'::text, 'moved'::text])))
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
COMMENT ON COLUMN edgemirror.database_connection_past.ended_as IS 'What ended it, where the next version did not follow at once: removed, retired, moved; see database_connection. Null: it was changed.';
COMMENT ON COLUMN edgemirror.database_connection_past.removed_run_id IS 'Run that removed it. Null: not removed by a run.';
COMMENT ON COLUMN edgemirror.database_connection_past.began_as IS 'What began this version: changed (name or link), moved (from another edge, and perhaps changed), restored (it had been removed), resumed (retired, and its edge is configured again). Null: it is the first one.';
CREATE TABLE edgemirror.edge (
    edge_connection_id uuid NOT NULL,
    name text NOT NULL,
    catalog_name text,
    enabled boolean DEFAULT true NOT NULL,
    origin text DEFAULT 'configured'::text NOT NULL,
    schedule text NOT NULL,
    timezone text NOT NULL,
    first_listed_at timestamp with time zone,
    listed_at timestamp with time zone,
    refreshed_at timestamp with time zone,
    row_count bigint,
    consecutive_failures bigint DEFAULT 0 NOT NULL,
    last_run_id bigint,
    completed_run_id bigint,
    service_run_id bigint,
    digest text,
    rejected bigint DEFAULT 0 NOT NULL,
    list_digest text,
    CONSTRAINT edge_origin_check CHECK ((origin = ANY (ARRAY['configured'::text, 'discovered'::text])))
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
CREATE TABLE edgemirror.history_horizon (
    one boolean DEFAULT true NOT NULL,
    since timestamp with time zone NOT NULL,
    CONSTRAINT history_horizon_one_check CHECK (one)
);
COMMENT ON TABLE edgemirror.history_horizon IS 'How far back the history reaches after pruning: as_of and change are complete from here on. No row: nothing was ever pruned.';
COMMENT ON COLUMN edgemirror.history_horizon.one IS 'Always true: there is one row at most.';
COMMENT ON COLUMN edgemirror.history_horizon.since IS 'Versions that ended then or earlier may be gone, except the last one of a row.';
CREATE VIEW edgemirror.change AS
 WITH version AS NOT MATERIALIZED (
         SELECT p.id,
            p.edge_connection_id,
            p.name,
            p.database_id,
            p.valid_from,
            p.began_as,
            p.previous_ended_at,
            p.run_id
           FROM edgemirror.database_connection_past p
        UNION ALL
         SELECT d.id,
            d.edge_connection_id,
            d.name,
            d.database_id,
            d.changed_at,
            d.began_as,
            d.previous_ended_at,
            d.run_id
           FROM edgemirror.database_connection d
        ), event AS NOT MATERIALIZED (
         SELECT v_1.valid_from AS happened_at,
            'added'::text AS kind,
            v_1.id,
            v_1.edge_connection_id,
            NULL::uuid AS edge_connection_id_before,
            v_1.edge_connection_id AS edge_connection_id_after,
            NULL::text AS name_before,
            v_1.name AS name_after,
            NULL::uuid AS database_id_before,
            v_1.database_id AS database_id_after,
            v_1.run_id,
            false AS compared,
            false AS by_retire
           FROM version v_1
          WHERE (v_1.began_as IS NULL)
        UNION ALL
         SELECT v_1.valid_from,
            'changed'::text,
            v_1.id,
            v_1.edge_connection_id,
            b_1.edge_connection_id,
            v_1.edge_connection_id,
            b_1.name,
            v_1.name,
            b_1.database_id,
            v_1.database_id,
            v_1.run_id,
            true,
            false
           FROM (version v_1
             JOIN edgemirror.database_connection_past b_1 ON (((b_1.id = v_1.id) AND (b_1.valid_to = v_1.previous_ended_at))))
          WHERE (v_1.began_as = 'changed'::text)
        UNION ALL
         SELECT v_1.valid_from,
            'moved_out'::text,
            v_1.id,
            b_1.edge_connection_id,
            b_1.edge_connection_id,
            v_1.edge_connection_id,
            b_1.name,
            v_1.name,
            b_1.database_id,
            v_1.database_id,
            v_1.run_id,
            false,
            false
           FROM (version v_1
             JOIN edgemirror.database_connection_past b_1 ON (((b_1.id = v_1.id) AND (b_1.valid_to = v_1.previous_ended_at))))
          WHERE (v_1.began_as = 'moved'::text)
        UNION ALL
         SELECT v_1.valid_from,
            'moved_in'::text,
            v_1.id,
            v_1.edge_connection_id,
            b_1.edge_connection_id,
            v_1.edge_connection_id,
            b_1.name,
            v_1.name,
            b_1.database_id,
            v_1.database_id,
            v_1.run_id,
            true,
            false
           FROM (version v_1
             JOIN edgemirror.database_connection_past b_1 ON (((b_1.id = v_1.id) AND (b_1.valid_to = v_1.previous_ended_at))))
          WHERE (v_1.began_as = 'moved'::text)
        UNION ALL
         SELECT v_1.valid_from,
            'restored'::text,
            v_1.id,
            v_1.edge_connection_id,
            b_1.edge_connection_id,
            v_1.edge_connection_id,
            b_1.name,
            v_1.name,
            b_1.database_id,
            v_1.database_id,
            v_1.run_id,
            (b_1.id IS NOT NULL),
            (v_1.began_as = 'resumed'::text)
           FROM (version v_1
             LEFT JOIN edgemirror.database_connection_past b_1 ON (((b_1.id = v_1.id) AND (b_1.valid_to = v_1.previous_ended_at))))
          WHERE (v_1.began_as = ANY (ARRAY['restored'::text, 'resumed'::text]))
        UNION ALL
         SELECT p.valid_to,
                CASE p.ended_as
                    WHEN 'moved'::text THEN 'moved_out'::text
                    ELSE 'removed'::text
                END AS "case",
            p.id,
            p.edge_connection_id,
            p.edge_connection_id,
            NULL::uuid,
            p.name,
            NULL::text,
            p.database_id,
            NULL::uuid,
            p.removed_run_id,
            false,
            (p.ended_as = 'retired'::text)
           FROM edgemirror.database_connection_past p
          WHERE (p.ended_as IS NOT NULL)
        UNION ALL
         SELECT d.removed_at,
                CASE d.ended_as
                    WHEN 'moved'::text THEN 'moved_out'::text
                    ELSE 'removed'::text
                END AS "case",
            d.id,
            d.edge_connection_id,
            d.edge_connection_id,
            NULL::uuid,
            d.name,
            NULL::text,
            d.database_id,
            NULL::uuid,
            d.removed_run_id,
            false,
            (d.ended_as = 'retired'::text)
           FROM edgemirror.database_connection d
          WHERE (d.removed_at IS NOT NULL)
        )
 SELECT v.happened_at,
    v.kind,
    v.id,
    v.edge_connection_id,
    e.name AS edge,
    v.edge_connection_id_before,
    b.name AS edge_before,
    v.edge_connection_id_after,
    a.name AS edge_after,
    v.name_before,
    v.name_after,
    v.database_id_before,
    v.database_id_after,
    (v.compared AND (v.name_before <> v.name_after)) AS renamed,
    (v.compared AND (v.database_id_before IS DISTINCT FROM v.database_id_after)) AS relinked,
    ((v.kind = ANY (ARRAY['added'::text, 'restored'::text])) AND (e.edge_connection_id IS NOT NULL) AND COALESCE((v.happened_at <= e.first_listed_at), true)) AS first_load,
    v.run_id,
    COALESCE(v.by_retire, false) AS by_retire
   FROM (((event v
     LEFT JOIN edgemirror.edge e ON ((e.edge_connection_id = v.edge_connection_id)))
     LEFT JOIN edgemirror.edge b ON ((b.edge_connection_id = v.edge_connection_id_before)))
     LEFT JOIN edgemirror.edge a ON ((a.edge_connection_id = v.edge_connection_id_after)))
  WHERE (v.happened_at > COALESCE(( SELECT h.since
           FROM edgemirror.history_horizon h), '-infinity'::timestamp with time zone));
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
CREATE VIEW edgemirror.database_connection_history AS
 SELECT p.id,
    p.edge_connection_id,
    p.name,
    p.database_id,
    p.valid_from,
    p.valid_to,
    p.run_id
   FROM edgemirror.database_connection_past p
UNION ALL
 SELECT d.id,
    d.edge_connection_id,
    d.name,
    d.database_id,
    d.changed_at AS valid_from,
    d.removed_at AS valid_to,
    d.run_id
   FROM edgemirror.database_connection d;
COMMENT ON VIEW edgemirror.database_connection_history IS 'Every version of every database connection, past and present. Versions of one id never overlap.';
COMMENT ON COLUMN edgemirror.database_connection_history.id IS 'Id of the database connection.';
COMMENT ON COLUMN edgemirror.database_connection_history.edge_connection_id IS 'Edge connection it belonged to.';
COMMENT ON COLUMN edgemirror.database_connection_history.name IS 'Name of the database.';
COMMENT ON COLUMN edgemirror.database_connection_history.database_id IS 'Linked Database asset. Null: not registered.';
COMMENT ON COLUMN edgemirror.database_connection_history.valid_from IS 'When this version began (inclusive).';
COMMENT ON COLUMN edgemirror.database_connection_history.valid_to IS 'When it ended (exclusive). Null: it is current.';
COMMENT ON COLUMN edgemirror.database_connection_history.run_id IS 'Run that began this version; see sync_run, as long as it is kept.';
CREATE VIEW edgemirror.daily AS
 WITH counted AS (
         SELECT h.edge_connection_id,
            (h.valid_from)::date AS day,
            count(*) AS databases,
            count(h.database_id) AS registered
           FROM edgemirror.database_connection_history h
          GROUP BY h.edge_connection_id, ((h.valid_from)::date)
        UNION ALL
         SELECT h.edge_connection_id,
            (h.valid_to)::date AS valid_to,
            (- count(*)),
            (- count(h.database_id))
           FROM edgemirror.database_connection_history h
          WHERE (h.valid_to IS NOT NULL)
          GROUP BY h.edge_connection_id, ((h.valid_to)::date)
        ), begun AS (
         SELECT edge_connection_id,
            e.name,
            COALESCE((e.first_listed_at)::date, c.day) AS day
           FROM (edgemirror.edge e
             FULL JOIN ( SELECT c_1.edge_connection_id,
                    min(c_1.day) AS day
                   FROM counted c_1
                  GROUP BY c_1.edge_connection_id) c USING (edge_connection_id))
        ), step AS (
         SELECT b.edge_connection_id,
            GREATEST(c.day, b.day) AS day,
            sum(c.databases) AS databases,
            sum(c.registered) AS registered
           FROM (counted c
             JOIN begun b USING (edge_connection_id))
          GROUP BY b.edge_connection_id, GREATEST(c.day, b.day)
        ), total AS (
         SELECT (d.day)::date AS day,
            b.edge_connection_id,
            b.name,
            (COALESCE(sum(s.databases) OVER so_far, (0)::numeric))::bigint AS databases,
            (COALESCE(sum(s.registered) OVER so_far, (0)::numeric))::bigint AS registered
           FROM ((begun b
             CROSS JOIN LATERAL generate_series((b.day)::timestamp without time zone, ((now())::date)::timestamp without time zone, '1 day'::interval) d(day))
             LEFT JOIN step s ON (((s.edge_connection_id = b.edge_connection_id) AND (s.day = (d.day)::date))))
          WINDOW so_far AS (PARTITION BY b.edge_connection_id ORDER BY d.day)
        )
 SELECT t.day,
    t.edge_connection_id,
    t.name AS edge,
    t.databases,
    t.registered
   FROM total t
  WHERE (t.day >= COALESCE(( SELECT (h.since)::date AS since
           FROM edgemirror.history_horizon h), '-infinity'::date));
COMMENT ON VIEW edgemirror.daily IS 'How did it grow? Per day and edge, how many database connections there were at the end of the day, and how many of them were registered. Days are those of the time zone of the session.';
COMMENT ON COLUMN edgemirror.daily.day IS 'The day, from the first whole list of the edge, or from where the history begins, to today.';
COMMENT ON COLUMN edgemirror.daily.edge_connection_id IS 'The edge.';
COMMENT ON COLUMN edgemirror.daily.edge IS 'Its name in the configuration. Null: never configured here.';
COMMENT ON COLUMN edgemirror.daily.databases IS 'Database connections at the end of the day; of today: now.';
COMMENT ON COLUMN edgemirror.daily.registered IS 'Those of them with a Database asset.';
CREATE TABLE edgemirror.edge_claim (
    edge_connection_id uuid NOT NULL,
    next_run_at timestamp with time zone,
    holder text,
    expires_at timestamp with time zone,
    epoch bigint DEFAULT 0 NOT NULL,
    request_taken_at timestamp with time zone,
    CONSTRAINT edge_claim_check CHECK (((holder IS NULL) = (expires_at IS NULL)))
)
WITH (fillfactor='50');
COMMENT ON TABLE edgemirror.edge_claim IS 'The work queue: who syncs which edge now, and when the next sync is due. Changes with every heartbeat; not published.';
COMMENT ON COLUMN edgemirror.edge_claim.edge_connection_id IS 'The edge.';
COMMENT ON COLUMN edgemirror.edge_claim.next_run_at IS 'When the edge is due. Null: not scheduled.';
COMMENT ON COLUMN edgemirror.edge_claim.holder IS 'Instance that holds the lease. Null: nobody.';
COMMENT ON COLUMN edgemirror.edge_claim.expires_at IS 'When the lease ends unless it is renewed.';
COMMENT ON COLUMN edgemirror.edge_claim.epoch IS 'Rises with every claim. Whoever applies a snapshot must know the present one.';
COMMENT ON COLUMN edgemirror.edge_claim.request_taken_at IS 'When a sync that request_sync asked for was begun last. Null: never.';
CREATE TABLE edgemirror.instance (
    instance_id uuid NOT NULL,
    name text NOT NULL,
    version text NOT NULL,
    lease interval NOT NULL,
    started_at timestamp with time zone NOT NULL,
    seen_at timestamp with time zone NOT NULL,
    unbroken_since timestamp with time zone NOT NULL,
    stopped_at timestamp with time zone,
    edges uuid[] NOT NULL,
    waiting_for text,
    waiting_message text,
    waiting_since timestamp with time zone,
    CONSTRAINT instance_check CHECK (((waiting_for IS NULL) = (waiting_since IS NULL))),
    CONSTRAINT instance_waiting_for_check CHECK ((waiting_for = ANY (ARRAY['catalog'::text, 'pause'::text, 'credentials'::text, 'lock'::text, 'postgres'::text, 'discovery'::text])))
)
WITH (fillfactor='50');
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
    run_id bigint NOT NULL,
    edge_connection_id uuid NOT NULL,
    instance text NOT NULL,
    epoch bigint NOT NULL,
    trigger text NOT NULL,
    by_hand boolean DEFAULT false NOT NULL,
    phase text NOT NULL,
    outcome text,
    refresh text,
    started_at timestamp with time zone DEFAULT now() NOT NULL,
    finished_at timestamp with time zone,
    job_id uuid,
    job_url text,
    job_state text,
    job_result text,
    job_progress double precision,
    job_message text,
    job jsonb,
    pages bigint DEFAULT 0 NOT NULL,
    requests bigint DEFAULT 0 NOT NULL,
    listed bigint DEFAULT 0 NOT NULL,
    added bigint DEFAULT 0 NOT NULL,
    changed bigint DEFAULT 0 NOT NULL,
    removed bigint DEFAULT 0 NOT NULL,
    restored bigint DEFAULT 0 NOT NULL,
    unchanged bigint DEFAULT 0 NOT NULL,
    held bigint DEFAULT 0 NOT NULL,
    error_scope text,
    error_code text,
    error_message text,
    http_status integer,
    problem jsonb,
    pending bigint DEFAULT 0 NOT NULL,
    rejected bigint DEFAULT 0 NOT NULL,
    CONSTRAINT sync_run_check CHECK (((finished_at IS NULL) = (outcome IS NULL))),
    CONSTRAINT sync_run_error_scope_check CHECK ((error_scope = ANY (ARRAY['request'::text, 'run'::text, 'peer'::text, 'process'::text]))),
    CONSTRAINT sync_run_outcome_check CHECK ((outcome = ANY (ARRAY['synced'::text, 'held'::text, 'unstable'::text, 'failed'::text, 'aborted'::text]))),
    CONSTRAINT sync_run_phase_check CHECK ((phase = ANY (ARRAY['refresh'::text, 'poll'::text, 'list'::text, 'verify'::text, 'apply'::text, 'done'::text]))),
    CONSTRAINT sync_run_refresh_check CHECK ((refresh = ANY (ARRAY['clean'::text, 'failed'::text, 'timeout'::text, 'unknown'::text, 'skipped'::text, 'rejected'::text]))),
    CONSTRAINT sync_run_trigger_check CHECK ((trigger = ANY (ARRAY['schedule'::text, 'manual'::text, 'resume'::text])))
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
CREATE VIEW edgemirror.freshness AS
 SELECT f.edge_connection_id,
    f.edge,
    f.enabled,
    f.listed_at,
    f.refreshed_at,
    f.listed_age,
    f.refreshed_age,
    f.row_count,
    f.held,
    f.pending,
    f.rejected,
    f.last_outcome,
    f.last_refresh,
    f.last_error,
    f.last_run_at,
    f.consecutive_failures,
    f.scheduled,
    f.next_run_at,
    f.overdue,
        CASE
            WHEN (NOT f.enabled) THEN 'disabled'::text
            WHEN ((f.consecutive_failures > 0) AND (COALESCE(b.outcome, f.last_outcome) IS DISTINCT FROM 'unstable'::text)) THEN 'failing'::text
            WHEN f.overdue THEN 'overdue'::text
            WHEN (COALESCE(b.outcome, f.last_outcome) = ANY (ARRAY['held'::text, 'unstable'::text])) THEN COALESCE(b.outcome, f.last_outcome)
            WHEN (f.listed_at IS NULL) THEN 'unlisted'::text
            WHEN (COALESCE(b.refresh, f.last_refresh) <> ALL (ARRAY['clean'::text, 'skipped'::text])) THEN 'unrefreshed'::text
            WHEN (f.rejected > 0) THEN 'rejected'::text
            ELSE 'well'::text
        END AS state
   FROM (( SELECT e.edge_connection_id,
            e.name AS edge,
            e.enabled,
            e.listed_at,
            e.refreshed_at,
            (now() - e.listed_at) AS listed_age,
            (now() - e.refreshed_at) AS refreshed_age,
            e.row_count,
            COALESCE(m.held, (0)::bigint) AS held,
            COALESCE(m.pending, (0)::bigint) AS pending,
            e.rejected,
            r.outcome AS last_outcome,
            r.refresh AS last_refresh,
            r.error_message AS last_error,
            r.finished_at AS last_run_at,
            e.consecutive_failures,
            (e.enabled AND (c.next_run_at IS NOT NULL) AND (w.edge_connection_id IS NOT NULL)) AS scheduled,
            c.next_run_at,
            (e.enabled AND (w.edge_connection_id IS NOT NULL) AND COALESCE(((c.next_run_at < (now() - '00:01:00'::interval)) AND ((c.holder IS NULL) OR (c.expires_at < now()))), false)) AS overdue
           FROM ((((edgemirror.edge e
             LEFT JOIN edgemirror.edge_claim c ON ((c.edge_connection_id = e.edge_connection_id)))
             LEFT JOIN edgemirror.sync_run r ON ((r.run_id = e.last_run_id)))
             LEFT JOIN ( SELECT DISTINCT x.edge_connection_id
                   FROM (edgemirror.instance i
                     CROSS JOIN LATERAL unnest(i.edges) x(edge_connection_id))
                  WHERE (i.stopped_at IS NULL)) w ON ((w.edge_connection_id = e.edge_connection_id)))
             LEFT JOIN ( SELECT d.edge_connection_id,
                    count(*) FILTER (WHERE (d.missing_reason <> 'pending'::text)) AS held,
                    count(*) FILTER (WHERE (d.missing_reason = 'pending'::text)) AS pending
                   FROM edgemirror.database_connection d
                  WHERE ((d.missing_reason IS NOT NULL) AND (d.removed_at IS NULL))
                  GROUP BY d.edge_connection_id) m ON ((m.edge_connection_id = e.edge_connection_id)))) f
     LEFT JOIN LATERAL ( SELECT x.outcome,
            x.refresh
           FROM edgemirror.sync_run x
          WHERE ((f.last_outcome = 'aborted'::text) AND (x.edge_connection_id = f.edge_connection_id) AND (x.outcome <> 'aborted'::text))
          ORDER BY x.run_id DESC
         LIMIT 1) b ON (true));
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
CREATE VIEW edgemirror.held AS
 SELECT d.id,
    d.edge_connection_id,
    e.name AS edge,
    d.name,
    d.database_id,
    d.missing_since AS since,
    d.missing_reason AS reason,
    d.missing_status AS http_status,
    d.missing_proofs AS proofs,
    d.proven_since,
    d.missing_run_id AS run_id,
    COALESCE(e.enabled, false) AS edge_enabled
   FROM (edgemirror.database_connection d
     LEFT JOIN edgemirror.edge e USING (edge_connection_id))
  WHERE ((d.missing_reason IS NOT NULL) AND (d.removed_at IS NULL));
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
CREATE VIEW edgemirror.inventory AS
 SELECT d.id,
    d.edge_connection_id,
    e.name AS edge,
    d.name,
    d.database_id,
    (d.database_id IS NOT NULL) AS registered,
    d.first_seen_at,
    d.changed_at,
    d.missing_since,
    (d.missing_reason IS NOT NULL) AS held,
    COALESCE(e.enabled, false) AS edge_enabled,
    e.listed_at
   FROM (edgemirror.database_connection d
     LEFT JOIN edgemirror.edge e USING (edge_connection_id))
  WHERE (d.removed_at IS NULL);
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
CREATE TABLE edgemirror.rejected_row (
    edge_connection_id uuid NOT NULL,
    key uuid NOT NULL,
    id uuid,
    reason text NOT NULL,
    document text NOT NULL,
    first_seen_at timestamp with time zone NOT NULL,
    last_seen_at timestamp with time zone NOT NULL,
    run_id bigint NOT NULL
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
CREATE VIEW edgemirror.rejected AS
 SELECT r.edge_connection_id,
    e.name AS edge,
    r.id,
    d.name AS name_in_mirror,
    r.reason,
    r.document,
    r.first_seen_at,
    GREATEST(r.last_seen_at, e.listed_at) AS last_seen_at,
    r.run_id,
    COALESCE(e.enabled, false) AS edge_enabled
   FROM ((edgemirror.rejected_row r
     LEFT JOIN edgemirror.edge e USING (edge_connection_id))
     LEFT JOIN edgemirror.database_connection d ON (((d.id = r.id) AND (d.edge_connection_id = r.edge_connection_id) AND (d.removed_at IS NULL))));
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
 SELECT r.run_id,
    r.edge_connection_id,
    e.name AS edge,
    r.instance,
    r.trigger,
    r.started_at,
    r.finished_at,
    (r.finished_at - r.started_at) AS duration,
    r.phase,
    r.outcome,
    r.refresh,
    ((r.outcome = 'synced'::text) AND (r.refresh = ANY (ARRAY['clean'::text, 'skipped'::text]))) AS ok,
        CASE
            WHEN ((r.outcome <> 'synced'::text) OR (r.refresh <> ALL (ARRAY['clean'::text, 'skipped'::text]))) THEN concat(
            CASE r.outcome
                WHEN 'synced'::text THEN 'the list was applied'::text
                WHEN 'held'::text THEN format('the list was applied, missing rows stay (%s)'::text, r.held)
                WHEN 'unstable'::text THEN 'the list was not whole, what was seen of it was applied'::text
                WHEN 'failed'::text THEN 'failed, nothing was applied'::text
                WHEN 'aborted'::text THEN 'ended early, nothing was applied'::text
                ELSE NULL::text
            END,
            CASE r.refresh
                WHEN 'failed'::text THEN '; the refresh failed'::text
                WHEN 'timeout'::text THEN '; the refresh did not end in time'::text
                WHEN 'unknown'::text THEN '; how the refresh ended is not known'::text
                WHEN 'rejected'::text THEN '; the catalog rejected the refresh'::text
                ELSE NULL::text
            END, (': '::text || r.error_message))
            ELSE NULL::text
        END AS problem,
    r.listed,
    r.added,
    r.changed,
    r.removed,
    r.restored,
    r.unchanged,
    r.held,
    r.pending,
    r.rejected,
    r.error_code,
    r.error_message,
    r.http_status,
    r.job_id
   FROM (edgemirror.sync_run r
     LEFT JOIN edgemirror.edge e USING (edge_connection_id));
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
CREATE TABLE edgemirror.schema_version (
    version integer NOT NULL,
    name text NOT NULL,
    checksum text NOT NULL,
    applied_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT schema_version_version_check CHECK ((version > 0))
);
COMMENT ON TABLE edgemirror.schema_version IS 'Migrations that edgemirror migrate has applied.';
COMMENT ON COLUMN edgemirror.schema_version.version IS 'Number of the migration.';
COMMENT ON COLUMN edgemirror.schema_version.name IS 'Its file name.';
COMMENT ON COLUMN edgemirror.schema_version.checksum IS 'SHA-256 of its text, in hexadecimal.';
COMMENT ON COLUMN edgemirror.schema_version.applied_at IS 'When it was applied.';
CREATE TABLE edgemirror.sync_request (
    edge_connection_id uuid NOT NULL,
    requested_at timestamp with time zone NOT NULL,
    requested_by text NOT NULL
);
COMMENT ON TABLE edgemirror.sync_request IS 'Syncs that were asked for by request_sync and have not begun yet; almost always empty.';
COMMENT ON COLUMN edgemirror.sync_request.edge_connection_id IS 'The edge.';
COMMENT ON COLUMN edgemirror.sync_request.requested_at IS 'When.';
COMMENT ON COLUMN edgemirror.sync_request.requested_by IS 'The role that had signed in.';
ALTER TABLE edgemirror.sync_run ALTER COLUMN run_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME edgemirror.sync_run_run_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
COMMENT ON SEQUENCE edgemirror.sync_run_run_id_seq IS 'Numbers the runs.';
CREATE VIEW edgemirror.unregistered AS
 SELECT d.id,
    d.edge_connection_id,
    e.name AS edge,
    d.name,
    d.first_seen_at,
    COALESCE(d.was_registered, false) AS ever_registered,
    COALESCE(e.enabled, false) AS edge_enabled
   FROM (edgemirror.database_connection d
     LEFT JOIN edgemirror.edge e USING (edge_connection_id))
  WHERE ((d.removed_at IS NULL) AND (d.database_id IS NULL));
COMMENT ON VIEW edgemirror.unregistered IS 'What is not registered? Present database connections without a Database asset.';
COMMENT ON COLUMN edgemirror.unregistered.id IS 'Id of the database connection in the catalog.';
COMMENT ON COLUMN edgemirror.unregistered.edge_connection_id IS 'Edge connection it belongs to.';
COMMENT ON COLUMN edgemirror.unregistered.edge IS 'Name of that edge in the configuration.';
COMMENT ON COLUMN edgemirror.unregistered.name IS 'Exact name of the database at the source.';
COMMENT ON COLUMN edgemirror.unregistered.first_seen_at IS 'When the mirror first had it.';
COMMENT ON COLUMN edgemirror.unregistered.ever_registered IS 'Whether it was registered at some time; false: never since the mirror has it.';
COMMENT ON COLUMN edgemirror.unregistered.edge_enabled IS 'Whether the configuration still wants its edge synced.';
INSERT INTO edgemirror.catalog VALUES (true, 'https://catalog.example', '2026-11-30 20:47:35.290482+00');
INSERT INTO edgemirror.database_connection VALUES ('2c6677b3-dcc3-4aa1-b3fe-b8bc7b69ce16', 'be89c7da-ef63-4a0f-ade1-7af5c3759b24', 'hr_mart_us_006', '6bc8614b-a813-45d5-b451-0e7e4018b88b', '2026-11-30 20:47:35.332469+00', '2026-11-30 20:47:35.332469+00', '2026-11-30 20:47:35.319874+00', NULL, NULL, 1, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO edgemirror.database_connection VALUES ('440621b3-6db6-4d30-a79a-b06d977db8e0', 'be89c7da-ef63-4a0f-ade1-7af5c3759b24', 'procurement_sandbox_de_002', 'dc34207a-6582-474a-99ab-6f53d114183c', '2026-11-30 20:47:35.332469+00', '2026-11-30 20:47:35.332469+00', '2026-11-30 20:47:35.319874+00', NULL, NULL, 1, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO edgemirror.database_connection VALUES ('9ed5d882-e040-419b-ba71-ce2ff0dca055', 'be89c7da-ef63-4a0f-ade1-7af5c3759b24', 'fraud_core_eu_004', 'b0e547bc-ad6a-40c7-ba04-9dcf34bb1277', '2026-11-30 20:47:35.332469+00', '2026-11-30 20:47:35.332469+00', '2026-11-30 20:47:35.319874+00', NULL, NULL, 1, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO edgemirror.database_connection VALUES ('b9319b23-8557-49fd-a30d-71351abf01f4', 'be89c7da-ef63-4a0f-ade1-7af5c3759b24', 'orders_mart_eu_003', '2bd23fe7-001a-4cd0-9608-51edd2002bd4', '2026-11-30 20:47:35.332469+00', '2026-11-30 20:47:35.332469+00', '2026-11-30 20:47:35.319874+00', NULL, NULL, 1, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO edgemirror.database_connection VALUES ('c06036a7-a6e8-4fac-ba8e-aa5fac23694b', 'be89c7da-ef63-4a0f-ade1-7af5c3759b24', 'SUPPORT_LAKE_005', NULL, '2026-11-30 20:47:35.332469+00', '2026-11-30 20:47:35.332469+00', '2026-11-30 20:47:35.319874+00', NULL, NULL, 1, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO edgemirror.database_connection VALUES ('e7f3ba4f-e28b-4b67-bc15-b91e9aea305a', 'be89c7da-ef63-4a0f-ade1-7af5c3759b24', 'orders_archive_global_007', NULL, '2026-11-30 20:47:35.332469+00', '2026-11-30 20:47:35.332469+00', '2026-11-30 20:47:35.319874+00', NULL, NULL, 1, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO edgemirror.database_connection VALUES ('f1f06f21-67fd-487e-86e6-50226afa50dd', 'be89c7da-ef63-4a0f-ade1-7af5c3759b24', 'risk_sandbox_001', '8bce3042-cf9a-4c0a-b045-fdcf9fc781ff', '2026-11-30 20:47:35.332469+00', '2026-11-30 20:47:35.332469+00', '2026-11-30 20:47:35.319874+00', NULL, NULL, 1, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO edgemirror.database_connection VALUES ('f6017299-42a0-4ae4-8504-3ed7a376f115', 'be89c7da-ef63-4a0f-ade1-7af5c3759b24', 'LOGISTICS_ARCHIVE_GLOBAL_008', NULL, '2026-11-30 20:47:35.332469+00', '2026-11-30 20:47:35.332469+00', '2026-11-30 20:47:35.319874+00', NULL, NULL, 1, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO edgemirror.database_connection VALUES ('0c311c8b-ef7f-44bd-924e-526f53a3fb79', 'e10f4e00-9f1d-4d70-8dd2-2b528be4ec33', 'customer_core_global_008', '0dbff231-8001-4626-a997-650e4f99b8e3', '2026-11-30 20:47:35.341784+00', '2026-11-30 20:47:35.341784+00', '2026-11-30 20:47:35.331873+00', NULL, NULL, 2, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO edgemirror.database_connection VALUES ('3e8045c2-7d55-4f46-bc72-07728d3b9913', 'e10f4e00-9f1d-4d70-8dd2-2b528be4ec33', 'loyalty_staging_007', '228fa7be-bb00-4a9e-b561-4e6b761a7a6f', '2026-11-30 20:47:35.341784+00', '2026-11-30 20:47:35.341784+00', '2026-11-30 20:47:35.331873+00', NULL, NULL, 2, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO edgemirror.database_connection VALUES ('24eaa885-46a8-4103-a388-eb7b27fac71f', 'b62ea832-3f48-4da1-8839-d8be615e9256', 'risk_dwh_us_007', 'f85c5a2a-ba77-450f-875e-2f2d69cf305d', '2026-11-30 20:47:35.347912+00', '2026-11-30 20:47:35.347912+00', '2026-11-30 20:47:35.333317+00', NULL, NULL, 3, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO edgemirror.database_connection VALUES ('0bc47883-ce96-4676-b616-58ef43343d5b', 'b62ea832-3f48-4da1-8839-d8be615e9256', 'telemetry_landing_eu_003', NULL, '2026-11-30 20:47:35.347912+00', '2026-11-30 20:47:35.42401+00', '2026-11-30 20:47:35.402188+00', NULL, NULL, 5, '2026-11-30 20:47:35.42401+00', NULL, NULL, NULL, NULL, NULL, NULL, NULL, true, 'changed');
INSERT INTO edgemirror.database_connection VALUES ('fb17a630-31ea-4b8c-89a1-72b38f557c7f', 'e10f4e00-9f1d-4d70-8dd2-2b528be4ec33', 'loyalty_staging_apac_003', 'a3e6d7d2-25b4-4771-95a4-c163f5381b49', '2026-11-30 20:47:35.341784+00', '2026-11-30 20:47:35.341784+00', '2026-11-30 20:47:35.331873+00', NULL, NULL, 2, NULL, NULL, '2026-11-30 20:47:36.089255+00', 'guard', NULL, NULL, NULL, 11, NULL, NULL);
INSERT INTO edgemirror.database_connection VALUES ('538054a3-6673-42fe-ab7f-e0c13c2646ab', 'b62ea832-3f48-4da1-8839-d8be615e9256', 'LOYALTY_RAW_GLOBAL_002', '0e9734d5-9c47-4cc4-854f-0d405ce35cd0', '2026-11-30 20:47:35.347912+00', '2026-11-30 20:47:35.42401+00', '2026-11-30 20:47:35.402188+00', NULL, NULL, 5, '2026-11-30 20:47:35.42401+00', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'changed');
INSERT INTO edgemirror.database_connection VALUES ('6ad6a801-0020-46b4-bcc1-43c1ac506d5f', 'b62ea832-3f48-4da1-8839-d8be615e9256', 'new', NULL, '2026-11-30 20:47:35.42401+00', '2026-11-30 20:47:35.42401+00', '2026-11-30 20:47:35.402188+00', NULL, NULL, 5, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO edgemirror.database_connection VALUES ('35a3a7d7-db1d-49f7-9aac-f091f2dba923', 'b62ea832-3f48-4da1-8839-d8be615e9256', 'PAYROLL_ARCHIVE_GLOBAL_004', 'ab483e5d-b8fe-4eb5-91f9-9b214e7d01a3', '2026-11-30 20:47:35.347912+00', '2026-11-30 20:47:35.347912+00', '2026-11-30 20:47:35.480911+00', '2026-11-30 20:47:35.488386+00', 'removed', 3, NULL, 6, '2026-11-30 20:47:35.42401+00', NULL, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO edgemirror.database_connection VALUES ('24a17af9-8943-44a9-a287-21fb74ced161', 'be89c7da-ef63-4a0f-ade1-7af5c3759b24', 'renamed', 'a7833aee-4a19-49e4-9c9e-02535c637e9f', '2026-11-30 20:47:35.347912+00', '2026-11-30 20:47:35.567023+00', '2026-11-30 20:47:35.554707+00', NULL, NULL, 8, '2026-11-30 20:47:35.567023+00', NULL, NULL, NULL, NULL, NULL, NULL, NULL, true, 'moved');
INSERT INTO edgemirror.database_connection VALUES ('67520cec-f225-4b8d-ab63-4b620c3a83d7', 'b62ea832-3f48-4da1-8839-d8be615e9256', 'support_dwh_global_005', 'a38596d0-c75d-4d0c-acae-3516fdb4c0d0', '2026-11-30 20:47:35.347912+00', '2026-11-30 20:47:35.347912+00', '2026-11-30 20:47:35.333317+00', NULL, NULL, 3, NULL, NULL, '2026-11-30 20:47:36.00743+00', 'pending', 404, 1, '2026-11-30 20:47:35.999555+00', 10, NULL, NULL);
INSERT INTO edgemirror.database_connection VALUES ('7c7f6250-5feb-40bc-9f5b-9c92791fd8df', 'b62ea832-3f48-4da1-8839-d8be615e9256', 'support_dwh_global_006', '924fabad-9f52-4383-aae0-40a7d01740cd', '2026-11-30 20:47:35.347912+00', '2026-11-30 20:47:35.347912+00', '2026-11-30 20:47:35.333317+00', NULL, NULL, 3, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO edgemirror.database_connection VALUES ('975a0bec-9609-4b06-aacd-978aa9e7a82a', 'b62ea832-3f48-4da1-8839-d8be615e9256', 'WEB_ANALYTICS_CORE_UK_008', NULL, '2026-11-30 20:47:35.347912+00', '2026-11-30 20:47:35.347912+00', '2026-11-30 20:47:35.999678+00', '2026-11-30 20:47:36.00743+00', 'removed', 3, NULL, 10, '2026-11-30 20:47:35.853628+00', NULL, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO edgemirror.database_connection VALUES ('11dd3a70-6f4f-428a-b4d6-152e678e8331', 'e10f4e00-9f1d-4d70-8dd2-2b528be4ec33', 'procurement_archive_be_005', '0925af85-1c49-46b7-b164-3bc23c4d82a2', '2026-11-30 20:47:35.341784+00', '2026-11-30 20:47:35.341784+00', '2026-11-30 20:47:35.331873+00', NULL, NULL, 2, NULL, NULL, '2026-11-30 20:47:36.089255+00', 'guard', NULL, NULL, NULL, 11, NULL, NULL);
INSERT INTO edgemirror.database_connection VALUES ('688f7f8c-ebc2-49ac-88cd-862b9ad09d7e', 'e10f4e00-9f1d-4d70-8dd2-2b528be4ec33', 'customer_staging_002', NULL, '2026-11-30 20:47:35.341784+00', '2026-11-30 20:47:35.341784+00', '2026-11-30 20:47:35.331873+00', NULL, NULL, 2, NULL, NULL, '2026-11-30 20:47:36.089255+00', 'guard', NULL, NULL, NULL, 11, NULL, NULL);
INSERT INTO edgemirror.database_connection VALUES ('77b21f7a-6d10-4f4a-bddc-a0bbdfdac3f2', 'e10f4e00-9f1d-4d70-8dd2-2b528be4ec33', 'pricing_core_de_006', 'f73738e4-2357-4974-8d7d-7a0fcd7515a6', '2026-11-30 20:47:35.341784+00', '2026-11-30 20:47:35.341784+00', '2026-11-30 20:47:35.331873+00', NULL, NULL, 2, NULL, NULL, '2026-11-30 20:47:36.089255+00', 'guard', NULL, NULL, NULL, 11, NULL, NULL);
INSERT INTO edgemirror.database_connection VALUES ('7c15516a-08e5-4536-a279-0cd0370fe5d0', 'e10f4e00-9f1d-4d70-8dd2-2b528be4ec33', 'hr_landing_de_001', 'a3798c68-1f53-451c-ab4b-8bda4af7ee5c', '2026-11-30 20:47:35.341784+00', '2026-11-30 20:47:35.341784+00', '2026-11-30 20:47:35.331873+00', NULL, NULL, 2, NULL, NULL, '2026-11-30 20:47:36.089255+00', 'guard', NULL, NULL, NULL, 11, NULL, NULL);
INSERT INTO edgemirror.database_connection VALUES ('a64ba13e-fb69-4fd8-9df1-13b6beae6af3', 'e10f4e00-9f1d-4d70-8dd2-2b528be4ec33', 'manufacturing_ods_global_004', NULL, '2026-11-30 20:47:35.341784+00', '2026-11-30 20:47:35.341784+00', '2026-11-30 20:47:35.331873+00', NULL, NULL, 2, NULL, NULL, '2026-11-30 20:47:36.089255+00', 'guard', NULL, NULL, NULL, 11, NULL, NULL);
INSERT INTO edgemirror.database_connection VALUES ('0021fdab-53e8-41d0-8133-04e995632d33', '25bf3f2a-ec49-4c26-879f-fa11e2da567d', 'web_analytics_core_be_008', NULL, '2026-11-30 20:47:35.348585+00', '2026-11-30 20:47:35.348585+00', '2026-11-30 20:47:35.337317+00', '2026-11-30 20:47:36.116709+00', 'retired', 4, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO edgemirror.database_connection VALUES ('0cd84a21-5022-4aa1-8fe4-87b21e3255fe', '25bf3f2a-ec49-4c26-879f-fa11e2da567d', 'LOYALTY_MART_DE_007', '7c0195c9-a2c9-44f9-8227-a6067421d022', '2026-11-30 20:47:35.348585+00', '2026-11-30 20:47:35.348585+00', '2026-11-30 20:47:35.337317+00', '2026-11-30 20:47:36.116774+00', 'retired', 4, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO edgemirror.database_connection VALUES ('1aefba08-4060-4c55-96a8-32e0454c43f2', '25bf3f2a-ec49-4c26-879f-fa11e2da567d', 'BILLING_LAKE_US_006', '9f7b94df-ddf5-4f37-bb12-67d664f45579', '2026-11-30 20:47:35.348585+00', '2026-11-30 20:47:35.348585+00', '2026-11-30 20:47:35.337317+00', '2026-11-30 20:47:36.11678+00', 'retired', 4, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO edgemirror.database_connection VALUES ('2ed0a52f-3c31-47a9-a31d-ec864ce9a70b', '25bf3f2a-ec49-4c26-879f-fa11e2da567d', 'PROCUREMENT_LAKE_003', '04deb136-034e-4d3b-81e7-619bdbe5ab7e', '2026-11-30 20:47:35.348585+00', '2026-11-30 20:47:35.348585+00', '2026-11-30 20:47:35.337317+00', '2026-11-30 20:47:36.116784+00', 'retired', 4, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO edgemirror.database_connection VALUES ('96b2bdc5-97b6-4092-bb38-a2f9a4c242c9', '25bf3f2a-ec49-4c26-879f-fa11e2da567d', 'billing_archive_uk_004', NULL, '2026-11-30 20:47:35.348585+00', '2026-11-30 20:47:35.348585+00', '2026-11-30 20:47:35.337317+00', '2026-11-30 20:47:36.116787+00', 'retired', 4, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO edgemirror.database_connection VALUES ('b1b1f5b7-755f-48e3-985a-54748e97930c', '25bf3f2a-ec49-4c26-879f-fa11e2da567d', 'LOYALTY_LAKE_DE_002', NULL, '2026-11-30 20:47:35.348585+00', '2026-11-30 20:47:35.348585+00', '2026-11-30 20:47:35.337317+00', '2026-11-30 20:47:36.11679+00', 'retired', 4, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO edgemirror.database_connection VALUES ('c116b470-a607-4d40-a526-8cc09fbc487a', '25bf3f2a-ec49-4c26-879f-fa11e2da567d', 'customer_sandbox_global_001', 'fce726ee-104e-4715-88fb-4b4d600b6a4f', '2026-11-30 20:47:35.348585+00', '2026-11-30 20:47:35.348585+00', '2026-11-30 20:47:35.337317+00', '2026-11-30 20:47:36.116793+00', 'retired', 4, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO edgemirror.database_connection VALUES ('e5fa028b-3393-400d-b230-e5832f499d07', '25bf3f2a-ec49-4c26-879f-fa11e2da567d', 'payroll_lake_eu_005', '1216fd09-73a9-43f7-b424-f32b346dad0d', '2026-11-30 20:47:35.348585+00', '2026-11-30 20:47:35.348585+00', '2026-11-30 20:47:35.337317+00', '2026-11-30 20:47:36.116796+00', 'retired', 4, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO edgemirror.database_connection VALUES ('53797740-6234-4ae5-b2ff-609ea437c6d7', 'dd735471-bc70-4fde-8aa3-a1b507d922ae', 'marketing_ods_de_007', '36711f5e-4eab-482e-bfb4-f84a3c637fef', '2026-11-30 20:47:41.206179+00', '2026-11-30 20:47:41.206179+00', '2026-11-30 20:47:41.198361+00', NULL, NULL, 13, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO edgemirror.database_connection VALUES ('70203fe9-002b-43b0-9786-c50b50ec9da5', 'dd735471-bc70-4fde-8aa3-a1b507d922ae', 'orders_dwh_us_001', NULL, '2026-11-30 20:47:41.206179+00', '2026-11-30 20:47:41.206179+00', '2026-11-30 20:47:41.198361+00', NULL, NULL, 13, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO edgemirror.database_connection VALUES ('aa9ada25-3ef4-4b9b-b531-58c0de229203', 'dd735471-bc70-4fde-8aa3-a1b507d922ae', 'manufacturing_landing_eu_004', NULL, '2026-11-30 20:47:41.206179+00', '2026-11-30 20:47:41.206179+00', '2026-11-30 20:47:41.198361+00', NULL, NULL, 13, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO edgemirror.database_connection VALUES ('b5ac8ca4-acef-4bc9-a48c-abb47eeb99d8', 'dd735471-bc70-4fde-8aa3-a1b507d922ae', 'INVENTORY_MART_DE_008', NULL, '2026-11-30 20:47:41.206179+00', '2026-11-30 20:47:41.206179+00', '2026-11-30 20:47:41.198361+00', NULL, NULL, 13, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO edgemirror.database_connection VALUES ('c71b0f69-6bfa-43d3-95c2-153a803e3d92', 'dd735471-bc70-4fde-8aa3-a1b507d922ae', 'hr_archive_be_006', '64627b6b-db08-4ec4-990a-d1d673c54933', '2026-11-30 20:47:41.206179+00', '2026-11-30 20:47:41.206179+00', '2026-11-30 20:47:41.198361+00', NULL, NULL, 13, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO edgemirror.database_connection VALUES ('db1c47aa-fe84-4492-a423-92a68db65019', 'dd735471-bc70-4fde-8aa3-a1b507d922ae', 'hr_staging_de_003', '4fd6c8a8-e16c-4fae-b4f3-05527d671626', '2026-11-30 20:47:41.206179+00', '2026-11-30 20:47:41.206179+00', '2026-11-30 20:47:41.198361+00', NULL, NULL, 13, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO edgemirror.database_connection VALUES ('f10755e5-7ed2-440d-aaa7-a568bf2975a9', 'dd735471-bc70-4fde-8aa3-a1b507d922ae', 'orders_mart_eu_002', '5006dffc-cb0a-4060-9d13-14c079b7a3a1', '2026-11-30 20:47:41.206179+00', '2026-11-30 20:47:41.206179+00', '2026-11-30 20:47:41.198361+00', NULL, NULL, 13, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO edgemirror.database_connection VALUES ('f5020cdc-be67-42df-8b82-cc8559c61b3e', 'dd735471-bc70-4fde-8aa3-a1b507d922ae', 'inventory_archive_uk_005', 'c2dc815c-e58e-4ed1-9282-cc7524cd7522', '2026-11-30 20:47:41.206179+00', '2026-11-30 20:47:41.206179+00', '2026-11-30 20:47:41.198361+00', NULL, NULL, 13, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO edgemirror.database_connection_past VALUES ('0bc47883-ce96-4676-b616-58ef43343d5b', 'b62ea832-3f48-4da1-8839-d8be615e9256', 'telemetry_landing_eu_003', '3d18b1a3-b986-4c29-8ab1-7b2a9083bf5e', '2026-11-30 20:47:35.347912+00', '2026-11-30 20:47:35.42401+00', 3, NULL, NULL, NULL, NULL);
INSERT INTO edgemirror.database_connection_past VALUES ('24a17af9-8943-44a9-a287-21fb74ced161', 'b62ea832-3f48-4da1-8839-d8be615e9256', 'billing_ods_uk_001', 'a7833aee-4a19-49e4-9c9e-02535c637e9f', '2026-11-30 20:47:35.347912+00', '2026-11-30 20:47:35.42401+00', 3, NULL, NULL, NULL, NULL);
INSERT INTO edgemirror.database_connection_past VALUES ('538054a3-6673-42fe-ab7f-e0c13c2646ab', 'b62ea832-3f48-4da1-8839-d8be615e9256', 'LOYALTY_RAW_GLOBAL_002', NULL, '2026-11-30 20:47:35.347912+00', '2026-11-30 20:47:35.42401+00', 3, NULL, NULL, NULL, NULL);
INSERT INTO edgemirror.database_connection_past VALUES ('24a17af9-8943-44a9-a287-21fb74ced161', 'b62ea832-3f48-4da1-8839-d8be615e9256', 'renamed', 'a7833aee-4a19-49e4-9c9e-02535c637e9f', '2026-11-30 20:47:35.42401+00', '2026-11-30 20:47:35.567023+00', 5, '2026-11-30 20:47:35.42401+00', NULL, NULL, 'changed');
INSERT INTO edgemirror.edge VALUES ('b62ea832-3f48-4da1-8839-d8be615e9256', 'sales', NULL, true, 'configured', 'weekly', 'UTC', '2026-11-30 20:47:35.349346+00', '2026-11-30 20:47:35.985358+00', '2026-11-30 20:47:35.970773+00', 6, 0, 10, 10, NULL, '4623b197d48699387191d9388dd30338', 1, NULL);
INSERT INTO edgemirror.edge VALUES ('be89c7da-ef63-4a0f-ade1-7af5c3759b24', 'finance', NULL, true, 'configured', 'weekly', 'UTC', '2026-11-30 20:47:35.336455+00', '2026-11-30 20:47:35.555252+00', '2026-11-30 20:47:35.541462+00', 9, 1, 12, 12, NULL, '66a36d8a587c67b93aa181668ebc44f6', 0, '66a36d8a587c67b93aa181668ebc44f6');
INSERT INTO edgemirror.edge VALUES ('e10f4e00-9f1d-4d70-8dd2-2b528be4ec33', 'held', NULL, true, 'configured', 'weekly', 'UTC', '2026-11-30 20:47:35.343231+00', '2026-11-30 20:47:36.066732+00', '2026-11-30 20:47:36.052645+00', 8, 0, 11, 11, NULL, 'b435fb409d3a089f7f07afc457dda8e4', 0, NULL);
INSERT INTO edgemirror.edge VALUES ('25bf3f2a-ec49-4c26-879f-fa11e2da567d', 'gone', NULL, false, 'configured', 'weekly', 'UTC', '2026-11-30 20:47:35.350079+00', '2026-11-30 20:47:35.338212+00', '2026-11-30 20:47:35.324158+00', 0, 0, 4, 4, NULL, '00000000000000000000000000000000', 0, NULL);
INSERT INTO edgemirror.edge VALUES ('dd735471-bc70-4fde-8aa3-a1b507d922ae', 'found', 'found', true, 'discovered', 'weekly', 'UTC', '2026-11-30 20:47:41.207621+00', '2026-11-30 20:47:46.238193+00', '2026-11-30 20:47:46.224195+00', 8, 0, 14, 14, 14, '63d672983904d704cfbd03f8af3363b6', 0, '63d672983904d704cfbd03f8af3363b6');
INSERT INTO edgemirror.edge_claim VALUES ('dd735471-bc70-4fde-8aa3-a1b507d922ae', '2026-12-06 00:00:00+00', NULL, NULL, 1796071666222759, '2026-11-30 20:47:41.177294+00');
INSERT INTO edgemirror.edge_claim VALUES ('25bf3f2a-ec49-4c26-879f-fa11e2da567d', NULL, NULL, NULL, 1796071656117312, NULL);
INSERT INTO edgemirror.edge_claim VALUES ('b62ea832-3f48-4da1-8839-d8be615e9256', '2026-12-06 00:00:00+00', NULL, NULL, 1796071655969130, NULL);
INSERT INTO edgemirror.edge_claim VALUES ('be89c7da-ef63-4a0f-ade1-7af5c3759b24', '2026-12-06 00:00:00+00', NULL, NULL, 1796071656056612, NULL);
INSERT INTO edgemirror.edge_claim VALUES ('e10f4e00-9f1d-4d70-8dd2-2b528be4ec33', '2026-12-06 00:00:00+00', NULL, NULL, 1796071656051071, NULL);
INSERT INTO edgemirror.instance VALUES ('5e0244a1-f1da-6b04-59a1-c5fc44f6c655', 'fixture/5e02', '1.0.0', '00:01:00', '2026-11-30 20:47:36.142726+00', '2026-11-30 20:47:46.264075+00', '2026-11-30 20:47:36.142726+00', '2026-11-30 20:47:46.264075+00', '{be89c7da-ef63-4a0f-ade1-7af5c3759b24,e10f4e00-9f1d-4d70-8dd2-2b528be4ec33,b62ea832-3f48-4da1-8839-d8be615e9256,dd735471-bc70-4fde-8aa3-a1b507d922ae}', NULL, NULL, NULL);
INSERT INTO edgemirror.rejected_row VALUES ('b62ea832-3f48-4da1-8839-d8be615e9256', '0bc47883-ce96-4676-b616-58ef43343d5b', '0bc47883-ce96-4676-b616-58ef43343d5b', 'name is missing, is not text, or is there twice', '{"id":"0bc47883-ce96-4676-b616-58ef43343d5b","name":42,"edgeConnectionId":"b62ea832-3f48-4da1-8839-d8be615e9256"}', '2026-11-30 20:47:35.853628+00', '2026-11-30 20:47:36.00743+00', 7);
INSERT INTO edgemirror.schema_version VALUES (1, '0001_mirror', 'b51e50f7c8355ab4f99b3d56e58b39e0e0ec8de2e9449792e8efa331771f5648', '2026-11-30 20:47:35.205923+00');
INSERT INTO edgemirror.sync_request VALUES ('b62ea832-3f48-4da1-8839-d8be615e9256', '2026-11-30 20:47:46.297397+00', 'postgres');
INSERT INTO edgemirror.sync_run OVERRIDING SYSTEM VALUE VALUES (2, 'e10f4e00-9f1d-4d70-8dd2-2b528be4ec33', 'fixture', 1796071655312969, 'manual', true, 'done', 'synced', 'clean', '2026-11-30 20:47:35.310211+00', '2026-11-30 20:47:35.34327+00', 'b2d9c449-e899-448e-8b04-6375a4b57cb6', '/rest/jobs/v1/jobs/b2d9c449-e899-448e-8b04-6375a4b57cb6', 'COMPLETED', NULL, 100, 'The database connections have been refreshed.', '{"id": "b2d9c449-e899-448e-8b04-6375a4b57cb6", "name": "Refresh database connections of e10f4e00-9f1d-4d70-8dd2-2b528be4ec33", "type": "DATABASE_CONNECTIONS_SYNCHRONIZATION", "state": "COMPLETED", "system": false, "userId": "c36d0164-9288-414c-8b4e-a34939a8ac45", "endDate": 1796071655319, "message": "The database connections have been refreshed.", "createdBy": "c36d0164-9288-414c-8b4e-a34939a8ac45", "createdOn": 1796071655319, "startDate": 1796071655319, "resourceType": "Job", "lastModifiedBy": "c36d0164-9288-414c-8b4e-a34939a8ac45", "lastModifiedOn": 1796071655319, "progressPercentage": 100}', 2, 4, 8, 8, 0, 0, 0, 0, 0, NULL, NULL, NULL, NULL, NULL, 0, 0);
INSERT INTO edgemirror.sync_run OVERRIDING SYSTEM VALUE VALUES (3, 'b62ea832-3f48-4da1-8839-d8be615e9256', 'fixture', 1796071655317165, 'manual', true, 'done', 'synced', 'clean', '2026-11-30 20:47:35.311337+00', '2026-11-30 20:47:35.349377+00', '4a5b270b-8702-4cdd-8377-b3e30940d1a4', '/rest/jobs/v1/jobs/4a5b270b-8702-4cdd-8377-b3e30940d1a4', 'COMPLETED', NULL, 100, 'The database connections have been refreshed.', '{"id": "4a5b270b-8702-4cdd-8377-b3e30940d1a4", "name": "Refresh database connections of b62ea832-3f48-4da1-8839-d8be615e9256", "type": "DATABASE_CONNECTIONS_SYNCHRONIZATION", "state": "COMPLETED", "system": false, "userId": "c36d0164-9288-414c-8b4e-a34939a8ac45", "endDate": 1796071655320, "message": "The database connections have been refreshed.", "createdBy": "c36d0164-9288-414c-8b4e-a34939a8ac45", "createdOn": 1796071655320, "startDate": 1796071655320, "resourceType": "Job", "lastModifiedBy": "c36d0164-9288-414c-8b4e-a34939a8ac45", "lastModifiedOn": 1796071655320, "progressPercentage": 100}', 2, 4, 8, 8, 0, 0, 0, 0, 0, NULL, NULL, NULL, NULL, NULL, 0, 0);
INSERT INTO edgemirror.sync_run OVERRIDING SYSTEM VALUE VALUES (1, 'be89c7da-ef63-4a0f-ade1-7af5c3759b24', 'fixture', 1796071655303991, 'manual', true, 'done', 'synced', 'clean', '2026-11-30 20:47:35.300432+00', '2026-11-30 20:47:35.336514+00', '67b70021-493d-430c-b583-296eb71dfafb', '/rest/jobs/v1/jobs/67b70021-493d-430c-b583-296eb71dfafb', 'COMPLETED', NULL, 100, 'The database connections have been refreshed.', '{"id": "67b70021-493d-430c-b583-296eb71dfafb", "name": "Refresh database connections of be89c7da-ef63-4a0f-ade1-7af5c3759b24", "type": "DATABASE_CONNECTIONS_SYNCHRONIZATION", "state": "COMPLETED", "system": false, "userId": "c36d0164-9288-414c-8b4e-a34939a8ac45", "endDate": 1796071655306, "message": "The database connections have been refreshed.", "createdBy": "c36d0164-9288-414c-8b4e-a34939a8ac45", "createdOn": 1796071655306, "startDate": 1796071655306, "resourceType": "Job", "lastModifiedBy": "c36d0164-9288-414c-8b4e-a34939a8ac45", "lastModifiedOn": 1796071655306, "progressPercentage": 100}', 2, 4, 8, 8, 0, 0, 0, 0, 0, NULL, NULL, NULL, NULL, NULL, 0, 0);
INSERT INTO edgemirror.sync_run OVERRIDING SYSTEM VALUE VALUES (5, 'b62ea832-3f48-4da1-8839-d8be615e9256', 'fixture', 1796071655386114, 'manual', true, 'done', 'synced', 'clean', '2026-11-30 20:47:35.382875+00', '2026-11-30 20:47:35.427302+00', 'e42a4b88-2913-4e4f-84af-0f78abb9b469', '/rest/jobs/v1/jobs/e42a4b88-2913-4e4f-84af-0f78abb9b469', 'COMPLETED', NULL, 100, 'The database connections have been refreshed.', '{"id": "e42a4b88-2913-4e4f-84af-0f78abb9b469", "name": "Refresh database connections of b62ea832-3f48-4da1-8839-d8be615e9256", "type": "DATABASE_CONNECTIONS_SYNCHRONIZATION", "state": "COMPLETED", "system": false, "userId": "c36d0164-9288-414c-8b4e-a34939a8ac45", "endDate": 1796071655388, "message": "The database connections have been refreshed.", "createdBy": "c36d0164-9288-414c-8b4e-a34939a8ac45", "createdOn": 1796071655388, "startDate": 1796071655388, "resourceType": "Job", "lastModifiedBy": "c36d0164-9288-414c-8b4e-a34939a8ac45", "lastModifiedOn": 1796071655388, "progressPercentage": 100}', 2, 6, 8, 1, 3, 0, 0, 4, 0, NULL, NULL, NULL, NULL, NULL, 1, 0);
INSERT INTO edgemirror.sync_run OVERRIDING SYSTEM VALUE VALUES (11, 'e10f4e00-9f1d-4d70-8dd2-2b528be4ec33', 'fixture', 1796071656051071, 'manual', true, 'done', 'held', 'clean', '2026-11-30 20:47:36.047788+00', '2026-11-30 20:47:36.091981+00', 'a2aeb6c2-ec02-40d6-865f-1f58b612dd16', '/rest/jobs/v1/jobs/a2aeb6c2-ec02-40d6-865f-1f58b612dd16', 'COMPLETED', NULL, 100, 'The database connections have been refreshed.', '{"id": "a2aeb6c2-ec02-40d6-865f-1f58b612dd16", "name": "Refresh database connections of e10f4e00-9f1d-4d70-8dd2-2b528be4ec33", "type": "DATABASE_CONNECTIONS_SYNCHRONIZATION", "state": "COMPLETED", "system": false, "userId": "c36d0164-9288-414c-8b4e-a34939a8ac45", "endDate": 1796071656053, "message": "The database connections have been refreshed.", "createdBy": "c36d0164-9288-414c-8b4e-a34939a8ac45", "createdOn": 1796071656053, "startDate": 1796071656053, "resourceType": "Job", "lastModifiedBy": "c36d0164-9288-414c-8b4e-a34939a8ac45", "lastModifiedOn": 1796071656053, "progressPercentage": 100}', 2, 4, 2, 0, 0, 0, 0, 2, 6, 'run', 'removals-held', '6 of 8 rows are missing from the list (customer_staging_002, pricing_core_de_006, procurement_archive_be_005, …), more than max_removals (20%) allows; nothing was removed; env PGUSER=postgres PGHOST=/tmp/edgemirror-fixture-OsTyIh/pg edgemirror -c /tmp/edgemirror-fixture-OsTyIh/edgemirror.conf sync --dry-run held shows them all, and env PGUSER=postgres PGHOST=/tmp/edgemirror-fixture-OsTyIh/pg edgemirror -c /tmp/edgemirror-fixture-OsTyIh/edgemirror.conf sync --accept-removals held removes those that the catalog says are gone', NULL, NULL, 0, 0);
INSERT INTO edgemirror.sync_run OVERRIDING SYSTEM VALUE VALUES (13, 'dd735471-bc70-4fde-8aa3-a1b507d922ae', 'fixture', 1796071661182671, 'manual', false, 'done', 'synced', 'clean', '2026-11-30 20:47:41.179602+00', '2026-11-30 20:47:41.207657+00', '239608d7-6c59-4fb7-a7ae-a7e62721ca25', '/rest/jobs/v1/jobs/239608d7-6c59-4fb7-a7ae-a7e62721ca25', 'COMPLETED', NULL, 100, 'The database connections have been refreshed.', '{"id": "239608d7-6c59-4fb7-a7ae-a7e62721ca25", "name": "Refresh database connections of dd735471-bc70-4fde-8aa3-a1b507d922ae", "type": "DATABASE_CONNECTIONS_SYNCHRONIZATION", "state": "COMPLETED", "system": false, "userId": "c36d0164-9288-414c-8b4e-a34939a8ac45", "endDate": 1796071661184, "message": "The database connections have been refreshed.", "createdBy": "c36d0164-9288-414c-8b4e-a34939a8ac45", "createdOn": 1796071661184, "startDate": 1796071661184, "resourceType": "Job", "lastModifiedBy": "c36d0164-9288-414c-8b4e-a34939a8ac45", "lastModifiedOn": 1796071661184, "progressPercentage": 100}', 2, 4, 8, 8, 0, 0, 0, 0, 0, NULL, NULL, NULL, NULL, NULL, 0, 0);
INSERT INTO edgemirror.sync_run OVERRIDING SYSTEM VALUE VALUES (14, 'dd735471-bc70-4fde-8aa3-a1b507d922ae', 'fixture', 1796071666222759, 'schedule', false, 'done', 'synced', 'clean', '2026-11-30 20:47:46.220945+00', '2026-11-30 20:47:46.240676+00', '83c4c884-7dce-4d8d-a048-44b376dc49ff', '/rest/jobs/v1/jobs/83c4c884-7dce-4d8d-a048-44b376dc49ff', 'COMPLETED', NULL, 100, 'The database connections have been refreshed.', NULL, 2, 4, 8, 0, 0, 0, 0, 8, 0, NULL, NULL, NULL, NULL, NULL, 0, 0);
INSERT INTO edgemirror.sync_run OVERRIDING SYSTEM VALUE VALUES (4, '25bf3f2a-ec49-4c26-879f-fa11e2da567d', 'fixture', 1796071655320825, 'manual', true, 'done', 'synced', 'clean', '2026-11-30 20:47:35.311078+00', '2026-11-30 20:47:35.35011+00', 'de37155e-cca3-4c58-a896-18a7b83dfce5', '/rest/jobs/v1/jobs/de37155e-cca3-4c58-a896-18a7b83dfce5', 'COMPLETED', NULL, 100, 'The database connections have been refreshed.', '{"id": "de37155e-cca3-4c58-a896-18a7b83dfce5", "name": "Refresh database connections of 25bf3f2a-ec49-4c26-879f-fa11e2da567d", "type": "DATABASE_CONNECTIONS_SYNCHRONIZATION", "state": "COMPLETED", "system": false, "userId": "c36d0164-9288-414c-8b4e-a34939a8ac45", "endDate": 1796071655323, "message": "The database connections have been refreshed.", "createdBy": "c36d0164-9288-414c-8b4e-a34939a8ac45", "createdOn": 1796071655323, "startDate": 1796071655323, "resourceType": "Job", "lastModifiedBy": "c36d0164-9288-414c-8b4e-a34939a8ac45", "lastModifiedOn": 1796071655323, "progressPercentage": 100}', 2, 4, 8, 8, 0, 0, 0, 0, 0, NULL, NULL, NULL, NULL, NULL, 0, 0);
INSERT INTO edgemirror.sync_run OVERRIDING SYSTEM VALUE VALUES (6, 'b62ea832-3f48-4da1-8839-d8be615e9256', 'fixture', 1796071655451842, 'manual', true, 'done', 'synced', 'clean', '2026-11-30 20:47:35.448395+00', '2026-11-30 20:47:35.491359+00', 'b1072cc1-c6c5-41b4-b591-b42025453aa3', '/rest/jobs/v1/jobs/b1072cc1-c6c5-41b4-b591-b42025453aa3', 'COMPLETED', NULL, 100, 'The database connections have been refreshed.', '{"id": "b1072cc1-c6c5-41b4-b591-b42025453aa3", "name": "Refresh database connections of b62ea832-3f48-4da1-8839-d8be615e9256", "type": "DATABASE_CONNECTIONS_SYNCHRONIZATION", "state": "COMPLETED", "system": false, "userId": "c36d0164-9288-414c-8b4e-a34939a8ac45", "endDate": 1796071655454, "message": "The database connections have been refreshed.", "createdBy": "c36d0164-9288-414c-8b4e-a34939a8ac45", "createdOn": 1796071655454, "startDate": 1796071655454, "resourceType": "Job", "lastModifiedBy": "c36d0164-9288-414c-8b4e-a34939a8ac45", "lastModifiedOn": 1796071655454, "progressPercentage": 100}', 2, 6, 8, 0, 0, 1, 0, 8, 0, NULL, NULL, NULL, NULL, NULL, 0, 0);
INSERT INTO edgemirror.sync_run OVERRIDING SYSTEM VALUE VALUES (8, 'be89c7da-ef63-4a0f-ade1-7af5c3759b24', 'fixture', 1796071655540157, 'manual', true, 'done', 'synced', 'clean', '2026-11-30 20:47:35.537864+00', '2026-11-30 20:47:35.570208+00', 'cc74d206-e3db-433e-aba3-87233d61fd6f', '/rest/jobs/v1/jobs/cc74d206-e3db-433e-aba3-87233d61fd6f', 'COMPLETED', NULL, 100, 'The database connections have been refreshed.', '{"id": "cc74d206-e3db-433e-aba3-87233d61fd6f", "name": "Refresh database connections of be89c7da-ef63-4a0f-ade1-7af5c3759b24", "type": "DATABASE_CONNECTIONS_SYNCHRONIZATION", "state": "COMPLETED", "system": false, "userId": "c36d0164-9288-414c-8b4e-a34939a8ac45", "endDate": 1796071655542, "message": "The database connections have been refreshed.", "createdBy": "c36d0164-9288-414c-8b4e-a34939a8ac45", "createdOn": 1796071655542, "startDate": 1796071655542, "resourceType": "Job", "lastModifiedBy": "c36d0164-9288-414c-8b4e-a34939a8ac45", "lastModifiedOn": 1796071655542, "progressPercentage": 100}', 2, 4, 9, 0, 1, 0, 0, 8, 0, NULL, NULL, NULL, NULL, NULL, 0, 0);
INSERT INTO edgemirror.sync_run OVERRIDING SYSTEM VALUE VALUES (9, 'b62ea832-3f48-4da1-8839-d8be615e9256', 'fixture', 1796071655884468, 'manual', true, 'done', 'synced', 'clean', '2026-11-30 20:47:35.881325+00', '2026-11-30 20:47:35.925995+00', '988d117b-9385-402b-8950-f2a47f0cf1ee', '/rest/jobs/v1/jobs/988d117b-9385-402b-8950-f2a47f0cf1ee', 'COMPLETED', NULL, 100, 'The database connections have been refreshed.', '{"id": "988d117b-9385-402b-8950-f2a47f0cf1ee", "name": "Refresh database connections of b62ea832-3f48-4da1-8839-d8be615e9256", "type": "DATABASE_CONNECTIONS_SYNCHRONIZATION", "state": "COMPLETED", "system": false, "userId": "c36d0164-9288-414c-8b4e-a34939a8ac45", "endDate": 1796071655886, "message": "The database connections have been refreshed.", "createdBy": "c36d0164-9288-414c-8b4e-a34939a8ac45", "createdOn": 1796071655886, "startDate": 1796071655886, "resourceType": "Job", "lastModifiedBy": "c36d0164-9288-414c-8b4e-a34939a8ac45", "lastModifiedOn": 1796071655886, "progressPercentage": 100}', 2, 7, 5, 0, 0, 0, 0, 4, 0, NULL, NULL, NULL, NULL, NULL, 2, 1);
INSERT INTO edgemirror.sync_run OVERRIDING SYSTEM VALUE VALUES (7, 'b62ea832-3f48-4da1-8839-d8be615e9256', 'fixture', 1796071655533234, 'manual', true, 'done', 'held', 'clean', '2026-11-30 20:47:35.529419+00', '2026-11-30 20:47:35.857374+00', '2532ec77-79c0-41a8-8764-fd6aad60e92f', '/rest/jobs/v1/jobs/2532ec77-79c0-41a8-8764-fd6aad60e92f', 'COMPLETED', NULL, 100, 'The database connections have been refreshed.', '{"id": "2532ec77-79c0-41a8-8764-fd6aad60e92f", "name": "Refresh database connections of b62ea832-3f48-4da1-8839-d8be615e9256", "type": "DATABASE_CONNECTIONS_SYNCHRONIZATION", "state": "COMPLETED", "system": false, "userId": "c36d0164-9288-414c-8b4e-a34939a8ac45", "endDate": 1796071655535, "message": "The database connections have been refreshed.", "createdBy": "c36d0164-9288-414c-8b4e-a34939a8ac45", "createdOn": 1796071655535, "startDate": 1796071655535, "resourceType": "Job", "lastModifiedBy": "c36d0164-9288-414c-8b4e-a34939a8ac45", "lastModifiedOn": 1796071655535, "progressPercentage": 100}', 2, 4, 5, 0, 0, 0, 0, 4, 2, 'run', 'removals-held', '3 of 8 rows are missing from the list (WEB_ANALYTICS_CORE_UK_008, renamed, support_dwh_global_006), more than max_removals (20%) allows; nothing was removed; env PGUSER=postgres PGHOST=/tmp/edgemirror-fixture-OsTyIh/pg edgemirror -c /tmp/edgemirror-fixture-OsTyIh/edgemirror.conf sync --dry-run sales shows them all, and env PGUSER=postgres PGHOST=/tmp/edgemirror-fixture-OsTyIh/pg edgemirror -c /tmp/edgemirror-fixture-OsTyIh/edgemirror.conf sync --accept-removals sales removes those that the catalog says are gone', NULL, NULL, 0, 1);
INSERT INTO edgemirror.sync_run OVERRIDING SYSTEM VALUE VALUES (10, 'b62ea832-3f48-4da1-8839-d8be615e9256', 'fixture', 1796071655969130, 'manual', true, 'done', 'synced', 'clean', '2026-11-30 20:47:35.965682+00', '2026-11-30 20:47:36.010643+00', '166d6578-34ab-4379-9042-a7d6e83a82df', '/rest/jobs/v1/jobs/166d6578-34ab-4379-9042-a7d6e83a82df', 'COMPLETED', NULL, 100, 'The database connections have been refreshed.', '{"id": "166d6578-34ab-4379-9042-a7d6e83a82df", "name": "Refresh database connections of b62ea832-3f48-4da1-8839-d8be615e9256", "type": "DATABASE_CONNECTIONS_SYNCHRONIZATION", "state": "COMPLETED", "system": false, "userId": "c36d0164-9288-414c-8b4e-a34939a8ac45", "endDate": 1796071655971, "message": "The database connections have been refreshed.", "createdBy": "c36d0164-9288-414c-8b4e-a34939a8ac45", "createdOn": 1796071655971, "startDate": 1796071655971, "resourceType": "Job", "lastModifiedBy": "c36d0164-9288-414c-8b4e-a34939a8ac45", "lastModifiedOn": 1796071655971, "progressPercentage": 100}', 2, 7, 5, 0, 0, 1, 0, 4, 0, NULL, NULL, NULL, NULL, NULL, 1, 1);
INSERT INTO edgemirror.sync_run OVERRIDING SYSTEM VALUE VALUES (12, 'be89c7da-ef63-4a0f-ade1-7af5c3759b24', 'fixture', 1796071656056612, 'manual', true, 'done', 'failed', 'failed', '2026-11-30 20:47:36.054662+00', '2026-11-30 20:47:36.072962+00', 'c2927349-95ae-4781-8a4e-a3e47ee5efa5', '/rest/jobs/v1/jobs/c2927349-95ae-4781-8a4e-a3e47ee5efa5', 'COMPLETED', 'FAILURE', 100, 'source unreachable', '{"id": "c2927349-95ae-4781-8a4e-a3e47ee5efa5", "name": "Refresh database connections of be89c7da-ef63-4a0f-ade1-7af5c3759b24", "type": "DATABASE_CONNECTIONS_SYNCHRONIZATION", "state": "COMPLETED", "result": "FAILURE", "system": false, "userId": "c36d0164-9288-414c-8b4e-a34939a8ac45", "endDate": 1796071656058, "message": "source unreachable", "createdBy": "c36d0164-9288-414c-8b4e-a34939a8ac45", "createdOn": 1796071656058, "startDate": 1796071656058, "resourceType": "Job", "lastModifiedBy": "c36d0164-9288-414c-8b4e-a34939a8ac45", "lastModifiedOn": 1796071656058, "progressPercentage": 100}', 0, 3, 0, 0, 0, 0, 0, 0, 0, 'run', 'catalog-forbidden', 'the catalog forbids this to our user; give it the permission to refresh and view this Edge connection (HTTP 403). It says: 403 Permission denied The request was refused by the script. Ask an administrator for the missing permission. [forbidden]', 403, '{"errorCode": "forbidden", "statusCode": 403, "helpMessage": "Ask an administrator for the missing permission.", "userMessage": "The request was refused by the script.", "titleMessage": "Permission denied"}', 0, 0);
SELECT pg_catalog.setval('edgemirror.sync_run_run_id_seq', 14, true);
ALTER TABLE ONLY edgemirror.catalog
    ADD CONSTRAINT catalog_pkey PRIMARY KEY (one);
ALTER TABLE ONLY edgemirror.database_connection_past
    ADD CONSTRAINT database_connection_past_pkey PRIMARY KEY (id, valid_to);
ALTER TABLE ONLY edgemirror.database_connection
    ADD CONSTRAINT database_connection_pkey PRIMARY KEY (id);
ALTER TABLE ONLY edgemirror.edge_claim
    ADD CONSTRAINT edge_claim_pkey PRIMARY KEY (edge_connection_id);
ALTER TABLE ONLY edgemirror.edge
    ADD CONSTRAINT edge_name_key UNIQUE (name);
ALTER TABLE ONLY edgemirror.edge
    ADD CONSTRAINT edge_pkey PRIMARY KEY (edge_connection_id);
ALTER TABLE ONLY edgemirror.history_horizon
    ADD CONSTRAINT history_horizon_pkey PRIMARY KEY (one);
ALTER TABLE ONLY edgemirror.instance
    ADD CONSTRAINT instance_pkey PRIMARY KEY (instance_id);
ALTER TABLE ONLY edgemirror.rejected_row
    ADD CONSTRAINT rejected_row_pkey PRIMARY KEY (edge_connection_id, key);
ALTER TABLE ONLY edgemirror.schema_version
    ADD CONSTRAINT schema_version_pkey PRIMARY KEY (version);
ALTER TABLE ONLY edgemirror.sync_request
    ADD CONSTRAINT sync_request_pkey PRIMARY KEY (edge_connection_id, requested_at);
ALTER TABLE ONLY edgemirror.sync_run
    ADD CONSTRAINT sync_run_pkey PRIMARY KEY (run_id);
CREATE INDEX database_connection_missing ON edgemirror.database_connection USING btree (edge_connection_id) WHERE (missing_reason IS NOT NULL);
COMMENT ON INDEX edgemirror.database_connection_missing IS 'The rows that are missing and stay, of one edge.';
CREATE INDEX database_connection_past_began ON edgemirror.database_connection_past USING btree (began_as, valid_from);
COMMENT ON INDEX edgemirror.database_connection_past_began IS 'What began in a span of time, each kind for itself.';
CREATE INDEX database_connection_past_ended ON edgemirror.database_connection_past USING btree (valid_to);
COMMENT ON INDEX edgemirror.database_connection_past_ended IS 'What ended in a span of time; pruning.';
CREATE INDEX database_connection_past_removed ON edgemirror.database_connection_past USING btree (valid_to) WHERE (ended_as IS NOT NULL);
COMMENT ON INDEX edgemirror.database_connection_past_removed IS 'What vanished, and is back, in a span of time.';
CREATE INDEX database_connection_present ON edgemirror.database_connection USING btree (edge_connection_id) WHERE (removed_at IS NULL);
COMMENT ON INDEX edgemirror.database_connection_present IS 'Present rows of an edge.';
CREATE INDEX database_connection_removed ON edgemirror.database_connection USING btree (removed_at) WHERE (removed_at IS NOT NULL);
COMMENT ON INDEX edgemirror.database_connection_removed IS 'What vanished, and is not back, in a span of time.';
CREATE INDEX edge_claim_due ON edgemirror.edge_claim USING btree (next_run_at) WHERE (holder IS NULL);
COMMENT ON INDEX edgemirror.edge_claim_due IS 'Edges that are due.';
CREATE INDEX edge_claim_held ON edgemirror.edge_claim USING btree (edge_connection_id) WHERE (holder IS NOT NULL);
COMMENT ON INDEX edgemirror.edge_claim_held IS 'Edges whose lease may have ended.';
CREATE INDEX sync_run_edge ON edgemirror.sync_run USING btree (edge_connection_id, run_id DESC);
COMMENT ON INDEX edgemirror.sync_run_edge IS 'Last runs of an edge.';
CREATE INDEX sync_run_finished ON edgemirror.sync_run USING btree (finished_at) WHERE (finished_at IS NOT NULL);
COMMENT ON INDEX edgemirror.sync_run_finished IS 'Pruning.';
CREATE INDEX sync_run_open ON edgemirror.sync_run USING btree (edge_connection_id) WHERE (finished_at IS NULL);
COMMENT ON INDEX edgemirror.sync_run_open IS 'Runs that have not ended.';
CREATE TRIGGER keep_rows BEFORE DELETE ON edgemirror.edge FOR EACH ROW EXECUTE FUNCTION edgemirror.refuse_edge_delete();
COMMENT ON TRIGGER keep_rows ON edgemirror.edge IS 'An edge that has rows or history is removed with them, by edgemirror retire --forget, or not at all. Rows of Edge connections that are not configured have no edge, so that a foreign key cannot say this.';
ALTER TABLE ONLY edgemirror.edge_claim
    ADD CONSTRAINT edge_claim_edge_connection_id_fkey FOREIGN KEY (edge_connection_id) REFERENCES edgemirror.edge(edge_connection_id) ON DELETE CASCADE;
