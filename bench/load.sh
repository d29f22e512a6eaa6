# one large edge: first load, nothing changed, one row changed, 1 % changed, beside curl and psql with the same rows; arguments: rows… (100000; 1000000 takes minutes)
# shellcheck shell=bash
[ $# -gt 0 ] || set -- 100000

# All pages, with as many connections as max_requests.
fetch() { # ROWS
        curl -fsSZ --parallel-max 8 "$list?edgeConnectionId=00000000-0000-4000-9000-000000000000&limit=500&offset=[0-$(($1 - 1)):500]"
}

# The same rows as COPY text; of the second list one of a hundred has another name.
copy_text() { # ROWS VERSION
        awk -v n="$1" -v version="$2" 'BEGIN {
                for (i = 0; i < n; i++)
                        printf "00000000-0000-4000-8000-%012d\tdatabase_%08d_%08d\t%s\n", i, i, i % 100 ? 0 : version,
                                i % 2 ? "\\N" : sprintf("00000000-0000-4000-a000-%012d", i)
        }'
}

# A table and its difference from a list, as a script would have it.
floor() { # FILE
        psql -qd reporting -v ON_ERROR_STOP=1 <<END
CREATE TABLE IF NOT EXISTS floor (id uuid PRIMARY KEY, name text NOT NULL, database_id uuid);
BEGIN;
CREATE TEMPORARY TABLE list (id uuid, name text, database_id uuid) ON COMMIT DROP;
\\copy list FROM '$1'
ANALYZE list;
DELETE FROM floor f WHERE NOT EXISTS (SELECT FROM list l WHERE l.id = f.id);
INSERT INTO floor (SELECT * FROM list EXCEPT SELECT * FROM floor)
    ON CONFLICT (id) DO UPDATE SET name = excluded.name, database_id = excluded.database_id;
COMMIT;
END
}

export -f fetch floor
bench_postgres -c fsync=off -c shared_buffers=512MB
table "rows" "sync" "seconds" "curl s" "psql s" "of both" "client s" "peak MiB" "WAL KiB" "of psql's" "disk MiB"
for rows in "$@"; do
        pages_start 1 "$rows"
        export list
        bench_configuration <<<"poll_min = 10ms"
        copy_text "$rows" 0 >"$work/first"
        copy_text "$rows" 1 >"$work/changed"
        for sync in first unchanged one "1 %"; do
                case $sync in
                one) kill -USR1 "$catalog_pid" ;;
                "1 %") kill -HUP "$catalog_pid" ;;
                esac
                measure bash -c "fetch $rows"
                fetch=$seconds
                before=$(ask "SELECT pg_current_wal_insert_lsn()")
                measure bash -c "floor '$work/$([ "$sync" = "1 %" ] && echo changed || echo first)'"
                floor=$seconds
                floor_wal=$(ask "SELECT round((pg_current_wal_insert_lsn() - '$before') / 1024)")
                before=$(ask "SELECT pg_current_wal_insert_lsn()")
                measure edgemirror -q -c "$conf" sync
                wal=$(ask "SELECT round((pg_current_wal_insert_lsn() - '$before') / 1024)")
                disk=$(ask "SELECT sum(pg_total_relation_size(oid)) / 1048576 FROM pg_class WHERE relkind = 'r' AND relnamespace = 'edgemirror'::regnamespace")
                row "$rows" "$sync" "$seconds" "$fetch" "$floor" "$(ratio "$seconds" "$(awk -v a="$fetch" -v b="$floor" 'BEGIN { print a + b }')")" "$cpu" "$peak" \
                        "$wal" "$(ratio "$wal" "$floor_wal")" "${disk%.*}"
        done
        catalog_stop
        ask "DROP TABLE floor; DROP PUBLICATION IF EXISTS edgemirror; DROP SCHEMA edgemirror CASCADE" 2>"$work/dropped"
done
