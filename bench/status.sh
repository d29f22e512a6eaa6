# the answer /status.json of many edges: time of a new observation and of one that is there, bytes, what others wait meanwhile, memory with slow readers; and the monitor's cost while nobody asks; arguments: edges (10000), seconds of idling (60)
# shellcheck shell=bash
edges=${1:-10000}
idle=${2:-60}

port=$((20000 + RANDOM % 20000))
url=http://127.0.0.1:$port
bench_postgres
pages_start "$edges" 20 2
bench_configuration <<END
schedule = weekly
spread = 0s
refresh = no
[monitor]
listen = 127.0.0.1:$port
END
service_start
ask "UPDATE edgemirror.edge SET listed_at = now(), refreshed_at = now(), row_count = 20, first_listed_at = now()"
sleep 5 # what a start leaves behind is not idling
used=$(service_cpu)
sleep "$idle"
used=$(awk -v a="$used" -v b="$(service_cpu)" 'BEGIN { printf "%.2f", b - a }')
table "idle s" "cpu s" "RSS MiB"
row "$idle" "$used" "$(service_memory VmRSS)"
echo

get() { # PATH: milliseconds and bytes
        curl -fsS -o /dev/null -w '%{time_total} %{size_download}\n' "$url$1" | awk '{ printf "%.1f %d\n", $1 * 1000, $2 }'
}
table "/status.json" "p50 ms" "most ms" "bytes" "others ms" "RSS MiB"
for what in new new there; do
        # older than a minute, so that a new one is waited for; else what is there
        [ "$what" = there ] || [ -z "${asked:-}" ] || sleep 61
        asked=yes
        : >"$work/times"
        : >"$work/others"
        while get /healthz >>"$work/others"; do :; done 2>/dev/null &
        other=$!
        for _ in $(seq "$([ "$what" = new ] && echo 1 || echo 50)"); do get /status.json >>"$work/times"; done
        { kill "$other" && wait "$other"; } 2>/dev/null || true
        sort -n "$work/times" >"$work/sorted"
        # shellcheck disable=SC2046
        row "$what" $(awk '{ t[NR] = $1; size = $2 } END { print t[int(NR / 2) + 1], t[NR], size }' "$work/sorted") "$(sort -n "$work/others" | tail -n 1 | cut -d' ' -f1)" "$(service_memory VmRSS)"
done
readers=()
for _ in $(seq 16); do
        curl -sS -o /dev/null --limit-rate 1k --max-time 10 "$url/status.json" 2>/dev/null &
        readers+=($!)
done
sleep 3
row "16 slow" - - - - "$(service_memory VmRSS)"
kill "${readers[@]}" 2>/dev/null || true
wait "${readers[@]}" 2>/dev/null || true
service_stop
