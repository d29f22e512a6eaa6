# many small edges of a catalog that answers at once, beside the same requests by curl; arguments: edges (2000), rows of each (100)
# shellcheck shell=bash
edges=${1:-2000}
rows=${2:-100}

bench_postgres -c fsync=off -c shared_buffers=512MB
pages_start "$edges" "$rows"
bench_configuration <<<"poll_min = 10ms"
number=$(printf '[%012d-%012d]' 0 $((edges - 1)))
id=00000000-0000-4000-9000-$number

# What a sync asks, each request of all edges before the next, with as many connections as max_requests.
floor() {
        curl -fsSZ --parallel-max 8 -X POST "$list/refresh?edgeConnectionId=$id" &&
                curl -fsSZ --parallel-max 8 "$catalog_url/rest/jobs/v1/jobs/$id" &&
                curl -fsSZ --parallel-max 8 "$list?edgeConnectionId=$id&offset=0&limit=500"
}

committed() { # by a session elsewhere; PostgreSQL reports it after a second
        sleep 1.5
        psql -qAtd postgres -c "SELECT xact_commit FROM pg_stat_database WHERE datname = 'reporting'"
}

export -f floor
export list catalog_url id
measure bash -c floor
floor=$(ratio "$edges" "$seconds")
echo "$edges edges of $rows rows; max_syncs 64, max_requests 8, max_connections 4; curl with 8 connections: $floor edges/s"
table "sync" "seconds" "syncs/s" "of curl's" "client ms" "postgres ms" "transactions" "peak MiB"
for sync in first unchanged unchanged one; do
        [ "$sync" != one ] || kill -USR1 "$catalog_pid" # changes one row of each
        before=$(committed)
        postgres=$(postgres_cpu)
        measure edgemirror -q -c "$conf" sync
        postgres=$(awk -v a="$postgres" -v b="$(postgres_cpu)" 'BEGIN { print 1000 * (b - a) }')
        transactions=$(($(committed) - before))
        row "$sync" "$seconds" "$(per "$edges" "$seconds")" "$(ratio "$(ratio "$edges" "$seconds")" "$floor")" "$(ratio "$(ratio "$cpu" 0.001)" "$edges")" \
                "$(ratio "$postgres" "$edges")" "$(ratio "$transactions" "$edges")" "$peak"
done
