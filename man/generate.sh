#!/bin/sh
# generate.sh PROGRAM PAGE: a page of the manual, on standard output: its template man/PAGE.in, in which a line @NAME@ is replaced by the list of that name.
#   edgemirror.conf.5      the keys, by what PROGRAM check --help says: the option table of src/config/options.c
#   edgemirror-sql.7       the comments of sql/
#   edgemirror-monitor.7   the metrics of docs/monitoring.md, which a test compares with src/base/metric.h
#   edgemirror-journal.7   the events of systemd/edgemirror.catalog, the codes of src/base/fault_code.h
set -eu
program=$1
page=$2
top=$(dirname "$0")/..

facts()
{
	case $page in
	edgemirror.conf.5) "$program" check --help ;;
	edgemirror-sql.7) cat "$top/sql/migrations/"*.sql "$top/sql/sharing.sql" ;;
	edgemirror-monitor.7) cat "$top/docs/monitoring.md" ;;
	edgemirror-journal.7) cat "$top/src/base/message_id.h" "$top/src/base/fault_code.h" "$top/systemd/edgemirror.catalog" ;;
	*) echo "generate.sh: no page $page" >&2; exit 2 ;;
	esac
}

facts=$(mktemp)
trap 'rm -f "$facts"' EXIT
trap 'exit 1' HUP INT TERM
facts >"$facts"
awk -f "$top/man/$(echo "$page" | sed 's/^edgemirror[-.]//; s/\.[0-9]$//').awk" -f "$top/man/mdoc.awk" "$facts" "$top/man/$page.in"
