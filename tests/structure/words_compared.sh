#!/bin/sh
# Outcomes, refreshes, phases, codes of faults and states of jobs are compared as what they are, enums and flags: no word of theirs stands in a comparison in
# src/, but where their tables are.
. "$(dirname "$0")/tap.sh"

words="synced held unstable failed aborted clean timeout unknown skipped rejected refresh poll list verify apply done
	WAITING SUBMITTED RUNNING COMPLETED SUCCEEDED CAPABILITY_SUCCEEDED CANCELED CANCELLED ERROR FAILED CAPABILITY_FAILED DELETED NOT_SET SUCCESS
	added restored changed removed pending pause credentials
	$(sed -n 's/^ *X([A-Z_0-9]*, "\([a-z0-9-]*\)".*/\1/p' "$top_srcdir/src/base/fault_code.h")"

check_words() (
	cd "$1" && find . -name '*.[ch]' | sed 's|^\./||' | grep -vx -e base/outcome.c -e base/fault_code.c -e base/job_state.c | LC_ALL=C sort | xargs awk -v words="$words" '
	BEGIN {
		RS = ";"
		n = split(words, list)
		for (i = 1; i <= n; i++)
			known[list[i]] = 1
	}
	{
		statement = $0
		gsub(/[ \t\n]+/, " ", statement)
		if (statement ~ /text_starts_with ?\([^"]*(code|outcome|refresh)[^"]*, "/) {
			print "src/" FILENAME ": a word by its beginning: " statement
			found = 1
		}
		if (statement !~ /(strn?cmp|strn?casecmp|text_equal|streq) ?\(/)
			next
		rest = statement
		while (match(rest, /"[^"]*"/)) {
			word = substr(rest, RSTART + 1, RLENGTH - 2)
			rest = substr(rest, RSTART + RLENGTH)
			if (word in known) {
				print "src/" FILENAME ": compares with \"" word "\": " statement
				found = 1
			}
		}
	}
	END { exit found }' || return 1
)

expect_clean "src/ compares no words" check_words "$top_srcdir/src"

plant base/outcome.c 'if (strcmp(word, "synced") == 0) return 1;'
expect_clean "the tables may" check_words "$scratch/src"
plant cli/a.c 'json_add_text(o, "outcome", x); if (strcmp(name, "dumb") == 0 || x == OUTCOME_SYNCED) return;'
expect_clean "other words are fine" check_words "$scratch/src"

while IFS='|' read -r text found; do
	plant sync/a.c "$text"
	expect_found "found: $text" "$found" check_words "$scratch/src"
done <<'CASES'
if (strcmp(r->outcome, "held") == 0) return;|compares with "held"
return text_equal(m->refresh, "clean") && x;|compares with "clean"
bool lost = strcmp(fault_code_name(f->code), "lease-lost") == 0;|compares with "lease-lost"
x = !strncmp(job->state, "COMPLETED", 9);|compares with "COMPLETED"
return text_starts_with(fault->code, "pg-");|a word by its beginning
CASES
printf '%s\n' 'bool b = a && strcmp(r->outcome,' '        "synced") == 0;' >"$scratch/src/sync/a.c"
expect_found "found across lines" 'compares with "synced"' check_words "$scratch/src"
finish
