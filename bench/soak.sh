# two instances for a long time, with churn and restarts of both peers: does anything grow; arguments: minutes (10), edges (300), rows of each (50)
# shellcheck shell=bash
minutes=${1:-10}
edges=${2:-300}
rows=${3:-50}

every=$((minutes * 3))              # seconds between two lines: twenty lines
[ "$every" -ge 10 ] || every=10
instances=()
lines=0 restarts=0

soak_catalog() { # PORT
        catalog_start "$build" "$work" --edges "$edges" --rows "$rows" --seed 1 --job-wait 50ms --job-run 100ms --port "$1"
        curl -fsS -X POST -d '{"rate_per_s":20,"seed":1}' "$catalog_url/control/churn" >/dev/null
}

soak_instance() { # NAME
        edgemirror -c "$conf" run </dev/null >"$work/$1.log" 2>&1 &
        instances+=($!)
        service_pid="${instances[*]}"
        wait_for $! "$work/$1.log" grep -q 'serving ' "$work/$1.log"
}

# The same data, as after an update of the server.
soak_restart_postgres() {
        postgres_stop
        local folder=$work/pg bin as=()
        bin=$(dirname "$(printf '%s\n' "${PG_BINDIR:-/usr/lib/postgresql/*/bin}"/postgres /usr/lib/postgresql/*/bin/postgres | grep -v '\*' | sort -V | tail -n 1)")
        [ "$(id -u)" != 0 ] || as=(setpriv --reuid=postgres --regid=postgres --init-groups)
        (cd "$folder" && exec "${as[@]}" "$bin/postgres" -D "$folder/data" -c listen_addresses= -c "unix_socket_directories=$folder") \
                </dev/null >>"$folder.log" 2>&1 &
        postgres_pid=$!
        wait_for "$postgres_pid" "$folder.log" "$bin/pg_isready" -q
}

soak_restart() {
        restarts=$((restarts + 1))
        if [ $((restarts % 2)) = 1 ]; then
                catalog_stop
                sleep 5
                soak_catalog "${catalog_url##*:}"
        else
                soak_restart_postgres
        fi
}

of_each() { # KEY: of /proc/PID/status, a value an instance
        local pid values=()
        for pid in "${instances[@]}"; do
                values+=("$(awk -v key="$1:" '$1 == key { print $1 == "VmRSS:" ? sprintf("%.1f", $2 / 1024) : $2 }' "/proc/$pid/status")")
        done
        (IFS=+ && echo "${values[*]}")
}

fds_of_each() {
        local pid values=()
        for pid in "${instances[@]}"; do
                values+=("$(find "/proc/$pid/fd" -mindepth 1 | wc -l)")
        done
        (IFS=+ && echo "${values[*]}")
}

temporary_files() { # of the instances: made, and unlinked
        local pid n=0
        for pid in "${instances[@]}"; do
                n=$((n + $(find "/proc/$pid/fd" -mindepth 1 -printf '%l\n' | grep -c '^/.*(deleted)$' || true)))
        done
        echo "$n"
}

# Transactions that age while the server is not asked to freeze anything: what is left, less those that were begun, is what somebody holds back.
soak_line() {
        local backends tables age synced failed
        IFS='|' read -r backends tables age synced failed <<<"$(ask "
SELECT (SELECT count(*) FROM pg_stat_activity WHERE usename = 'edgemirror'), (SELECT count(*) FROM pg_class WHERE relpersistence = 't' AND relkind = 'r'),
       (SELECT age(datfrozenxid) FROM pg_database WHERE datname = current_database()) - $baseline,
       count(*) FILTER (WHERE outcome IN ('synced', 'held')), count(*) FILTER (WHERE outcome IN ('failed', 'unstable')) FROM edgemirror.sync_run")"
        row "$((SECONDS / 60))m$((SECONDS % 60))s" "$(of_each VmRSS)" "$(fds_of_each)" "$(of_each Threads)" "$backends" "$(temporary_files)" "$tables" \
                "$age" "$synced" "$failed" "$restarts"
}

postgres_start "$work/pg" -c autovacuum_naptime=10s
soak_catalog 0
bench_configuration <<END_OF_DEFAULTS
schedule = every 1m
spread = 1m
poll_min = 50ms
END_OF_DEFAULTS
echo "$edges edges of $rows rows, each synced every minute, by two instances; 20 rows a second change; a line every $every s, and between two lines the catalog"
echo "(away for 5 s) or PostgreSQL is restarted; the age is that of datfrozenxid since the start, without a VACUUM FREEZE"
soak_instance one
soak_instance two
baseline=$(ask "SELECT age(datfrozenxid) FROM pg_database WHERE datname = current_database()")
table "time" "RSS MiB" "descriptors" "threads" "backends" "temp files" "temp tables" "xid age" "syncs done" "failed" "restarts"
SECONDS=0
while [ $((lines * every)) -lt $((minutes * 60)) ]; do
        lines=$((lines + 1))
        sleep $((lines * every - every / 2 > SECONDS ? lines * every - every / 2 - SECONDS : 0))
        soak_restart
        sleep $((lines * every > SECONDS ? lines * every - SECONDS : 0))
        soak_line
done
echo "lines of level warning or error: $(cat "$work"/one.log "$work"/two.log | grep -cE 'Z (warning|error): ' || true)"
service_stop
