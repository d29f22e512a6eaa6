# What benchmarks share: the build that is measured, a world to measure it in, and tables. scripts/lib.sh starts the parts.
# shellcheck shell=bash

. ../scripts/lib.sh
build=$top/build-bench

# As a distribution builds it: -O2, hardened, no sanitizers.
bench_build() {
        # shellcheck disable=SC2086
        install_packages $build_packages time
        {
                [ -e "$top/configure" ] || "$top/autogen.sh"
                mkdir -p "$build" && cd "$build"
                [ -e Makefile ] || "$top/configure" -q CFLAGS='-O2 -g'
                make -s -j"$(nproc)" edgemirror tests/catalogd/catalogd
        } >"$work/build.log" 2>&1 || {
                tail -n 30 "$work/build.log" >&2
                return 1
        }
        PATH="$build:$PATH"
        cd "$top/bench" || exit
}

bench_end() {
        local status=$?
        service_stop || true
        catalog_stop || true
        postgres_stop || true
        if [ $status = 0 ]; then
                rm -rf "$work"
        else
                echo "ended early; logs are in $work" >&2
        fi
}

machine() {
        local model
        model=$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1)
        printf '%s cores (%s), Linux %s, edgemirror %s, gcc -O2\n\n' "$(nproc)" "${model:-$(uname -m)}" "$(uname -r | cut -d- -f1)" \
                "$(edgemirror --version | cut -d' ' -f2)"
}

# A PostgreSQL with its defaults, but for what makes figures differ from run to run.
bench_postgres() {
        postgres_start "$work/pg" -c wal_level=logical -c autovacuum=off -c checkpoint_timeout=1h -c max_wal_size=8GB "$@"
}

# Lines for [defaults] on standard input; the schema is made or brought up to date. Sets `conf`. All edges of the catalog, named edge-1 and so on.
bench_configuration() {
        conf=$work/edgemirror.conf
        {
                peers_configuration "$work"
                printf '\n[defaults]\n'
                cat
                catalog_edges | awk '{ printf "\n[edge \"edge-%d\"]\nid = %s\n", NR, $0 }'
        } >"$conf"
        edgemirror -q -c "$conf" migrate >"$work/migrate.log"
}

# pages_start EDGES ROWS [LATENCY_MS]: bench/pages in the sample catalog's place. Sets catalog_pid, catalog_url, and `list`, the address of lists.
pages_start() {
        pages_edges=$1
        make -s -C "$build" bench/pages >"$work/build.log" 2>&1
        rm -f "$work/pages"
        "$build/bench/pages" "$@" >"$work/pages" &
        catalog_pid=$!
        wait_for "$catalog_pid" "$work/build.log" test -s "$work/pages"
        catalog_url=http://127.0.0.1:$(cat "$work/pages")
        list=$catalog_url/rest/catalogDatabase/v1/databaseConnections
        # shellcheck disable=SC2317 # in the place of that of scripts/lib.sh
        catalog_edges() {
                seq -f '00000000-0000-4000-9000-%012g' 0 $((pages_edges - 1))
        }
}

# ratio A B: of two numbers.
ratio() {
        awk -v a="$1" -v b="$2" 'BEGIN { printf "%.2f", a / (b > 0 ? b : 0.01) }'
}

# Of the server and its backends, those that are gone too: seconds of processor so far.
postgres_cpu() {
        local pid
        for pid in $postgres_pid $(pgrep -P "$postgres_pid"); do
                sed 's/.*) //' "/proc/$pid/stat" 2>/dev/null
        done | awk -v hz="$(getconf CLK_TCK)" '{ n += $12 + $13 + $14 + $15 } END { printf "%.2f", n / hz }'
}

# measure COMMAND…: runs it, with its output in $work/output. Sets `seconds`, `peak` (resident MiB at most) and `cpu` (seconds of processor).
measure() {
        if ! command time -o "$work/time" -f '%e %M %U %S' "$@" >"$work/output" 2>&1; then
                tail -n 5 "$work/output" >&2
                return 1
        fi
        seconds=$(awk '{ print $1 }' "$work/time")
        peak=$(awk '{ printf "%.1f", $2 / 1024 }' "$work/time")
        cpu=$(awk '{ printf "%.2f", $3 + $4 }' "$work/time")
}

# per COUNT SECONDS: how many in a second.
per() {
        awk -v n="$1" -v s="$2" 'BEGIN { printf "%.0f", n / (s > 0 ? s : 0.01) }'
}

# table TITLE…: a heading; then `row VALUE…`, a value a column.
table() {
        widths=()
        local title
        for title in "$@"; do
                widths+=($((${#title} > 10 ? ${#title} : 10)))
        done
        row "$@"
}

row() {
        local i=0 value
        for value in "$@"; do
                printf '%s%*s' "$([ $i = 0 ] || echo '  ')" "${widths[i]}" "$value"
                i=$((i + 1))
        done
        echo
}

ask() { # SQL: the answer alone, as the administrator of the server
        psql -qAtd reporting -c "$1"
}

# What the sample catalog counts (tests/catalogd/README.md).
catalog_state() {
        curl -fsS "$catalog_url/control/state" | tr -d ' \t\n' | grep -o "\"$1\":[0-9]*" | cut -d: -f2
}

catalog_requests() { # all kinds together
        curl -fsS "$catalog_url/control/state" | tr -d ' \t\n' | sed 's/.*"requests":{\([^}]*\)}.*/\1/' | tr ',' '\n' | awk -F: '{ n += $2 } END { print n }'
}

service_pid=

# The service with $conf. Sets service_pid, and `ready`: the seconds until it served.
service_start() {
        local began
        began=$(date +%s.%N)
        edgemirror -c "$conf" run </dev/null >"$work/service.log" 2>&1 &
        service_pid=$!
        wait_for "$service_pid" "$work/service.log" grep -q 'serving ' "$work/service.log"
        ready=$(awk -v a="$began" -v b="$(date +%s.%N)" 'BEGIN { printf "%.1f", b - a }')
}

service_stop() {
        local pid
        for pid in $service_pid; do # of bench/soak, two
                kill "$pid" && wait "$pid"
        done
        service_pid=
}

service_memory() { # VmRSS or VmHWM, in MiB
        awk -v key="$1:" '$1 == key { printf "%.1f", $2 / 1024 }' "/proc/$service_pid/status"
}

service_cpu() { # seconds so far, children of it none
        awk -v hz="$(getconf CLK_TCK)" '{ print ($14 + $15) / hz }' "/proc/$service_pid/stat"
}
