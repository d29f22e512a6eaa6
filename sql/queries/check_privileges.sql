-- What the service needs and a role does not have, as the statements that grant it, one row for each object; all: everything that it needs, and what retire
-- --forget needs besides. $1 role (null: this one), $2 all.
WITH needed (kind, name, privileges, besides) AS (VALUES
    ('DATABASE', current_database()::text,     ARRAY['TEMPORARY'],                            ARRAY[]::text[]),
    ('SCHEMA',   'edgemirror',                 ARRAY['USAGE'],                                ARRAY[]::text[]),
    ('TABLE',    'catalog',                    ARRAY['SELECT', 'INSERT'],                     ARRAY[]::text[]),
    ('TABLE',    'change',                     ARRAY['SELECT'],                               ARRAY[]::text[]),
    ('TABLE',    'database_connection',        ARRAY['SELECT', 'INSERT', 'UPDATE'],           ARRAY['DELETE']),
    ('TABLE',    'database_connection_past',   ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE'], ARRAY[]::text[]),
    ('TABLE',    'edge',                       ARRAY['SELECT', 'INSERT', 'UPDATE'],           ARRAY['DELETE']),
    ('TABLE',    'edge_claim',                 ARRAY['SELECT', 'INSERT', 'UPDATE'],           ARRAY[]::text[]),
    ('TABLE',    'freshness',                  ARRAY['SELECT'],                               ARRAY[]::text[]),
    ('TABLE',    'held',                       ARRAY['SELECT'],                               ARRAY[]::text[]),
    ('TABLE',    'history_horizon',            ARRAY['SELECT', 'INSERT', 'UPDATE'],           ARRAY[]::text[]),
    ('TABLE',    'inventory',                  ARRAY['SELECT'],                               ARRAY[]::text[]),
    ('TABLE',    'instance',                   ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE'], ARRAY[]::text[]),
    ('TABLE',    'rejected_row',               ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE'], ARRAY[]::text[]),
    ('TABLE',    'rejected',                   ARRAY['SELECT'],                               ARRAY[]::text[]),
    ('TABLE',    'run',                        ARRAY['SELECT'],                               ARRAY[]::text[]),
    ('TABLE',    'schema_version',             ARRAY['SELECT'],                               ARRAY[]::text[]),
    ('TABLE',    'sync_request',               ARRAY['SELECT', 'DELETE'],                     ARRAY[]::text[]),
    ('TABLE',    'sync_run',                   ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE'], ARRAY[]::text[]),
    ('SEQUENCE', 'sync_run_run_id_seq',        ARRAY['SELECT'],                               ARRAY[]::text[]),
    ('FUNCTION', 'digest_add',                 ARRAY['EXECUTE'],                              ARRAY[]::text[]),
    ('FUNCTION', 'digest_hash',                ARRAY['EXECUTE'],                              ARRAY[]::text[]),
    ('FUNCTION', 'digest_of',                  ARRAY['EXECUTE'],                              ARRAY[]::text[])
), object AS (
    SELECT n.*, r.oid AS role, r.rolname, s.oid AS schema, c.oid AS relation, p.oid AS function,
           CASE n.kind WHEN 'TABLE' THEN format('TABLE edgemirror.%I', n.name)
                       WHEN 'SEQUENCE' THEN format('SEQUENCE edgemirror.%I', n.name)
                       WHEN 'FUNCTION' THEN format('FUNCTION edgemirror.%I(%s)', n.name, oidvectortypes(p.proargtypes))
                       ELSE format('%s %I', n.kind, n.name) END AS object
      FROM needed n
      JOIN pg_roles r ON r.rolname = coalesce($1::text, current_user)
      JOIN pg_namespace s ON s.nspname = 'edgemirror'
      LEFT JOIN pg_class c ON n.kind IN ('TABLE', 'SEQUENCE') AND c.relnamespace = s.oid AND c.relname = n.name
      LEFT JOIN pg_proc p ON n.kind = 'FUNCTION' AND p.pronamespace = s.oid AND p.proname = n.name
)
SELECT format('GRANT %s ON %s TO %I;', string_agg(w.privilege, ', ' ORDER BY w.place), o.object, o.rolname)
  FROM object o
 CROSS JOIN LATERAL unnest(o.privileges || CASE WHEN $2::boolean THEN o.besides END) WITH ORDINALITY AS w (privilege, place)
 WHERE $2::boolean
    OR NOT CASE o.kind WHEN 'DATABASE' THEN has_database_privilege(o.role, o.name, w.privilege)
                       WHEN 'SCHEMA' THEN has_schema_privilege(o.role, o.schema, w.privilege)
                       WHEN 'TABLE' THEN has_table_privilege(o.role, o.relation, w.privilege)
                       WHEN 'SEQUENCE' THEN has_sequence_privilege(o.role, o.relation, w.privilege)
                       ELSE has_function_privilege(o.role, o.function, w.privilege) END
 GROUP BY o.kind, o.object, o.rolname
 ORDER BY array_position(ARRAY['DATABASE', 'SCHEMA', 'TABLE', 'SEQUENCE', 'FUNCTION'], o.kind), o.object
