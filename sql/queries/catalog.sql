-- The catalog that this database belongs to; null: to none yet.
SELECT (SELECT url FROM edgemirror.catalog)
