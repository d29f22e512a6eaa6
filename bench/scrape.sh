# the page /metrics with series of each edge, and pages for people, beside edges that are due: time and size of an answer, and how late syncs begin without and with it; arguments: edges (10000), due in a minute (1200), requests a second (2)
# shellcheck shell=bash
edges=${1:-10000}
due=${2:-1200}
scrapes=${3:-2}

port=$((20000 + RANDOM % 20000))
bench_postgres
pages_start "$edges" 20 2
bench_configuration <<END
schedule = weekly
spread = 0s
refresh = no
[monitor]
listen = 127.0.0.1:$port
edge_metrics = 100000
END
service_start
ask "UPDATE edgemirror.edge SET listed_at = now(), refreshed_at = now(), row_count = 20, first_listed_at = now()"
scrape() { # PATH: milliseconds and bytes
        curl -fsS -o "$work/scrape" -w '%{time_total} %{size_download}\n' "http://127.0.0.1:$port$1" | awk '{ print $1 * 1000, $2 }'
}
scrape /metrics >"$work/first"
for _ in $(seq 100); do
        grep -q '^edgemirror_edge_rows{' "$work/scrape" && break
        sleep 0.1
        scrape /metrics >"$work/first"
done
echo "$edges edges, $(grep -c '^edgemirror_edge_' "$work/scrape") series of edges; $due edges are due within a minute; without requests and with $scrapes a second"

# round NUMBER: prints what became of the edges that were due.
round() {
        ask "DROP TABLE IF EXISTS due" 2>"$work/notice"
        ask "CREATE TABLE due AS SELECT edge_connection_id, clock_timestamp() + interval '3 s' + random() * interval '60 s' AS at
               FROM edgemirror.edge ORDER BY md5(edge_connection_id::text || '$1') LIMIT $due"
        ask "UPDATE edgemirror.edge_claim c SET next_run_at = d.at FROM due d WHERE d.edge_connection_id = c.edge_connection_id"
        before=$(ask "SELECT coalesce(max(run_id), 0) FROM edgemirror.sync_run")
        kill -HUP "$service_pid"
        for _ in $(seq 120); do
                [ "$(ask "SELECT count(*) FROM edgemirror.sync_run WHERE finished_at IS NOT NULL AND run_id > $before")" -lt "$due" ] || break
                sleep 1
        done
        ask "SELECT count(*), percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM started_at - d.at))::numeric(9, 3),
                    percentile_cont(0.99) WITHIN GROUP (ORDER BY extract(epoch FROM started_at - d.at))::numeric(9, 3),
                    max(extract(epoch FROM started_at - d.at))::numeric(9, 3)
               FROM edgemirror.sync_run r JOIN due d USING (edge_connection_id) WHERE r.run_id > $before AND r.finished_at IS NOT NULL"
}

table "asked for" "times" "p50 ms" "p99 ms" "most ms" "bytes" "runs" "late p50 s" "late p99 s" "late most s" "cpu s"
for path in - /metrics - / /inventory; do
        n=$((${n:-0} + 1))
        : >"$work/scrapes"
        cpu=$(service_cpu)
        if [ "$path" != - ]; then
                while sleep "$(awk -v n="$scrapes" 'BEGIN { print 1 / n }')"; do scrape "$path" >>"$work/scrapes" || echo "a scrape failed" >&2; done &
                scraper=$!
        fi
        IFS='|' read -r runs p50 p99 most <<<"$(round $n)"
        [ "$path" = - ] || { kill "$scraper" && wait "$scraper"; } 2>/dev/null || true
        spent=$(awk -v a="$cpu" -v b="$(service_cpu)" 'BEGIN { printf "%.2f", b - a }')
        sort -n "$work/scrapes" >"$work/sorted"
        # shellcheck disable=SC2046
        row "$path" $(awk '{ t[NR] = $1; size = $2 } END { if (!NR) { print 0, "-", "-", "-", "-"; exit }
                printf "%d %.1f %.1f %.1f %d\n", NR, t[int(NR * 0.5 + 1)], t[int(NR * 0.99 + 0.5) ? int(NR * 0.99 + 0.5) : 1], t[NR], size }' "$work/sorted") \
                "$runs" "$p50" "$p99" "$most" "$spent"
done
service_stop
