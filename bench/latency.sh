# round trips and milliseconds of a sync's statements; arguments: milliseconds to PostgreSQL and back (10)
# shellcheck shell=bash
distance=${1:-10}

make -s -C "$build" bench/latency tests/harness/relay >"$work/build.log" 2>&1
bench_postgres
"$build/tests/harness/relay" 0 "$PGHOST/.s.PGSQL.5432" $((distance / 2)) >"$work/relay" &
relay_pid=$!
wait_for "$relay_pid" "$work/relay" test -s "$work/relay"
echo "PostgreSQL is $distance ms away; one connection, 100 rows"
"$build/bench/latency" "host=127.0.0.1 port=$(head -n 1 "$work/relay") dbname=reporting user=edgemirror sslmode=disable" "$relay_pid" "$work/relay"
kill "$relay_pid"
