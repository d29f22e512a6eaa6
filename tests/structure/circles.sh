#!/bin/sh
# No circles among the files of src/: where one calls another, the other calls it back by handlers that are handed down, not by name. A file is a .c; it
# knows another when it has the name of a function that is defined there.
. "$(dirname "$0")/tap.sh"

check_circles() (
	cd "$1" || return 1
	files=$(find . -name '*.c' | sed 's|^\./||' | LC_ALL=C sort)
	# shellcheck disable=SC2086
	loops=$(awk '
	function names_in(text,    name) {
		while (match(text, /[A-Za-z_][A-Za-z_0-9]*/)) {
			name = substr(text, RSTART, RLENGTH)
			text = substr(text, RSTART + RLENGTH)
			if (name in home && home[name] != FILENAME && !((FILENAME, name) in own) && !((FILENAME, home[name]) in known)) {
				known[FILENAME, home[name]] = 1
				print FILENAME, home[name]
			}
		}
	}
	FNR == 1 { pass += FILENAME == ARGV[1]; head = "" }
	pass == 1 && /^[A-Za-z_].*\(/ {
		is_static = /^static /
		head = $0
		sub(/\(.*/, "", head)
		sub(/.*[ *]/, "", head)
	}
	pass == 1 && /^\{/ && head != "" {
		if (is_static)
			own[FILENAME, head] = 1
		else
			home[head] = FILENAME
		head = ""
	}
	pass == 2 {
		gsub(/"[^"]*"|\/\*.*|^ \*.*/, "")
		names_in($0)
	}' $files $files | tsort 2>&1 >/dev/null | sed -n 's|^tsort: \([^:]*\.c\)$|src/\1 is in a circle|p')
	[ -z "$loops" ] || { echo "$loops"; return 1; }
)

# plant_two A B: two files that are there together.
plant_two() {
	plant sync/a.c "$1"
	printf '%s\n' "$2" >"$scratch/src/sync/b.c"
}

expect_clean "src/ has no circles" check_circles "$top_srcdir/src"
plant_two 'int a_start(void)
{
        return b_start(a_done);
}' 'static int a_done(void)
{
        return 0;
}
int b_start(int (*done)(void))
{
        return done(); /* a_start */
}'
expect_clean "one that is called back by a handler is fine" check_circles "$scratch/src"
plant_two 'int a_start(void)
{
        return b_start();
}
int finish(void)
{
        return 0;
}' 'static int finish(void)
{
        return 1;
}
int b_start(void)
{
        return finish();
}'
expect_clean "a function of its own by the same name is fine" check_circles "$scratch/src"
plant_two 'int a_start(void)
{
        return b_start();
}' 'int b_start(void)
{
        return a_start();
}'
expect_found "two that call each other are found" "src/sync/b.c is in a circle" check_circles "$scratch/src"
plant_two 'int a_start(void)
{
        return b_start();
}
void a_done(int *x)
{
        *x = 0;
}' 'int b_start(void)
{
        return b_call(a_done);
}'
expect_found "a handler that is taken by name is found" "src/sync/a.c is in a circle" check_circles "$scratch/src"
finish
