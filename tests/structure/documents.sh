#!/bin/sh
# The README stays a front page; every page in docs/ is reached from it and from the manual; and every link of a page leads to a file.
. "$(dirname "$0")/tap.sh"

# check_links TOP PAGE…: links that lead nowhere. Pages of the web are not asked for.
check_links()
{
	cd "$1" && shift || return 1
	for page; do
		folder=$(dirname "$page")
		grep -oE '\]\([^)]*\)' "$page" | sed 's/^](//; s/)$//; s/#.*//' | while read -r link; do
			case $link in '' | http*:*) continue ;; esac
			[ -e "$folder/$link" ] || echo "$page: no $link"
		done
	done
}

# check_reached TOP: pages that nobody is led to.
check_reached()
{
	cd "$1" || return 1
	for page in docs/*.md; do
		grep -qF "($page)" README.md || echo "README.md does not lead to $page"
		grep -qF "$(basename "$page")" man/edgemirror.1 || echo "the manual does not lead to $page"
	done
}

check_length()
{
	[ "$(wc -l <"$1")" -le 120 ] || echo "$1 has more than 120 lines: it is a front page"
}

expect_clean "links lead somewhere" check_links "$top_srcdir" README.md CONTRIBUTING.md SECURITY.md $(cd "$top_srcdir" && echo docs/*.md)
expect_clean "every page is reached" check_reached "$top_srcdir"
expect_clean "the README is a front page" check_length "$top_srcdir/README.md"

mkdir -p "$scratch/docs" "$scratch/man"
echo 'See [it](docs/there.md#part), [that](docs/nowhere.md) and [the web](https://example.com/).' >"$scratch/README.md"
: >"$scratch/docs/there.md"
: >"$scratch/docs/alone.md"
echo there.md >"$scratch/man/edgemirror.1"
expect_said "a link to nowhere is found" "README.md: no docs/nowhere.md" check_links "$scratch" README.md
expect_said "a page that nothing leads to is found" "README.md does not lead to docs/alone.md" check_reached "$scratch"
expect_said "the manual counts, too" "the manual does not lead to docs/alone.md" check_reached "$scratch"
seq 121 >"$scratch/long.md"
expect_said "a long front page is found" "more than 120 lines" check_length "$scratch/long.md"
finish
