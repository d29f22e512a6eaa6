-- The catalog that this database belongs to; no row: to none yet.
SELECT url FROM edgemirror.catalog
