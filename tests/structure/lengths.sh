#!/bin/sh
# What can be read in one sitting, and on one screen: no file of src/ above 500 lines, no function above 60.
. "$(dirname "$0")/tap.sh"

check_lengths() (
	cd "$1" && find . -name '*.[ch]' | sed 's|^\./||' | LC_ALL=C sort | xargs awk '
	function end_file() {
		if (lines > 500) { print "src/" file ": " lines " lines"; found = 1 }
	}
	FNR == 1 { end_file(); file = FILENAME; begun = 0 }
	{ lines = FNR }
	/^[A-Za-z_].*\(/ { head = FNR; name = $0; sub(/\(.*/, "", name); sub(/.*[ *]/, "", name) }
	/^\{/ { begun = head }
	/^}/ && begun {
		if (FNR - begun + 1 > 60) { print "src/" FILENAME ":" begun ": " name " has " FNR - begun + 1 " lines"; found = 1 }
		begun = 0
	}
	END { end_file(); exit found }' || return 1
)

# function NAME LINES: one of so many lines, all in all.
function_of() {
	printf 'int %s(void)\n{\n' "$1"
	yes '        x();' | head -n "$(($2 - 3))"
	echo '}'
}

expect_clean "files and functions of src/ are short" check_lengths "$top_srcdir/src"
plant base/a.c "$(function_of short 60)"
expect_clean "60 lines are fine" check_lengths "$scratch/src"
plant base/a.c "$(function_of long 61)"
expect_found "a function of 61 lines is found" "src/base/a.c:1: long has 61 lines" check_lengths "$scratch/src"
plant base/a.c "$(yes '/* x */' | head -n 500)"
expect_clean "500 lines are fine" check_lengths "$scratch/src"
plant base/a.c "$(yes '/* x */' | head -n 501)"
expect_found "a file of 501 lines is found" "src/base/a.c: 501 lines" check_lengths "$scratch/src"
finish
