-- Whatever could run somebody else's code as the role that uses the schema: the schema and everything in it (tables, functions, operators, types, …) of
-- another owner than this role or a superuser, another's right to create in it, and triggers on its tables with a function of another owner. One row
-- each; by_owner: it is of the schema's owner. An object without an entry in pg_shdepend belongs to the superuser who made the cluster.
WITH schema AS (
    SELECT oid, nspowner, nspacl FROM pg_namespace WHERE nspname = 'edgemirror'
), untrusted AS (
    SELECT oid, rolname FROM pg_roles WHERE NOT rolsuper AND rolname <> current_user
)
SELECT 'schema edgemirror' AS what, u.rolname::text AS owner, true AS by_owner
  FROM schema s JOIN untrusted u ON u.oid = s.nspowner
UNION ALL
SELECT 'the right to create in schema edgemirror', coalesce(u.rolname::text, 'PUBLIC'), false
  FROM schema s CROSS JOIN LATERAL aclexplode(s.nspacl) a LEFT JOIN untrusted u ON u.oid = a.grantee
 WHERE a.privilege_type = 'CREATE' AND a.grantee <> s.nspowner AND (u.oid IS NOT NULL OR a.grantee = 0)
UNION ALL
SELECT i.type || ' ' || i.identity, u.rolname::text, u.oid = s.nspowner
  FROM schema s
  JOIN pg_depend d ON d.refclassid = 'pg_namespace'::regclass AND d.refobjid = s.oid
  JOIN pg_shdepend o ON o.dbid = (SELECT oid FROM pg_database WHERE datname = current_database()) AND o.classid = d.classid AND o.objid = d.objid
                    AND o.objsubid = 0 AND o.deptype = 'o' AND o.refclassid = 'pg_authid'::regclass
  JOIN untrusted u ON u.oid = o.refobjid
 CROSS JOIN LATERAL pg_identify_object(d.classid, d.objid, 0) i
UNION ALL
SELECT format('trigger %I on edgemirror.%I', t.tgname, c.relname), u.rolname::text, u.oid = s.nspowner
  FROM schema s
  JOIN pg_class c ON c.relnamespace = s.oid
  JOIN pg_trigger t ON t.tgrelid = c.oid AND NOT t.tgisinternal
  JOIN pg_proc p ON p.oid = t.tgfoid
  JOIN untrusted u ON u.oid = p.proowner
