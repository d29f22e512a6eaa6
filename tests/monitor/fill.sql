-- A mirror to be looked at: so many edges with rows, history and runs, and, where wanted, trouble of each kind. For psql.
-- :edges how many, :rows of each, :trouble whether some are not well, :service what its instances do: well, what one waits for (catalog, pause, credentials, lock,
-- postgres, discovery), silent (one, for most of the minute after which it counts as dead) or nobody (no instance is alive). What was there is removed.
SET search_path = pg_catalog, edgemirror;
TRUNCATE edgemirror.edge, edgemirror.edge_claim, edgemirror.database_connection, edgemirror.database_connection_past, edgemirror.rejected_row, edgemirror.sync_run,
         edgemirror.history_horizon;
DELETE FROM edgemirror.instance WHERE name = 'worker-2';
SELECT setseed(0.5);

-- Nobody syncs them: a lease that is taken is not kept.
SET ROLE edgemirror;
CREATE OR REPLACE FUNCTION edgemirror.nobody_syncs() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
DROP TRIGGER IF EXISTS nobody_syncs ON edgemirror.edge_claim;
CREATE TRIGGER nobody_syncs BEFORE UPDATE ON edgemirror.edge_claim FOR EACH ROW WHEN (NEW.holder IS DISTINCT FROM OLD.holder)
    EXECUTE FUNCTION edgemirror.nobody_syncs();
CREATE OR REPLACE FUNCTION edgemirror.nobody_lives() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.seen_at := now() - interval '1 day'; RETURN NEW; END $$;
DROP TRIGGER IF EXISTS nobody_lives ON edgemirror.instance;
SELECT :'service' = 'nobody' AS nobody \gset
\if :nobody
CREATE TRIGGER nobody_lives BEFORE INSERT OR UPDATE ON edgemirror.instance FOR EACH ROW EXECUTE FUNCTION edgemirror.nobody_lives();
UPDATE edgemirror.instance SET seen_at = seen_at;
\endif
RESET ROLE;

CREATE TEMPORARY TABLE wanted AS
SELECT n, md5('edge ' || n)::uuid AS id,
       CASE WHEN :trouble AND n = 9 THEN '<script>alert("' || n || '")</script>'
            WHEN :trouble AND n = 10 THEN U&'evil\202Egpj.exe'
            WHEN :trouble AND n = 11 THEN 'a-very-long-name-of-an-edge-connection-that-somebody-in-the-department-of-finance-has-given-to-it-and-that-goes-on-and-on'
            ELSE (ARRAY['snowflake', 'oracle', 'postgres', 'mssql', 'databricks', 'hive'])[1 + n % 6] || '-' ||
                 (ARRAY['prod', 'finance', 'hr', 'sales', 'lab', 'archive', 'claims'])[1 + n % 7] || '-' || lpad(n::text, length(:edges::text), '0') END AS name,
       CASE WHEN :trouble AND n <= 8 THEN (ARRAY['failing', 'overdue', 'held', 'unstable', 'unlisted', 'unrefreshed', 'rejected', 'disabled'])[n] ELSE 'well' END AS state
  FROM generate_series(1, :edges) n;

INSERT INTO edgemirror.edge (edge_connection_id, name, enabled, schedule, timezone, first_listed_at, listed_at, refreshed_at, row_count, consecutive_failures, rejected)
SELECT w.id, w.name, w.state <> 'disabled', 'every 1h', 'Europe/Brussels', now() - interval '84 days',
       now() - CASE w.state WHEN 'failing' THEN interval '7 hours' WHEN 'disabled' THEN interval '12 days' ELSE interval '1 minute' * (3 + random() * 50) END,
       now() - CASE w.state WHEN 'failing' THEN interval '7 hours' WHEN 'unrefreshed' THEN interval '3 days' WHEN 'disabled' THEN interval '12 days' ELSE interval '1 minute' * (60 + random() * 5) END,
       :rows, CASE w.state WHEN 'failing' THEN 7 WHEN 'unstable' THEN 2 ELSE 0 END, CASE w.state WHEN 'rejected' THEN 2 ELSE 0 END
  FROM wanted w;
UPDATE edgemirror.edge SET first_listed_at = NULL, listed_at = NULL, refreshed_at = NULL, row_count = NULL
 WHERE edge_connection_id IN (SELECT id FROM wanted WHERE state = 'unlisted');
