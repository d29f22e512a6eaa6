#!/bin/sh
# The fixture of the released schema (tests/upgrade/schema.sql) is of the migrations that are here: one that was released never changes.
. "$(dirname "$0")/tap.sh"

# check_released FIXTURE FOLDER: each migration that the fixture names, with its checksum.
check_released()
{
	grep -q '^-- [0-9]*_[a-z_]*\.sql [0-9a-f]*$' "$1" || echo "$1 names no migration"
	sed -n 's/^-- \([0-9]*_[a-z_]*\.sql\) \([0-9a-f]*\)$/\1 \2/p' "$1" | while read -r file sum; do
		[ "$(sha256sum <"$2/$file" | cut -d' ' -f1)" = "$sum" ] ||
			echo "$file has changed since it was released: a change of the schema is a new migration (until the release: make update-fixture)"
		grep -q "'$sum'" "$1" || echo "$1 records another checksum of $file"
	done
}

fixture=$top_srcdir/tests/upgrade/schema.sql
expect_clean "the released migrations are as they were" check_released "$fixture" "$top_srcdir/sql/migrations"
mkdir "$scratch/migrations"
{ cat "$top_srcdir/sql/migrations/0001_mirror.sql" && echo; } >"$scratch/migrations/0001_mirror.sql"
expect_said "one that has changed is found" "0001_mirror.sql has changed since it was released" check_released "$fixture" "$scratch/migrations"
finish
