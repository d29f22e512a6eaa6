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
awk -v a="$first_peak" -v b="$last_peak" 'BEGIN { printf "\nFirst syncs, most rows against fewest: %+.1f MiB\n", b - a }'
