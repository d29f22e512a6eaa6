-- Whatever the role's own setting is: no name in this transaction means anything but what PostgreSQL itself has. Not even our schema, before it is known whose
-- it is: what is in it is always named with it.
SET LOCAL search_path = pg_catalog, pg_temp