INSERT INTO edgemirror.edge_claim (edge_connection_id, next_run_at)
SELECT w.id, CASE w.state WHEN 'overdue' THEN now() - interval '2 hours' ELSE now() + interval '1 minute' * (2 + random() * 57) END FROM wanted w;
INSERT INTO edgemirror.instance (instance_id, name, version, lease, started_at, seen_at, unbroken_since, edges, waiting_for, waiting_message, waiting_since)
SELECT md5('worker-2')::uuid, 'worker-2', '0.1.0', interval '1 hour', now() - interval '9 days',
       now() - CASE :'service' WHEN 'silent' THEN interval '40 seconds' ELSE interval '1 second' END, now() - interval '9 days', coalesce(array_agg(w.id), '{}'),
       m.waiting_for, m.message, CASE WHEN m.message IS NOT NULL THEN now() - interval '17 minutes' END
  FROM (SELECT) one
  LEFT JOIN (VALUES ('catalog', 'catalog https://acme.collibra.com cannot be reached: connect: No route to host; asked again in 30s'),
                    ('pause', 'the catalog asks for a pause (HTTP 429); asked again in 12m'),
                    ('credentials', 'the catalog refuses the credentials (HTTP 401): The token has expired. [<b>expired</b>]'),
                    ('lock', 'canceling statement due to lock timeout: the sign of life of the instance'),
                    ('postgres', 'could not extend file "base/16384/16650": No space left on device'),
                    ('discovery', 'the catalog answered GET /edge/api/rest/v2/connections with status 403')) AS m (waiting_for, message) ON m.waiting_for = :'service'
  LEFT JOIN wanted w ON w.state <> 'disabled'
 GROUP BY m.waiting_for, m.message;

-- Rows: three of four registered; some appeared in the last weeks, some changed, some are gone.
INSERT INTO edgemirror.database_connection (id, edge_connection_id, name, database_id, first_seen_at, changed_at, run_id)
SELECT md5(w.n || '/' || k)::uuid, w.id, upper((ARRAY['orders', 'clients', 'ledger', 'stock', 'web', 'archive', 'staff'])[1 + k % 7]) || '_' || k,
       CASE WHEN (w.n * 31 + k * 7) % 100 < 20 + w.n * 13 % 80 THEN md5('asset' || w.n || '/' || k)::uuid END, t.at, t.at, 1
  FROM wanted w
 CROSS JOIN LATERAL generate_series(1, :rows) k
 CROSS JOIN LATERAL (SELECT now() - CASE WHEN k % 10 < 7 THEN interval '84 days' ELSE interval '1 day' * ((w.n * 13 + k * 29) % 830 / 10.0) END AS at) t
 WHERE w.state <> 'unlisted';
INSERT INTO edgemirror.database_connection_past (id, edge_connection_id, name, database_id, valid_from, valid_to, run_id)
SELECT d.id, d.edge_connection_id, 'OLD_' || d.name, NULL, d.changed_at, d.changed_at + interval '5 hours', 1
  FROM edgemirror.database_connection d WHERE d.changed_at BETWEEN now() - interval '30 days' AND now() - interval '6 hours' AND get_byte(uuid_send(d.id), 0) < 60;
UPDATE edgemirror.database_connection d SET changed_at = p.valid_to, previous_ended_at = p.valid_to, began_as = 'changed'
  FROM edgemirror.database_connection_past p WHERE p.id = d.id;
UPDATE edgemirror.database_connection SET removed_at = now() - interval '1 day' * (get_byte(uuid_send(id), 1) % 28), ended_as = 'removed'
 WHERE changed_at < now() - interval '40 days' AND get_byte(uuid_send(id), 0) < 12
   -- those that are held below stay
   AND id NOT IN (SELECT md5(w.n || '/' || k)::uuid FROM wanted w, generate_series(1, 3) k WHERE w.state = 'held');
UPDATE edgemirror.database_connection SET name = U&'report\202Efdp.exe' WHERE id = md5('10/1')::uuid;
UPDATE edgemirror.database_connection SET name = '<img src=x onerror=alert(1)>' WHERE id = md5('9/1')::uuid;

