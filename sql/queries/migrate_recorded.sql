-- What has been applied, and whether the table is there that holds which catalog the database belongs to.
SELECT version, checksum, to_regclass('edgemirror.catalog') IS NOT NULL AS knows_catalog FROM edgemirror.schema_version ORDER BY version
