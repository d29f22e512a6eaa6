-- What server and database this is, whether the schema is there (looked up without any privilege on it), whether this role may do everything, and the server's
-- address where it is on another host than its client.
SELECT current_setting('server_version_num')::integer, current_setting('server_version'), current_database(), current_user,
       EXISTS (SELECT FROM pg_class c JOIN pg_namespace s ON s.oid = c.relnamespace WHERE s.nspname = 'edgemirror' AND c.relname = 'schema_version'),
       current_setting('server_encoding'), (SELECT rolsuper FROM pg_roles WHERE rolname = current_user),
       CASE WHEN inet_server_addr() IS DISTINCT FROM inet_client_addr() THEN host(inet_server_addr()) END
