-- What an administrator has to run before this role can make the schema, or tables in it; no row: nothing.
SELECT format('CREATE SCHEMA edgemirror AUTHORIZATION %I;', current_user) AS statement
 WHERE NOT EXISTS (SELECT FROM pg_namespace WHERE nspname = 'edgemirror')
   AND NOT has_database_privilege(current_database(), 'CREATE')
UNION ALL
SELECT format('GRANT USAGE, CREATE ON SCHEMA edgemirror TO %I;', current_user)
  FROM pg_namespace
 WHERE nspname = 'edgemirror' AND NOT (has_schema_privilege(oid, 'USAGE') AND has_schema_privilege(oid, 'CREATE'))
