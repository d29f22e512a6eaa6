-- What server this is, and whether the schema is there.
SELECT current_setting('server_version_num')::integer, current_setting('server_version'), current_database(), current_user,
       to_regclass('edgemirror.schema_version') IS NOT NULL
