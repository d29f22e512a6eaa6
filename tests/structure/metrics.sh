#!/bin/sh
# Every metric of the table in src/base/metric.h is in docs/monitoring.md, with its kind, and in the manual, and no other is; dashboards and alerts use none
# but those.
. "$(dirname "$0")/tap.sh"

table=$top_srcdir/src/base/metric.h
page=$top_srcdir/docs/monitoring.md
manual=$top_srcdir/man/edgemirror-monitor.7

# metrics TABLE: name and kind of each, as Prometheus calls that.
metrics()
{
	sed 's/\\$//' "$1" | tr -d '\n' | grep -oE 'X\([A-Z_]+, *"[a-z_]+", *[A-Z_]+' | sed 's/.*"\(.*\)", */\1 /; s/ COUNTER/ counter/; s/ HISTOGRAM/ histogram/
		s/ GAUGE/ gauge/; s/ OBSERVED/ gauge/; s/ OF_EDGES/ gauge/' | LC_ALL=C sort
}

# same NAME EXPECTED FOUND: files.
same()
{
	LC_ALL=C comm -23 "$2" "$3" | sed "s|^|not in $1: |" >"$scratch/differences"
	LC_ALL=C comm -13 "$2" "$3" | sed "s|^|no metric, but in $1: |" >>"$scratch/differences"
	cat "$scratch/differences"
	[ ! -s "$scratch/differences" ]
}

check_page()
{
	metrics "$table" >"$scratch/metrics"
	sed -nE 's/^\| `((edgemirror|process)_[a-z_]+)` \| ([a-z]+) .*/\1 \3/p' "$1" | LC_ALL=C sort >"$scratch/found"
	same "docs/monitoring.md" "$scratch/metrics" "$scratch/found" || return
	# metric, kind, label, what; a label may be none
	awk -F'|' '/^\| `(edgemirror|process)_[a-z_]+` \|/ && (NF != 6 || $5 ~ /^ *$/) { print "not four columns:" $2; found = 1 } END { exit found }' "$1"
}

check_manual()
{
	metrics "$table" | cut -d' ' -f1 >"$scratch/metrics"
	sed -nE 's/^\.It Li ((edgemirror|process)_[a-z_]+)$/\1/p' "$1" | LC_ALL=C sort >"$scratch/found"
	same "the manual" "$scratch/metrics" "$scratch/found"
}

# check_used FILE…: of a histogram, what it is made of.
check_used()
{
	metrics "$table" | awk '{ print $1 } $2 == "histogram" { print $1 "_bucket"; print $1 "_sum"; print $1 "_count" }' | LC_ALL=C sort -u >"$scratch/metrics"
	cat "$@" | sed 's/edgemirror_reader//g' | grep -oE '\b(edgemirror|process)_[a-z_]+' | LC_ALL=C sort -u >"$scratch/used"
	LC_ALL=C comm -13 "$scratch/metrics" "$scratch/used" | sed 's/^/no such metric: /' >"$scratch/differences"
	cat "$scratch/differences"
	[ -s "$scratch/used" ] && [ ! -s "$scratch/differences" ]
}

[ "$(metrics "$table" | wc -l)" -gt 50 ]
result $? "the table is read"
expect_clean "every metric is in docs/monitoring.md, with its kind, its label and what it is" check_page "$page"
expect_clean "every metric is in the manual" check_manual "$manual"
expect_clean "dashboards use no other" check_used "$top_srcdir/dashboards/edgemirror-operation.json"
expect_clean "alerts use no other" check_used "$top_srcdir/dashboards/edgemirror-alerts.yml"

grep -v '`edgemirror_syncs_held_total`' "$page" >"$scratch/page"
expect_found "one that is not in the page is found" "not in docs/monitoring.md: edgemirror_syncs_held_total counter" check_page "$scratch/page"
sed 's/`edgemirror_mirror_rows` | gauge/`edgemirror_mirror_rows` | counter/' "$page" >"$scratch/page"
expect_found "another kind is found" "not in docs/monitoring.md: edgemirror_mirror_rows gauge" check_page "$scratch/page"
sed 's/\(`edgemirror_mirror_rows` | gauge\) |[^|]*|/\1 |/' "$page" >"$scratch/page"
expect_found "one without a column is found" 'not four columns: `edgemirror_mirror_rows`' check_page "$scratch/page"
{ cat "$manual" && echo '.It Li edgemirror_of_yesterday'; } >"$scratch/manual"
expect_found "one that is no more is found" "no metric, but in the manual: edgemirror_of_yesterday" check_manual "$scratch/manual"
echo 'rate(edgemirror_syncs_totals[5m])' >"$scratch/board"
expect_found "a query of what is not there is found" "no such metric: edgemirror_syncs_totals" check_used "$scratch/board"
finish
