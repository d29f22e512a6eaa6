#!/bin/sh
# The service: only daemon.c knows the parts of src/daemon/; a part knows none of the others, and has a header of its own. Leaves are known to
# all: they are values with functions, without an event loop, handlers or another part. Only edges.c reads which edges are configured.
. "$(dirname "$0")/tap.sh"

leaves="due outage refusal held lock_log database_clock notify_lines notify_message notify_subjects notify_trial"

check_service() (
	cd "$1" || return 1
	found=0
	for file in daemon/*.c; do
		[ -e "${file%.c}.h" ] || { echo "src/$file: has no header of its own"; found=1; }
	done
	awk -v leaves="$leaves" '
	BEGIN {
		n = split(leaves, words)
		for (i = 1; i <= n; i++)
			leaf[words[i]] = 1
	}
	function complain(words) { print "src/" FILENAME ":" FNR ": " words; found = 1 }
	FNR == 1 {
		part = FILENAME
		sub(/.*\//, "", part)
		sub(/\.[ch]$/, "", part)
		if (part ~ /_(private|internal)$/) complain("a header that parts share")
	}
	/^[ \t]*#[ \t]*include/ && match($0, /[<"][^>"]*[>"]/) {
		header = substr($0, RSTART + 1, RLENGTH - 2)
		if (part in leaf && header ~ /^(base\/timer|peers\/peers|systemd\/sd-event)\.h$/)
			complain("a leaf has no event loop and no peers")
		if (sub(/^daemon\//, "", header) && sub(/\.h$/, "", header) && header != part && !(header in leaf) && part != "daemon")
			complain("the part \"" part "\" knows the part \"" header "\"")
	}
	part != "edges" && /config->(n_)?edges|config_find_edge/ { complain("only edges.c reads which edges are configured") }
	END { exit found }' daemon/*.[ch] || found=1
	return $found
)

# check_parts FILE: CONTRIBUTING, or a copy, names each part, and the same leaves.
check_parts() (
	sed -n '/^Within `src\/daemon\/`/,/^What began/p' "$1" >"$scratch/section"
	found=0
	for file in "$top_srcdir"/src/daemon/*.c; do
		part=$(basename "$file" .c)
		grep -qw "$part" "$scratch/section" || { echo "CONTRIBUTING does not name the part \"$part\""; found=1; }
	done
	named=$(sed -n 's/^    \(.*\)  *values with functions.*/\1/p' "$scratch/section" | tr -d ',' | xargs)
	[ "$named" = "$leaves" ] || { echo "CONTRIBUTING names the leaves \"$named\", not \"$leaves\""; found=1; }
	return $found
)

# plant_more PATH TEXT: one more file beside what plant has left.
plant_more()
{
	mkdir -p "$scratch/src/$(dirname "$1")"
	printf '%s\n' "$2" >"$scratch/src/$1"
}

expect_clean "the parts of src/daemon/ know none of each other" check_service "$top_srcdir/src"

plant daemon/daemon.c '#include "daemon/breaker.h"
#include "daemon/claims.h"'
plant_more daemon/daemon.h '#include "config/config.h"'
plant_more daemon/claims.c '#include "daemon/claims.h"
#include "daemon/due.h"'
plant_more daemon/claims.h '#include "daemon/outage.h"
#include "base/timer.h"'
plant_more daemon/edges.c 'config_find_edge_by_id(s->config, id); s->config->n_edges'
plant_more daemon/edges.h '#include "mirror/registry.h"'
expect_clean "daemon.c may know all, parts the leaves, edges.c the configured edges" check_service "$scratch/src"

while IFS='|' read -r name path text words; do
	plant "$path" "$text"
	expect_found "$name" "$words" check_service "$scratch/src"
done <<'CASES'
a part that knows another is found|daemon/claims.c|#include "daemon/runs.h"|the part "claims" knows the part "runs"
a header that knows another part is found|daemon/runs.h|#  include "daemon/claims.h"|the part "runs" knows the part "claims"
a part that knows the whole is found|daemon/prune.c|#include "daemon/daemon.h"|the part "prune" knows the part "daemon"
a leaf that knows a part is found|daemon/outage.h|#include "daemon/breaker.h"|the part "outage" knows the part "breaker"
a leaf with a timer is found|daemon/held.h|#include "base/timer.h"|a leaf has no event loop
a leaf with an event loop is found|daemon/due.c|#include <systemd/sd-event.h>|a leaf has no event loop
a header that parts share is found|daemon/daemon_private.h|#include "config/config.h"|a header that parts share
a part without a header is found|daemon/metrics.c|#include "base/text.h"|has no header of its own
another reader of the edges is found|daemon/runs.c|edge = config_find_edge_by_id(d->config, id);|only edges.c reads
another reader of their list is found|daemon/daemon.c|for (i = 0; i < config->n_edges; i++)|only edges.c reads
CASES
expect_clean "CONTRIBUTING names the same parts and leaves" check_parts "$top_srcdir/CONTRIBUTING.md"
sed 's/^    due, outage, refusal, held, /    due, refusal, held, /; s/ prune / /' "$top_srcdir/CONTRIBUTING.md" >"$scratch/contributing"
expect_found "a part that it lacks is found" 'does not name the part "prune"' check_parts "$scratch/contributing"
expect_found "other leaves are found" 'names the leaves "due refusal held lock_log database_clock notify_lines notify_message notify_subjects notify_trial"' check_parts "$scratch/contributing"
finish
