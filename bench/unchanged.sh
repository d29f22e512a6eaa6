# what a sync costs PostgreSQL when nothing changed; arguments: rows… (100000)
# shellcheck shell=bash
[ $# -gt 0 ] || set -- 100000

bench_postgres
table "rows" "sync" "seconds" "cpu s" "peak MiB" "statements" "COPYs" "WAL bytes"
for rows in "$@"; do
        catalog_start "$build" "$work" --edges 1 --rows "$rows" --seed "$rows" --job-wait 0ms --job-run 0ms
        bench_configuration <<<"poll_min = 10ms"
        # Statements are counted in a sync of its own: writing them down takes time.
        for sync in first again counted; do
                [ "$sync" != counted ] || ask "ALTER ROLE edgemirror SET log_statement = 'all'"
                before=$(ask "SELECT pg_current_wal_insert_lsn()")
                said=$(wc -l <"$work/pg.log")
                measure edgemirror -q -c "$conf" sync
                wal=$(ask "SELECT pg_current_wal_insert_lsn() - '$before'")
                statements=- copies=-
                if [ "$sync" = counted ]; then
                        ask "ALTER ROLE edgemirror RESET log_statement"
                        tail -n "+$((said + 1))" "$work/pg.log" | grep -E 'LOG:  (statement|execute [^:]*): ' >"$work/statements" || true
                        # The command makes its edges known first, by a transaction of its own: once, however many edges it syncs.
                        statements=$(sed '1,/COMMIT/d' "$work/statements" | wc -l)
                        copies=$(grep -cE 'LOG:  [^:]*: (--.*)?COPY ' "$work/statements" || true)
                fi
                row "$rows" "$sync" "$seconds" "$cpu" "$peak" "$statements" "$copies" "$wal"
        done
        catalog_stop
done
