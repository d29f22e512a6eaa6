#!/bin/sh
# What can be configured has an effect: the field of each row of the table of options is read somewhere in src/, beside the table and the parsers of values.
. "$(dirname "$0")/tap.sh"

# rows TOP: the field of each row, as the table names it; the macros of sections are those whose definition sets .section.
rows()
{
	macros=$(sed -n 's/^#define \([A-Z]*\)(field) .*/\1/p' "$1/src/config/options.c" | paste -sd '|')
	sed -nE "s/^ *\{ *($macros)\(([a-z_.]*)\).*/\2/p" "$1/src/config/options.c"
}

# A field is read where it stands behind its object and nothing is assigned to it there.
check_options() (
	cd "$1" || return 1
	[ "$(rows . | wc -l)" = "$(grep -o '\.key = ' src/config/options.c | wc -l)" ] || echo "src/config/options.c: rows whose field is not found"
	find src -name '*.[ch]' ! -path src/config/options.c ! -path src/config/values.c -exec cat {} + >"$scratch/readers"
	rows . | LC_ALL=C sort -u | while read -r field; do
		grep -qE "(->|[]a-z_)]\.)${field##*.}(\$|[^a-z_ ]| [^=]| ==)" "$scratch/readers" || echo "nobody reads $field"
	done
)

rows "$top_srcdir" >"$scratch/rows"
[ "$(wc -l <"$scratch/rows")" -gt 50 ]
result $? "the rows are found"
expect_clean "every option is read" check_options "$top_srcdir"

mkdir -p "$scratch/tree/src/config"
cat >"$scratch/tree/src/config/options.c" <<'END'
#define CATALOG(field)                                                                             \
        .section = OPTION_CATALOG, .of_peers = true, .offset = offsetof(Config, catalog.field)
#define DEFAULTS(field)     .section = OPTION_DEFAULTS, .offset = offsetof(ConfigEdge, field)
        { CATALOG(url), .key = "url", .kind = &option_kind_url },
        { DEFAULTS(settings.page_size), .key = "page_size", COUNT(1, 10) },
END
planted()
{
	printf '%s\n' "$@" >"$scratch/tree/src/a.c"
}
planted 'open(c->catalog.url);' 'if (settings->page_size == 1)'
expect_clean "fields that are read are fine" check_options "$scratch/tree"
planted 'open(c->catalog.url);' 'settings->page_size = 1;' 'settings->page_size_max;' 'x = (X){.page_size = 1};'
expect_said "one that is only set is found" "nobody reads settings.page_size" check_options "$scratch/tree"
printf '        { .section = OPTION_DAEMON, .key = "other" },\n' >>"$scratch/tree/src/config/options.c"
expect_said "a row that is written otherwise is found" "rows whose field is not found" check_options "$scratch/tree"
finish
