#!/bin/sh
# Every file of the sources is in the release archive, or is known to belong to the checkout alone.
. "$(dirname "$0")/tap.sh"
: "${top_builddir:=$PWD}"

name="what belongs to the sources is in the release archive"
of_the_checkout='^\.gitignore$'
of_autogen='^(Makefile\.in|aclocal\.m4|config\.h\.in~?|configure~?|(autom4te\.cache|m4)/.*)$'
of_builds='^(_build|_inst|build[^/]*)/'

# What git tracks; without git, what is there, which is more as soon as something was built there.
list_sources()
{
	if [ -e "$top_srcdir/.git" ]; then
		git -c "safe.directory=$(cd "$top_srcdir" && pwd)" -C "$top_srcdir" ls-files
	else
		(cd "$top_srcdir" && find . -type f) | sed 's|^\./||' | grep -vE "$of_autogen|$of_builds"
	fi | grep -vE "$of_the_checkout" | sort
}

# missing LIST FOLDER: says which files of the list are not in the folder, and fails then.
missing()
{
	status=0
	while read -r file; do
		[ -e "$2/$file" ] || { echo "$file is in no EXTRA_DIST"; status=1; }
	done <"$1"
	return $status
}

if [ ! -e "$top_srcdir/.git" ] && [ -e "$top_srcdir/config.status" ]; then
	skip "$name" "built in the folder of the sources, and not a checkout"
	finish
	exit
fi
list_sources >"$scratch/sources"
[ -s "$scratch/sources" ] || exit 99
(unset MAKEFLAGS MFLAGS MAKELEVEL && ${MAKE:-make} -s -C "$top_builddir" distdir distdir="$scratch/archive") >"$scratch/made" 2>&1 || {
	cat "$scratch/made"
	exit 99
}
expect_clean "$name" missing "$scratch/sources" "$scratch/archive"
echo src/main.d >>"$scratch/sources"
expect_found "a file that is not in it is found" "src/main.d is in no EXTRA_DIST" missing "$scratch/sources" "$scratch/archive"
chmod -R u+w "$scratch/archive"
finish
