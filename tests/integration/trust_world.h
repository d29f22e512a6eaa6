/*
 * trust_world: what tests of a database that is not trusted share: roles that own nothing, and an
 * empty database or a mirror in which they did something.
 *
 * The service signs in as `em`, which owns the database; `svc` and `mallory` are two other roles.
 * Every function fails the test (cmocka) rather than return an error.
 */
#pragma once

#include "integration/sync_world.h"

int trust_setup(void **state); /* of the group; its end is world_teardown */

/* Of a test: a database of em without the schema, in which mallory may create schemas and svc may
 * not; and the same, migrated. */
int trust_empty_database(void **state);
int trust_migrated_database(void **state);

/* Statements: of a superuser; of a role, in a session that ends or stays. */
struct pg_conn;
void trust_sql(World *w, const char *statements);
void trust_sql_as(World *w, const char *role, const char *statements);
struct pg_conn *trust_session(World *w, const char *role, const char *statements);

/* The first column of the first row is this. */
void trust_assert_one(World *w, const char *statement, const char *expected);

/* From here on the configuration is that of this role in this database. */
void trust_sign_in(World *w, const char *role, const char *database);

/* A superuser runs the statements that the program printed for an administrator into that file,
 * two columns in. */
void trust_obey(World *w, const char *file);

extern const char trust_no_schema[]; /* drops it, and the publication */
extern const char trust_trap[];      /* a schema like ours, with a function that takes over */
extern const char trust_published[]; /* asks for the tables that are published */
