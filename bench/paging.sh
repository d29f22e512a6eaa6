# pages one at a time and several in flight, from a catalog that takes its time; arguments: rows (100000), latency of a request (20ms), requests in flight… (1 8)
# shellcheck shell=bash
rows=${1:-100000}
latency=${2:-20ms}
shift $(($# > 2 ? 2 : $#))
[ $# -gt 0 ] || set -- 1 8

bench_postgres
catalog_start "$build" "$work" --edges 1 --rows "$rows" --job-wait 0ms --job-run 0ms --latency "$latency"
bench_configuration <<<"poll_min = 10ms"
cp "$conf" "$work/plain.conf"
measure edgemirror -q -c "$conf" sync # the mirror is full: what differs below is the reading
table "in flight" "seconds" "rows/s" "pages" "requests" "most seen" "cpu s" "peak MiB"
for most in "$@"; do
        sed "s/^\[catalog\]/&\nmax_requests = $most/" "$work/plain.conf" >"$conf"
        curl -fsS -X DELETE "$catalog_url/control/log" >"$work/answer"
        measure edgemirror -q -c "$conf" sync --no-refresh
        IFS='|' read -r pages requests <<<"$(ask "SELECT pages, requests FROM edgemirror.sync_run ORDER BY run_id DESC LIMIT 1")"
        row "$most" "$seconds" "$(per "$rows" "$seconds")" "$pages" "$requests" "$(catalog_state inFlightMax)" "$cpu" "$peak"
done
