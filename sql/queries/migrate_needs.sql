-- What an administrator has to run before this role can make the schema, or tables in it; no row: nothing, and the schema is there. In a schema of somebody who
-- is not trusted nothing is needed: migrate_foreign refuses it. A schema that is empty becomes the role's own: to migrate is to own what is in it, and itself.
SELECT format('CREATE SCHEMA edgemirror AUTHORIZATION %I;', current_user) AS statement, false AS of_empty
 WHERE NOT EXISTS (SELECT FROM pg_namespace WHERE nspname = 'edgemirror')
UNION ALL
SELECT format('ALTER SCHEMA edgemirror OWNER TO %I;', current_user), true
  FROM pg_namespace n JOIN pg_roles o ON o.oid = n.nspowner
 WHERE n.nspname = 'edgemirror' AND o.rolsuper AND NOT pg_has_role(n.nspowner, 'USAGE')
   AND NOT EXISTS (SELECT FROM pg_class c WHERE c.relnamespace = n.oid)
UNION ALL
SELECT format('GRANT USAGE, CREATE ON SCHEMA edgemirror TO %I;', current_user), false
  FROM pg_namespace n JOIN pg_roles o ON o.oid = n.nspowner
 WHERE n.nspname = 'edgemirror' AND (o.rolsuper OR o.rolname = current_user)
   AND NOT (has_schema_privilege(n.oid, 'USAGE') AND has_schema_privilege(n.oid, 'CREATE'))
