# the service with many edges and nothing due: start, reload, status, memory, processor time; arguments: edges (10000), seconds of idling (600)
# shellcheck shell=bash
edges=${1:-10000}
idle=${2:-600}

bench_postgres
catalog_start "$build" "$work" --edges "$edges" --rows 0
bench_configuration <<<"schedule = weekly"
table "edges" "start" "ready s" "reload s" "status s" "RSS MiB" "peak MiB"
for start in first again; do
        service_start
        began=$(date +%s.%N)
        kill -HUP "$service_pid"
        wait_for "$service_pid" "$work/service.log" grep -q 'reloaded: ' "$work/service.log"
        reload=$(awk -v a="$began" -v b="$(date +%s.%N)" 'BEGIN { printf "%.1f", b - a }')
        measure edgemirror -c "$conf" status
        row "$edges" "$start" "$ready" "$reload" "$seconds" "$(service_memory VmRSS)" "$(service_memory VmHWM)"
        [ "$start" = again ] || service_stop
done

sleep 5 # what a start leaves behind is not idling
committed="SELECT xact_commit FROM pg_stat_database WHERE datname = 'reporting'"
before=$(service_cpu)
asked=$(ask "$committed")
sleep "$idle"
used=$(awk -v a="$before" -v b="$(service_cpu)" 'BEGIN { printf "%.2f", b - a }')
echo
table "idle s" "cpu s" "cpu %" "transactions" "RSS MiB"
row "$idle" "$used" "$(awk -v u="$used" -v t="$idle" 'BEGIN { printf "%.3f", 100 * u / t }')" "$(($(ask "$committed") - asked))" "$(service_memory VmRSS)"
service_stop
