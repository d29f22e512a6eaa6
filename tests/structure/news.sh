#!/bin/sh
# NEWS.md has the form of Keep a Changelog: what is not released yet, then each version with its date, the newest first, which is the one of configure.ac.
. "$(dirname "$0")/tap.sh"

# check_news NEWS CONFIGURE.AC
check_news()
{
	version=$(sed -n 's/^AC_INIT(\[edgemirror\], \[\([^]]*\)\].*/\1/p' "$2")
	awk -v version="$version" '
		function said(words) { print FILENAME ":" FNR ": " words; bad = 1 }
		function ended() { if (open != "" && !entries) said("nothing below " open); open = "" }
		# 1.10.0 comes after 1.9.0
		function weight(v,    parts) { split(v, parts, "."); return parts[1] * 1000000 + parts[2] * 1000 + parts[3] }
		FNR == 1 && $0 != "# News" { said("the first line is not # News") }
		/^## / {
			ended()
			n++
			if (n == 1) { if ($0 != "## [Unreleased]") said("the first section is not [Unreleased]"); next }
			if ($0 !~ /^## \[[0-9]+\.[0-9]+\.[0-9]+\] - [0-9][0-9][0-9][0-9]-[01][0-9]-[0-3][0-9]$/) { said("not ## [VERSION] - DATE"); next }
			v = $2; gsub(/[][]/, "", v)
			if (n == 2 && v != version) said("the newest version is not " version ", as configure.ac has it")
			if (n > 2 && weight(v) >= weight(last)) said("not the newest first")
			last = v
		}
		/^### / {
			ended()
			if (n == 0) said("of no version")
			if ($0 !~ /^### (Added|Changed|Deprecated|Removed|Fixed|Security)$/) said("not a kind of change: " $0)
			open = $0; entries = 0
		}
		/^- / { if (open == "") said("of no kind of change"); entries++ }
		END { ended(); if (n < 2) said("no version"); exit bad }' "$1"
}

news=$top_srcdir/NEWS.md
ac=$top_srcdir/configure.ac
expect_clean "the news have their form" check_news "$news" "$ac"

# wrong NAME WORDS COMMAND…: the news as the command changes them.
wrong()
{
	name=$1
	words=$2
	shift 2
	"$@" <"$news" >"$scratch/NEWS.md"
	expect_found "$name" "$words" check_news "$scratch/NEWS.md" "$ac"
}
wrong "no place for what comes is found" "the first section is not [Unreleased]" grep -v '^## \[Unreleased\]'
wrong "a version without a date is found" "not ## [VERSION] - DATE" sed 's/^\(## \[[0-9.]*\]\) - .*/\1/'
wrong "a kind of change of its own is found" "not a kind of change: ### New" sed 's/^### Added/### New/'
wrong "a change without its kind is found" "of no kind of change" grep -v '^### Added'
wrong "a version that configure.ac has not is found" "the newest version is not" sed 's/^## \[[0-9]\(.*\)/## [9\1/'
wrong "an older version on top is found" "not the newest first" sed '$a ## [99.0.0] - 2030-01-01'
wrong "a kind without a change is found" "nothing below ### Fixed" sed 's/^## \[Unreleased\]/&\n\n### Fixed/'
finish
