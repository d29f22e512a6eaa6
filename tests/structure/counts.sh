#!/bin/sh
# A number and a noun in the plural, in a message that may have to count one: "1 changes". text_plural() ends the noun ("%zu change%s"). Lines in which the
# number is a limit, or known to be more than one, are not meant.
. "$(dirname "$0")/tap.sh"

nouns='changes|databases|Edge connections|edges|errors|failures|instances|lines|pages|rows|runs|syncs|versions'
number='(%(zu|u|d|lld|llu)|PRId64[[:space:]]+")'

check_counts() (
	cd "$1" || return 1
	find src -name '*.c' | LC_ALL=C sort | LC_ALL=C xargs grep -nHE -e "$number"'( (new|more|missing|of the))? ('"$nouns"')([^a-z%]|$)' |
		grep -vE 'at most|MiB and|are taken|failures in a row|All %"' && return 1
	return 0
)

expect_clean "what is counted may be one" check_counts "$top_srcdir"

plant()
{
	rm -rf "$scratch/tree"
	mkdir -p "$scratch/tree/src/daemon"
	printf '%s\n' "$1" >"$scratch/tree/src/daemon/a.c"
}

while IFS= read -r text; do
	plant "$text"
	expect_found "found: $text" "src/daemon/a.c:1:" check_counts "$scratch/tree"
done <<'CASES'
log_info("%zu changes wait", n);
"%" PRId64 " rows listed",
log_info("%u syncs", n);
"%lld missing rows"
CASES
plant 'log_info("%zu change%s, at most %d rows, %u rowset", n, text_plural(n), MAX, k);'
expect_clean "what ends as it is counted, and limits, are fine" check_counts "$scratch/tree"
finish
