# many small edges side by side; arguments: edges (500), rows of each (20)
# shellcheck shell=bash
edges=${1:-500}
rows=${2:-20}

bench_postgres
catalog_start "$build" "$work" --edges "$edges" --rows "$rows" --job-wait 100ms --job-run 200ms --latency 5ms
bench_configuration <<<"poll_min = 100ms"
echo "$edges edges of $rows rows; each job takes 0.3 s, each answer 5 ms; max_syncs 64, max_requests 8, max_connections 4"
table "sync" "seconds" "syncs/s" "requests" "requests/s" "in flight" "cpu s" "peak MiB"
for sync in first again; do
        curl -fsS -X DELETE "$catalog_url/control/log" >"$work/answer"
        before=$(catalog_requests)
        measure edgemirror -q -c "$conf" sync
        requests=$(($(catalog_requests) - before))
        row "$sync" "$seconds" "$(per "$edges" "$seconds")" "$requests" "$(per "$requests" "$seconds")" "$(catalog_state inFlightMax)" "$cpu" "$peak"
done
