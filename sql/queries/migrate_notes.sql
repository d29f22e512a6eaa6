-- What is not there although other databases or readers may want it, what for, and the statement with which an administrator makes it; no row: nothing. The
-- tables are those of sharing.sql. The publication is to be that of the role that migrates, which owns the tables, and need not be the one that asks.
WITH missing AS (
    SELECT t.name, EXISTS (SELECT FROM pg_publication WHERE pubname = 'edgemirror') AS publication
      FROM unnest(ARRAY['database_connection', 'database_connection_past', 'edge', 'history_horizon', 'rejected_row', 'sync_run']) AS t (name)
     WHERE NOT EXISTS (SELECT FROM pg_publication_tables p
                        WHERE p.pubname = 'edgemirror' AND p.schemaname = 'edgemirror' AND p.tablename = t.name)
), migrates AS (
    SELECT CASE WHEN r.rolsuper THEN current_user ELSE r.rolname END AS role
      FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_roles r ON r.oid = c.relowner
     WHERE n.nspname = 'edgemirror' AND c.relname = 'schema_version'
)
SELECT 'role' AS kind, format('the role %s is not there: nobody has been granted what %s', n.role, n.purpose) AS what,
       format('CREATE ROLE %I NOLOGIN;', n.role) AS statement
  FROM (VALUES ('edgemirror_reader', 'reports need'), ('edgemirror_operator', 'asking for a sync needs')) AS n (role, purpose)
 WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = n.role)
UNION ALL
SELECT 'publication',
       CASE WHEN publication THEN 'the publication edgemirror lacks tables: databases that subscribe do not get them'
            ELSE 'the publication edgemirror is not there: no other database can subscribe' END,
       CASE WHEN publication THEN 'ALTER PUBLICATION edgemirror ADD TABLE ' ELSE 'CREATE PUBLICATION edgemirror FOR TABLE ' END
       || string_agg('edgemirror.' || name, ', ' ORDER BY name) || ';'
  FROM missing
 GROUP BY publication
UNION ALL
SELECT 'publication', format('the publication edgemirror belongs to %I, who may change or drop it', r.rolname),
       format('ALTER PUBLICATION edgemirror OWNER TO %I;', m.role)
  FROM migrates m
  JOIN pg_roles r ON r.rolname <> m.role AND NOT r.rolsuper
  JOIN pg_publication p ON p.pubowner = r.oid
 WHERE p.pubname = 'edgemirror'
UNION ALL
SELECT 'publication', 'the publication edgemirror leaves out some kinds of changes: databases that subscribe do not get them',
       'ALTER PUBLICATION edgemirror SET (publish = ''insert, update, delete, truncate'');'
  FROM pg_publication p
 WHERE p.pubname = 'edgemirror' AND NOT (p.pubinsert AND p.pubupdate AND p.pubdelete AND p.pubtruncate)
