-- The version of the schema.
SELECT max(version) FROM edgemirror.schema_version
