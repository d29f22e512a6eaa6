/*
 * trust: may this database, and what is in its schema, be used by us?
 *
 * Readers of the answers to check_server.sql, migrate_foreign.sql, schema_version.sql and
 * catalog.sql.
 */
#pragma once

#include "mirror/mirror.h"
#include "pg/pg.h"

/* `migrate` as it is run as the owner, where that is another role than this one (NULL or "": it is
 * not); with the variable that makes it so. -ENOMEM. */
int append_migrate(Text *t, const char *owner);

/* Whether this role may make the schema and what is in it, or may read at least which version it
 * has; `result` is that of sql_migrate_needs. 0, or a filled fault "pg-privilege" with the
 * statement for an administrator. ret_owner: who alone may change what is there; NULL: this role
 * may. */
int needs_check(const PGresult *result, const char **ret_owner, Fault *ret_fault);

/* Whether the schema is the one of this program: 0, or a filled fault "schema-newer" or
 * "schema-older". owner: as in append_migrate. */
int schema_check(int64_t version, const char *owner, Fault *ret_fault);

/* Whether the server and its database can hold the mirror; `result` is that of sql_check_server: 0,
 * or a filled fault "pg-too-old" or "pg-encoding". */
int server_check(const PGresult *result, Fault *ret_fault);

/* Whether nothing in the schema could run somebody else's code; `result` is that of
 * sql_migrate_foreign. migrating: who migrates it is somebody else, too, unless this role is it. 0,
 * or a filled fault "schema-foreign". */
int foreign_check(const PGresult *result, bool migrating, Fault *ret_fault);

/* Whether the database belongs to no other catalog than ours; the first column of `result` is that
 * of sql_catalog; here: the same. 0, or a filled fault "other-catalog". */
int catalog_check(const Mirror *m, const PGresult *result, Fault *ret_fault);
int catalog_compare(const Mirror *m, const char *here, Fault *ret_fault);

/* Whether nobody else writes the tables; `result` is that of sql_schema_version. 0, or a filled
 * fault "pg-subscriber": the database subscribes to another. */
int writer_check(const PGresult *result, Fault *ret_fault);

/* Whether an instance of the service can register here and give signs of life, as far as that does
 * not depend on its role; `result` as before. A database that subscribes is not one for them, and
 * can be read. 0, or a filled fault. */
int blocked_check(const PGresult *result, Fault *ret_fault);

/* Of steps with sql_schema_version and sql_catalog, the first ones of any work that is for a mirror
 * of ours alone; `userdata` is a MirrorTask. */
PgNext trust_on_version(const PGresult *result, void *userdata, Fault *ret_fault);
PgNext trust_on_catalog(const PGresult *result, void *userdata, Fault *ret_fault);