-- Runs: many of the first edges, one of the others.
INSERT INTO edgemirror.sync_run (edge_connection_id, instance, epoch, trigger, phase, outcome, refresh, started_at, finished_at, job_id, job_state, job_message, pages,
                                 requests, listed, added, held, pending, rejected, error_scope, error_code, error_message, http_status, problem)
SELECT w.id, 'worker-2', 1, 'schedule', 'done', o.outcome, o.refresh, t.at, t.at + interval '1 second' * (2 + 60 * random() * random()),
       md5('job' || w.n || '/' || k)::uuid, CASE WHEN o.refresh = 'failed' THEN 'ERROR' ELSE 'COMPLETED' END,
       CASE WHEN o.refresh = 'failed' THEN E'Edge site "eu-1": driver com.example.Driver could not connect\nORA-12541: TNS:no listener' END,
       1, 5, :rows, CASE WHEN k % 9 = 0 THEN 3 ELSE 0 END, CASE o.outcome WHEN 'held' THEN 3 ELSE 0 END, 0, CASE w.state WHEN 'rejected' THEN 2 ELSE 0 END,
       CASE WHEN o.problem IS NOT NULL THEN 'run' END, CASE WHEN o.problem IS NOT NULL THEN 'catalog-error' END, o.problem,
       CASE WHEN o.outcome = 'failed' THEN 500 END,
       CASE WHEN o.outcome = 'failed' THEN '{"statusCode": 500, "titleMessage": "Internal error", "userMessage": "The Edge site <eu-1> does not answer.", "errorCode": "edge.site.away"}'::jsonb END
  FROM wanted w
 CROSS JOIN LATERAL generate_series(CASE WHEN w.n <= 20 THEN 1 ELSE 60 END, 60) k
 CROSS JOIN LATERAL (SELECT now() - interval '1 hour' * (60 - k) - interval '20 minutes' AS at) t
 CROSS JOIN LATERAL (SELECT CASE WHEN k > 53 AND w.state = 'failing' THEN 'failed' WHEN k > 58 AND w.state IN ('held', 'unstable') THEN w.state
                                 WHEN w.n <= 20 AND (w.n + k) % 23 = 0 THEN 'aborted' ELSE 'synced' END AS outcome,
                            CASE WHEN k > 57 AND w.state = 'unrefreshed' THEN 'failed' ELSE 'clean' END AS refresh,
                            CASE WHEN k > 53 AND w.state = 'failing' THEN 'the catalog answered GET /rest/catalogDatabase/v1/databaseConnections with status 500: The Edge site <eu-1> does not answer.'
                                 WHEN k > 57 AND w.state = 'unrefreshed' THEN 'the refresh job ended with ERROR'
                                 WHEN k > 58 AND w.state = 'held' THEN '3 rows are missing, more than max_removals allows' END AS problem) o
 WHERE w.state <> 'unlisted';
UPDATE edgemirror.edge e SET last_run_id = (SELECT max(run_id) FROM edgemirror.sync_run r WHERE r.edge_connection_id = e.edge_connection_id);

UPDATE edgemirror.database_connection d SET missing_since = now() - interval '50 minutes', missing_reason = (ARRAY['guard', 'unproven', 'pending'])[k], missing_status = s, missing_proofs = 1
  FROM wanted w, unnest(ARRAY[NULL, 403, 404]) WITH ORDINALITY AS m (s, k)
 WHERE w.state = 'held' AND d.id = md5(w.n || '/' || k)::uuid;
INSERT INTO edgemirror.rejected_row
SELECT w.id, md5('rejected' || k)::uuid, CASE WHEN k = 1 THEN md5(w.n || '/1')::uuid END, r.reason, r.document, now() - interval '2 days', now(), 1
  FROM wanted w, (VALUES (1, 'its name is no text', '{"id": "0b9c1c1e-3d0a-4d55-9d2b-6b8f0f0a1c11", "name": 7}'),
                         (2, 'its databaseId is no UUID', U&'{"id": "?", "name": "\202Egpj.exe", "databaseId": "<none>"}')) AS r (k, reason, document)
 WHERE w.state = 'rejected';
ANALYZE edgemirror.edge, edgemirror.database_connection, edgemirror.database_connection_past, edgemirror.sync_run, edgemirror.edge_claim;
