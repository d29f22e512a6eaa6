-- What keeps this role from making the schema, or from changing what is in it; no row: nothing, and the schema is there. Either a statement for an administrator (of_empty: in the schema
-- there is nothing yet; it becomes the role's own: to migrate is to own what is in it, and itself). Or the superuser whose all of it is, and who alone can change it, and whether this role may
-- read its version. In a schema of somebody who is not trusted nothing is needed: migrate_foreign refuses it.
WITH schema AS (
    SELECT n.oid, s.rolname AS owner, s.rolsuper, coalesce(o.rolname, s.rolname) AS migrates, t.oid AS version_table,
           EXISTS (SELECT FROM pg_class c WHERE c.relnamespace = n.oid) AS filled,
           has_schema_privilege(n.oid, 'USAGE') AS may_use, has_schema_privilege(n.oid, 'CREATE') AS may_create
      FROM pg_namespace n
      JOIN pg_roles s ON s.oid = n.nspowner AND (s.rolsuper OR s.rolname = current_user)
      LEFT JOIN pg_class t ON t.relnamespace = n.oid AND t.relname = 'schema_version'
      LEFT JOIN pg_roles o ON o.oid = t.relowner
     WHERE n.nspname = 'edgemirror'
)
SELECT format('CREATE SCHEMA edgemirror AUTHORIZATION %I;', current_user) AS statement, false AS of_empty, NULL AS owner, false AS may_read
 WHERE NOT EXISTS (SELECT FROM pg_namespace WHERE nspname = 'edgemirror')
UNION ALL
SELECT format('ALTER SCHEMA edgemirror OWNER TO %I;', current_user), NOT filled, NULL, false
  FROM schema
 WHERE owner <> current_user AND NOT pg_has_role(owner, 'USAGE') AND (NOT filled OR migrates = current_user AND NOT (may_use AND may_create))
UNION ALL
SELECT format('GRANT USAGE, CREATE ON SCHEMA edgemirror TO %I;', current_user), false, NULL, false
  FROM schema
 WHERE owner = current_user AND NOT (may_use AND may_create)
UNION ALL
SELECT NULL, false, s.migrates, s.may_use AND coalesce(has_table_privilege(s.version_table, 'SELECT'), false)
  FROM schema s JOIN pg_roles o ON o.rolname = s.migrates AND o.rolsuper
 WHERE s.rolsuper AND s.filled AND NOT pg_has_role(o.oid, 'USAGE')
