#!/bin/sh
# Each column that a page reads by its name is one of the queries that it asks: the reader of a table has SQL NULL for another.
. "$(dirname "$0")/tap.sh"

# check_columns SRC QUERIES: of the pages that ask queries of their own, and of what they share; whoever asks that by verdict_ask… may read its columns, too.
check_columns()
{
	for page in "$1"/web/page_*.c "$1"/web/verdict.c; do
		[ -e "$page" ] || continue
		shared=$(grep -q 'verdict_ask' "$page" && echo "$1/web/verdict.c")
		queries=$(grep -ohE 'sql_[a-z_]+' "$page" ${shared:+"$shared"} | grep -v '^sql_embedded' | LC_ALL=C sort -u | sed "s|^sql_|$2/|; s|\$|.sql|")
		[ -n "$queries" ] || continue
		# The names of queries are a list of words.
		# shellcheck disable=SC2086
		cat $queries | grep -v '^--' | grep -oE '[a-z_]+' | LC_ALL=C sort -u >"$scratch/there"
		tr -d '\n' <"$page" | grep -oE '\<table_(text|string|int|age|bool)\([^"()]*"[a-z_]+"' | sed 's/.*"\(.*\)"/\1/' |
			LC_ALL=C sort -u >"$scratch/read"
		LC_ALL=C comm -13 "$scratch/there" "$scratch/read" | sed "s|^|${page##*/} reads what it does not ask: |"
	done >"$scratch/differences"
	cat "$scratch/differences"
	[ ! -s "$scratch/differences" ]
}

expect_clean "pages read what they ask" check_columns "$top_srcdir/src" "$top_srcdir/sql/queries"

plant web/page_one.c 'MirrorQuestion q = {sql_page_one, {name}, 1};
html_text(h, table_text(t, 0, "name"));
html_text(h, table_string(t, 0,
                          "named"));'
mkdir -p "$scratch/queries"
echo 'SELECT e.name FROM edgemirror.edge e' >"$scratch/queries/page_one.sql"
expect_found "a column that is not asked for is found" "page_one.c reads what it does not ask: named" check_columns "$scratch/src" "$scratch/queries"
# A page, and beside it what pages share, which reads the column COLUMN.
plant_shared() # PAGE COLUMN
{
	plant web/page_one.c "$1"
	printf '%s\n' 'MirrorQuestion q = {sql_page_states, {NULL}, 0};' "html_text(h, table_text(t, 0, \"$2\"));" >"$scratch/src/web/verdict.c"
}

echo 'SELECT f.state FROM edgemirror.freshness f' >"$scratch/queries/page_states.sql"
own='MirrorQuestion q = {sql_page_one, {name}, 1};'
reads='html_text(h, table_text(t, 0, "state"));'
plant_shared "$own $reads" state
expect_found "one of a query that is not its own is found" "page_one.c reads what it does not ask: state" check_columns "$scratch/src" "$scratch/queries"
plant_shared "$own verdict_ask(NULL, ret); $reads" state
expect_clean "who asks what is shared may read it" check_columns "$scratch/src" "$scratch/queries"
plant_shared "$own" edges
expect_found "one that is shared and not asked for is found" "verdict.c reads what it does not ask: edges" check_columns "$scratch/src" "$scratch/queries"
finish
