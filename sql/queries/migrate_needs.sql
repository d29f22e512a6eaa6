-- What an administrator has to run before this role can make the schema, or tables in it; no row: nothing, and the schema is there. In a schema of somebody who
-- is not trusted nothing is needed: migrate_foreign refuses it.
SELECT format('CREATE SCHEMA edgemirror AUTHORIZATION %I;', current_user) AS statement
 WHERE NOT EXISTS (SELECT FROM pg_namespace WHERE nspname = 'edgemirror')
UNION ALL
SELECT format('GRANT USAGE, CREATE ON SCHEMA edgemirror TO %I;', current_user)
  FROM pg_namespace n JOIN pg_roles o ON o.oid = n.nspowner
 WHERE n.nspname = 'edgemirror' AND (o.rolsuper OR o.rolname = current_user)
   AND NOT (has_schema_privilege(n.oid, 'USAGE') AND has_schema_privilege(n.oid, 'CREATE'))
