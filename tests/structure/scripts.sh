#!/bin/sh
# Nothing in any script that shellcheck would have otherwise; .shellcheckrc says what is not asked for.
. "$(dirname "$0")/tap.sh"

# scripts TOP: what begins as a script, and what others read; not what configure makes, here or in the folders of distcheck.
scripts()
{
	cd "$1" || return 1
	find . \( -name '.git' -o -name 'build*' -o -name autom4te.cache -o -name 'configure*' -o -name config.status -o -name _build -o -name _inst \) -prune -o -type f -print | LC_ALL=C sort | while read -r file; do
		case $file in
		*.sh) echo "$file" ;;
		*) head -c 64 "$file" | LC_ALL=C grep -qaE '^#!.*[/ ](ba|da)?sh( |$)' && echo "$file" ;;
		esac
	done
}

silent()
{
	shellcheck -f gcc "$@"
}

scripts "$top_srcdir" >"$scratch/scripts"
[ "$(wc -l <"$scratch/scripts")" -gt 50 ]
result $? "the scripts are found"
if command -v shellcheck >/dev/null; then
	cd "$top_srcdir" || exit 99
	# shellcheck disable=SC2046 # words
	expect_clean "shellcheck is silent about every script" silent $(cat "$scratch/scripts")
	mkdir "$scratch/debian"
	printf '#!/bin/sh\nrm -rf $1/etc\n' >"$scratch/debian/edgemirror.postrm"
	expect_said "a script without a suffix is found" ./debian/edgemirror.postrm scripts "$scratch"
	expect_found "an unquoted word is found" SC2086 silent "$scratch/debian/edgemirror.postrm"
else
	skip "shellcheck is silent about every script" "no shellcheck here"
fi
finish
