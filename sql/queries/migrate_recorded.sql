-- What has been applied.
SELECT version, checksum FROM edgemirror.schema_version ORDER BY version
