-- Whatever the role's own setting is: no name in this transaction means anything outside these schemas.
SET LOCAL search_path = pg_catalog, edgemirror, pg_temp
