#!/bin/sh
# One that was released never changes: the migrations are those of each tag v* of the checkout, and of the fixture of the released schema (tests/upgrade/schema.sql).
# EDGEMIRROR_CHECKOUT: that of the sources, where they are a copy of one (scripts/check).
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

# check_tagged CHECKOUT [TOP]: each migration that a release has, by the tags that the checkout knows.
check_tagged()
{
	git -C "$1" tag -l 'v[0-9]*' | while read -r tag; do
		git -C "$1" ls-tree -r --name-only "$tag" sql/migrations/ | grep -v /0000_ | while read -r file; do
			git -C "$1" show "$tag:$file" | cmp -s - "${2:-$1}/$file" || echo "$file is not that of $tag: a change of the schema is a new migration"
		done
	done
}

fixture=$top_srcdir/tests/upgrade/schema.sql
expect_clean "the released migrations are as they were" check_released "$fixture" "$top_srcdir/sql/migrations"
mkdir "$scratch/migrations"
{ cat "$top_srcdir/sql/migrations/0001_mirror.sql" && echo; } >"$scratch/migrations/0001_mirror.sql"
expect_said "one that has changed is found" "0001_mirror.sql has changed since it was released" check_released "$fixture" "$scratch/migrations"

checkout=${EDGEMIRROR_CHECKOUT:-$top_srcdir}
name="they are those of every release"
if ! command -v git >/dev/null; then
	skip "$name" "no git here"
else
	git() { command git -c 'safe.directory=*' "$@"; }
	if [ ! -e "$checkout/.git" ]; then
		skip "$name" "no checkout here"
	elif [ -z "$(git -C "$checkout" tag -l 'v[0-9]*')" ]; then
		skip "$name" "no tags here: git fetch --tags"
	else
		expect_clean "$name" check_tagged "$checkout" "$top_srcdir"
	fi
	mkdir -p "$scratch/tree/sql/migrations"
	cp "$top_srcdir/sql/migrations/0001_mirror.sql" "$scratch/tree/sql/migrations/" && chmod u+w "$scratch/tree/sql/migrations/0001_mirror.sql"
	git init -q "$scratch/tree" && git -C "$scratch/tree" add . && git -C "$scratch/tree" -c user.name=test -c user.email=test@example.com commit -q -m 1 && git -C "$scratch/tree" tag v1.0.0 || exit 99
	expect_clean "a release whose migrations are here is not found" check_tagged "$scratch/tree"
	echo >>"$scratch/tree/sql/migrations/0001_mirror.sql"
	expect_said "one that has changed since its tag is found" "0001_mirror.sql is not that of v1.0.0" check_tagged "$scratch/tree"
	rm "$scratch/tree/sql/migrations/0001_mirror.sql"
	expect_said "one that is gone is found" "0001_mirror.sql is not that of v1.0.0" check_tagged "$scratch/tree"
fi
finish
