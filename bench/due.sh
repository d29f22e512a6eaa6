# many edges due within the same minute: how late each begins; arguments: edges (2000), rows of each (20), due within so many seconds (60)
# shellcheck shell=bash
edges=${1:-2000}
rows=${2:-20}
within=${3:-60}

bench_postgres
catalog_start "$build" "$work" --edges "$edges" --rows "$rows" --job-wait 100ms --job-run 200ms --latency 2ms
bench_configuration <<END
schedule = weekly
poll_min = 200ms
END
echo "$edges edges of $rows rows, due at random moments within $within s; each job takes 0.3 s, each answer 2 ms; max_syncs 64, max_requests 8, max_connections 4"
service_start
cpu=$(service_cpu)
ask "CREATE TABLE due AS SELECT edge_connection_id, clock_timestamp() + interval '3 s' + random() * interval '$within s' AS at FROM edgemirror.edge"
ask "UPDATE edgemirror.edge_claim c SET next_run_at = d.at FROM due d WHERE d.edge_connection_id = c.edge_connection_id"
kill -HUP "$service_pid" # it knew of nothing due before next week
for _ in $(seq $((within + 600))); do
        [ "$(ask "SELECT count(*) FROM edgemirror.sync_run WHERE finished_at IS NOT NULL")" -lt "$edges" ] || break
        sleep 1
done
table "runs" "synced" "seconds" "syncs/s" "late p50" "p95" "p99" "most" "in flight" "cpu s" "peak MiB"
IFS='|' read -r runs synced seconds rate p50 p95 p99 most <<<"$(ask "
SELECT count(*), count(*) FILTER (WHERE outcome = 'synced'), round(extract(epoch FROM max(finished_at) - min(d.at)), 1),
       round(count(*) / extract(epoch FROM max(finished_at) - min(d.at)), 1),
       percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM started_at - d.at))::numeric(9, 3),
       percentile_cont(0.95) WITHIN GROUP (ORDER BY extract(epoch FROM started_at - d.at))::numeric(9, 3),
       percentile_cont(0.99) WITHIN GROUP (ORDER BY extract(epoch FROM started_at - d.at))::numeric(9, 3),
       max(extract(epoch FROM started_at - d.at))::numeric(9, 3)
  FROM edgemirror.sync_run JOIN due d USING (edge_connection_id)")"
row "$runs" "$synced" "$seconds" "$rate" "$p50 s" "$p95 s" "$p99 s" "$most s" "$(catalog_state inFlightMax)" \
        "$(awk -v a="$cpu" -v b="$(service_cpu)" 'BEGIN { print b - a }')" "$(service_memory VmHWM)"
service_stop
