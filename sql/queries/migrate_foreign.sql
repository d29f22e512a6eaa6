-- Whatever could run somebody else's code as the role that uses the schema: the schema and everything in it (tables, functions, operators, types, …) of
-- another owner than this role or a superuser, another's right to create in it, and what anything in it uses (a view, a trigger, a default, a CHECK, an
-- index, a policy) that has another owner, wherever it is. One row each; migrates: it is of who migrates, the schema's owner, or in a
-- superuser's schema the owner of schema_version. An object without an entry in pg_shdepend belongs to the superuser who made the cluster.
WITH RECURSIVE schema AS (
    SELECT oid, nspowner, nspacl FROM pg_namespace WHERE nspname = 'edgemirror'
), untrusted AS (
    SELECT oid, rolname FROM pg_roles WHERE NOT rolsuper AND rolname <> current_user
), owned AS (
    SELECT o.classid, o.objid, u.oid AS owner, u.rolname::text AS rolname
      FROM pg_shdepend o
      JOIN untrusted u ON u.oid = o.refobjid
     WHERE o.dbid = (SELECT oid FROM pg_database WHERE datname = current_database()) AND o.objsubid = 0 AND o.deptype = 'o'
       AND o.refclassid = 'pg_authid'::regclass
), inside (classid, objid, is_part) AS (
    SELECT d.classid, d.objid, false
      FROM schema s JOIN pg_depend d ON d.refclassid = 'pg_namespace'::regclass AND d.refobjid = s.oid
    UNION
    SELECT d.classid, d.objid, true
      FROM inside i JOIN pg_depend d ON d.refclassid = i.classid AND d.refobjid = i.objid AND d.deptype IN ('a', 'i')
), migrates AS (
    SELECT coalesce(o.rolname, r.rolname)::text AS role
      FROM schema s
      JOIN pg_roles r ON r.oid = s.nspowner
      LEFT JOIN pg_class c ON c.relnamespace = s.oid AND c.relname = 'schema_version' AND r.rolsuper
      LEFT JOIN pg_roles o ON o.oid = c.relowner
)
SELECT what, owner, owner = (SELECT role FROM migrates) AS migrates FROM (
SELECT 1 AS place, 'schema edgemirror' AS what, u.rolname::text AS owner
  FROM schema s JOIN untrusted u ON u.oid = s.nspowner
UNION ALL
SELECT 2, 'the right to create in schema edgemirror', coalesce(u.rolname::text, 'PUBLIC')
  FROM schema s CROSS JOIN LATERAL aclexplode(s.nspacl) a LEFT JOIN untrusted u ON u.oid = a.grantee
 WHERE a.privilege_type = 'CREATE' AND a.grantee <> s.nspowner AND (u.oid IS NOT NULL OR a.grantee = 0)
UNION ALL
SELECT 3, x.type || ' ' || x.identity, o.rolname
  FROM inside i
  JOIN owned o ON o.classid = i.classid AND o.objid = i.objid
 CROSS JOIN LATERAL pg_identify_object(i.classid, i.objid, 0) x
 WHERE NOT i.is_part
UNION
SELECT 4, x.type || ' ' || x.identity || ', used by ' || y.type || ' ' || y.identity || ',', o.rolname
  FROM inside i
  JOIN pg_depend d ON d.classid = i.classid AND d.objid = i.objid AND d.deptype = 'n'
                  AND d.refclassid IN ('pg_proc'::regclass, 'pg_operator'::regclass, 'pg_type'::regclass, 'pg_class'::regclass)
  JOIN owned o ON o.classid = d.refclassid AND o.objid = d.refobjid
 CROSS JOIN LATERAL pg_identify_object(d.refclassid, d.refobjid, 0) x
 CROSS JOIN LATERAL pg_identify_object(i.classid, i.objid, 0) y
 WHERE NOT EXISTS (SELECT FROM inside t WHERE t.classid = d.refclassid AND t.objid = d.refobjid)
) f
 ORDER BY place, what
