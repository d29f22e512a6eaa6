# peak resident memory of a sync must not grow with the edge; arguments: rows… (20000 200000)
# shellcheck shell=bash
[ $# -gt 0 ] || set -- 20000 200000

bench_postgres
table "rows" "sync" "seconds" "rows/s" "cpu s" "peak MiB"
first_peak=
for rows in "$@"; do
        # Another seed makes other edges: each size begins with an empty mirror.
        catalog_start "$build" "$work" --edges 1 --rows "$rows" --seed "$rows" --job-wait 0ms --job-run 0ms
        bench_configuration <<<"poll_min = 10ms"
        for sync in first again; do
                measure edgemirror -q -c "$conf" sync
                row "$rows" "$sync" "$seconds" "$(per "$rows" "$seconds")" "$cpu" "$peak"
                [ "$sync" = again ] || last_peak=$peak
        done
        first_peak=${first_peak:-$last_peak}
        catalog_stop
done
# The promise for 20,000 and 200,000 rows, which tests/integration/test_memory holds.
awk -v a="$first_peak" -v b="$last_peak" -v few="$1" -v many="${*: -1}" 'BEGIN {
        d = b - a
        printf "\nFirst syncs, %d rows against %d: %+.1f MiB, which is %s 4 MiB; %.1f MiB, which is %s 32 MiB.\n", many, few, d,
                (d < 0 ? -d : d) <= 4 ? "within" : "NOT within", b, b < 32 ? "below" : "NOT below"
}'
