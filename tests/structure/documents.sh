#!/bin/sh
# The README stays a front page; every page in docs/ is reached from the index docs/README.md, which README and manual lead to; and every link of a page leads
# to a file, and to a heading there, which an installation has as well.
. "$(dirname "$0")/tap.sh"

# anchors PAGE: the names of its headings, as those who show Markdown make them.
anchors()
{
	sed -n '/^```/,/^```/d; s/^##* //p' "$1" | LC_ALL=C tr '[:upper:]' '[:lower:]' | LC_ALL=C sed 's/[^a-z0-9 _-]//g; s/ /-/g' | awk '{ print $0 (seen[$0]++ ? "-" seen[$0] - 1 : "") }'
}

# check_links TOP PAGE…: links that lead nowhere. Pages of the web are not asked for.
check_links()
{
	cd "$1" && shift || return 1
	for page; do
		folder=$(dirname "$page")
		grep -oE '\]\([^)]*\)' "$page" | sed 's/^](//; s/)$//' | while read -r link; do
			file=${link%%#*}
			case $link in http*:*) continue ;; esac
			[ -z "$file" ] || [ -e "$folder/$file" ] || { echo "$page: no $file"; continue; }
			case $link in *.md\#* | \#*) anchors "${file:+$folder/}${file:-$page}" | grep -qxF -e "${link#*#}" || echo "$page: no heading for $link" ;; esac
		done
	done
}

# check_reached TOP: pages that nobody is led to; the manual names pages, too.
check_reached()
{
	cd "$1" || return 1
	grep -qF '(docs/README.md)' README.md || echo "README.md does not lead to docs/README.md"
	grep -qF 'docs/README.md' man/edgemirror.1 || echo "the manual does not lead to docs/README.md"
	for page in docs/*.md; do
		name=$(basename "$page")
		[ "$name" = README.md ] || grep -qE "\\($name(#|\\))" docs/README.md || echo "docs/README.md does not lead to $page"
		grep -qw "$page" Makefile.am || echo "$page is not installed"
	done
	cat man/edgemirror*.[157] src/config/*.c etc/edgemirror.conf | grep -oE 'docs/[a-z-]+\.md' | sort -u | while read -r page; do
		[ -e "$page" ] || echo "the manual or the sample leads to $page, which is not there"
	done
}

check_length()
{
	[ "$(wc -l <"$1")" -le 120 ] || echo "$1 has more than 120 lines: it is a front page"
}

# shellcheck disable=SC2046 # words
expect_clean "links lead somewhere" check_links "$top_srcdir" README.md CONTRIBUTING.md SECURITY.md NEWS.md tests/catalogd/README.md $(cd "$top_srcdir" && echo docs/*.md)
expect_clean "every page is reached" check_reached "$top_srcdir"
expect_clean "the README is a front page" check_length "$top_srcdir/README.md"

mkdir -p "$scratch/docs" "$scratch/man" "$scratch/src/config" "$scratch/etc"
echo 'See [it](docs/there.md#a-part), [that](docs/nowhere.md), [another](docs/there.md#another-part), [the web](https://example.com/) and [below](#below).' >"$scratch/README.md"
{ echo '# There' && echo '## A "part"' && echo '## A part'; } >"$scratch/docs/there.md"
: >"$scratch/docs/alone.md"
echo '[It](there.md#a-part-1)' >"$scratch/docs/README.md"
echo 'dist_docs_DATA = docs/README.md docs/there.md' >"$scratch/Makefile.am"
echo docs/gone.md >"$scratch/man/edgemirror.1"
: >"$scratch/src/config/a.c"
: >"$scratch/etc/edgemirror.conf"
expect_said "a link to nowhere is found" "README.md: no docs/nowhere.md" check_links "$scratch" README.md
expect_said "a link to no heading is found" "README.md: no heading for docs/there.md#another-part" check_links "$scratch" README.md
expect_said "also in the page itself" "README.md: no heading for #below" check_links "$scratch" README.md
expect_clean "a heading that is there twice is found" check_links "$scratch" docs/README.md
expect_said "a page that nothing leads to is found" "docs/README.md does not lead to docs/alone.md" check_reached "$scratch"
expect_said "an index that nothing leads to is found" "README.md does not lead to docs/README.md" check_reached "$scratch"
expect_said "the manual counts, too" "the manual does not lead to docs/README.md" check_reached "$scratch"
expect_said "a page that is not installed is found" "docs/alone.md is not installed" check_reached "$scratch"
expect_said "a page that the manual names and that is not there is found" "leads to docs/gone.md, which is not there" check_reached "$scratch"
seq 121 >"$scratch/long.md"
expect_said "a long front page is found" "more than 120 lines" check_length "$scratch/long.md"
finish
