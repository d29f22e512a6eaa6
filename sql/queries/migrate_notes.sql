-- What is not there although other databases or readers may want it, what for, the statement with which an administrator makes it (null: migrate alone does), whether migrate makes it, too,
-- where its role may, and as which role it is run (null: this one); no row: nothing. The tables are those of sharing.sql. The publication is to be that of the role that migrates, which owns the tables, and need not be the one that asks.
WITH missing AS (
    SELECT t.name, (SELECT pubowner FROM pg_publication WHERE pubname = 'edgemirror') AS owner
      FROM unnest(ARRAY['database_connection', 'database_connection_past', 'edge', 'history_horizon', 'rejected_row', 'sync_run']) AS t (name)
     WHERE NOT EXISTS (SELECT FROM pg_publication_tables p
                        WHERE p.pubname = 'edgemirror' AND p.schemaname = 'edgemirror' AND p.tablename = t.name)
), migrates AS (
    SELECT r.oid, r.rolsuper, CASE WHEN r.rolsuper THEN current_user ELSE r.rolname END AS role,
           CASE WHEN NOT pg_has_role(r.oid, 'USAGE') THEN r.rolname END AS other, n.oid AS schema,
           has_schema_privilege(r.oid, n.oid, 'USAGE WITH GRANT OPTION') AS grants_usage
      FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_roles r ON r.oid = c.relowner
     WHERE n.nspname = 'edgemirror' AND c.relname = 'schema_version'
), role (name, purpose, relations, functions) AS (VALUES
    ('edgemirror_reader',   'reports need',            true,  ARRAY['as_of', 'digest_add', 'digest_hash', 'digest_of', 'history_reaches']),
    ('edgemirror_operator', 'asking for a sync needs', false, ARRAY['request_sync'])
)
SELECT kind, what, statement, migrate_makes_it, (SELECT other FROM migrates) AS other FROM (
SELECT 'role' AS kind, format('the role %s is not there: nobody has been granted what %s', n.name, n.purpose) AS what,
       format('CREATE ROLE %I NOLOGIN;', n.name) AS statement, true AS migrate_makes_it
  FROM role n
 WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = n.name)
UNION ALL
SELECT 'grant', format('the role %s is there, and has not been granted all that %s', n.name, n.purpose),
       CASE WHEN u.wanted THEN format('GRANT USAGE ON SCHEMA edgemirror TO %I;', n.name) END, NOT u.wanted
  FROM role n
  JOIN pg_roles r ON r.rolname = n.name
 CROSS JOIN migrates m
 CROSS JOIN LATERAL (SELECT NOT m.grants_usage AND NOT has_schema_privilege(r.oid, m.schema, 'USAGE') AS wanted) u
 WHERE NOT has_schema_privilege(r.oid, m.schema, 'USAGE')
    OR EXISTS (SELECT FROM pg_class c WHERE n.relations AND c.relnamespace = m.schema AND c.relowner = m.oid AND c.relkind IN ('r', 'v') AND NOT has_table_privilege(r.oid, c.oid, 'SELECT'))
    OR EXISTS (SELECT FROM pg_proc p WHERE p.pronamespace = m.schema AND p.proowner = m.oid AND p.proname = ANY (n.functions) AND NOT has_function_privilege(r.oid, p.oid, 'EXECUTE'))
UNION ALL
SELECT 'publication',
       CASE WHEN owner IS NULL THEN 'the publication edgemirror is not there: no other database can subscribe'
            ELSE 'the publication edgemirror lacks tables: databases that subscribe do not get them' END,
       CASE WHEN owner IS NULL THEN 'CREATE PUBLICATION edgemirror FOR TABLE ' ELSE 'ALTER PUBLICATION edgemirror ADD TABLE ' END
       || string_agg('edgemirror.' || name, ', ' ORDER BY name) || ';',
       owner IS NULL OR EXISTS (SELECT FROM migrates m JOIN pg_roles r ON r.oid = owner WHERE r.oid = m.oid OR (r.rolsuper AND m.rolsuper))
  FROM missing
 GROUP BY owner
UNION ALL
SELECT 'publication', format('the publication edgemirror belongs to %I, who may change or drop it', r.rolname),
       format('ALTER PUBLICATION edgemirror OWNER TO %I;', m.role), false
  FROM migrates m
  JOIN pg_roles r ON r.rolname <> m.role AND NOT r.rolsuper
  JOIN pg_publication p ON p.pubowner = r.oid
 WHERE p.pubname = 'edgemirror'
UNION ALL
SELECT 'publication', 'the publication edgemirror leaves out some kinds of changes: databases that subscribe do not get them',
       'ALTER PUBLICATION edgemirror SET (publish = ''insert, update, delete, truncate'');', false
  FROM pg_publication p
 WHERE p.pubname = 'edgemirror' AND NOT (p.pubinsert AND p.pubupdate AND p.pubdelete AND p.pubtruncate)
) n
