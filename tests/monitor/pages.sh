# The pages, looked at by those they are for: real Chromium opens each of them, of mirrors of 0, 1, 200 and 10,000 edges, with trouble of each kind, of edges and of the service, at the width of
# a telephone and of a desk, light and dark, and on paper with every column. Nothing may be in its console, nothing asked for elsewhere, nothing serious or critical found by axe-core. The
# screenshots stay in EDGEMIRROR_SCREENSHOTS, to be looked at. With EDGEMIRROR_PICTURES=FOLDER only the pictures of the documents are made (scripts/pictures).
# See scripts/check-monitor; axe-core and puppeteer-core come from npm.
# packages: chromium libxml2-utils pngquant
# shellcheck shell=bash
set -u
. "$top/scripts/lib.sh"
service_pid=
screenshots=${EDGEMIRROR_SCREENSHOTS:-${TMPDIR:-/tmp}/edgemirror-screenshots}
port=9744
while (: <"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do port=$((port + 1)); done
origin=http://127.0.0.1:$port
export NODE_PATH=$work/node_modules

stop_all() {
        [ -z "$service_pid" ] || { kill "$service_pid" && wait "$service_pid"; } 2>/dev/null
        catalog_stop
        postgres_stop
}
trap stop_all EXIT

modules() {
        command -v npm >/dev/null || install_packages nodejs npm || return 1
        (cd "$work" && npm install --silent --no-audit --no-fund puppeteer-core axe-core) >&2
}

# A service with one edge of its own; the others are those that fill makes. Its commands are shown as those of an installation are.
monitor_start() {
        local config=$work/edgemirror.conf command=("$build/edgemirror" -c "$work/edgemirror.conf")
        if [ -n "$etc" ]; then
                mkdir -p "$etc/edgemirror"
                config=$etc/edgemirror/edgemirror.conf command=("$build/edgemirror")
        fi
        postgres_start "$work/pg" || return 1
        catalog_start "$build" "$work" --edges 1 --rows 3 || return 1
        {
                peers_configuration "$work"
                printf '[monitor]\nlisten = %s\n[edge "e0"]\nid = %s\nschedule = weekly\n' "${origin#http://}" "$(catalog_edges)"
        } >"$config"
        "${command[@]}" -q migrate || return 1
        "${command[@]}" run >"$work/service.log" 2>&1 &
        service_pid=$!
        wait_for "$service_pid" "$work/service.log" curl -fs -o "$work/answer" "$origin/readyz"
}

# fill EDGES ROWS TROUBLE SERVICE: see fill.sql.
fill() {
        PGOPTIONS='-c client_min_messages=warning' psql -qAtd reporting -v ON_ERROR_STOP=1 -v "edges=$1" -v "rows=$2" -v "trouble=$3" -v "service=$4" \
                -f "$top/tests/monitor/fill.sql" >"$work/fill.log" 2>&1 || {
                echo "not ok - fill $*: $(tail -n 1 "$work/fill.log")"
                return 1
        }
}

# look WORLD [STATUS:]PATH…
look() { node "$top/tests/monitor/look.js" "$origin" "$screenshots" "$@"; }

# As XML, too; and what it costs.
well_formed() {
        local path
        for path; do
                curl -sS -w '%{http_code} in %{time_total} s, %{size_download} bytes' -o "$work/page.html" "$origin$path" >"$work/answer"
                if xmllint --noout "$work/page.html"; then
                        echo "ok - well-formed $path: $(cat "$work/answer")"
                else
                        echo "not ok - well-formed $path"
                fi
        done
}

pages() {
        mkdir -p "$screenshots"
        local service
        local long_name=a-very-long-name-of-an-edge-connection-that-somebody-in-the-department-of-finance-has-given-to-it-and-that-goes-on-and-on
        fill 0 0 false well && look nothing / /inventory /changes
        fill 1 25 false well && look one / /edges/oracle-finance-1 /inventory /changes
        fill 200 40 true well && look many / '/?state=attention&sort=listed&order=desc' /edges/oracle-finance-001 /edges/mssql-sales-003 /edges/snowflake-claims-006 \
                /edges/oracle-prod-007 /edges/hive-archive-005 '/edges/%3Cscript%3Ealert(%229%22)%3C%2Fscript%3E' /inventory \
                '/inventory?q=report' '/inventory?show=unregistered' "/inventory?edge=$long_name" /changes '/changes?kind=changed' "/changes?edge=$long_name" \
                '/changes?edge=mssql-sales-003&day=2001-02-03'
        well_formed / /edges/oracle-prod-007 '/inventory?q=report' /changes '/?state=x' /edges/nowhere
        look refused '400:/?state=x' 404:/edges/nowhere
        for service in catalog pause credentials lock postgres discovery silent nobody; do
                fill 200 40 false "$service" && look "service-$service" / /inventory /edges/oracle-finance-001
        done
        fill 10000 10 true well && look very-many / '/?sort=state&page=3' /edges/oracle-finance-00001 /inventory /changes
        well_formed / '/?sort=rows&order=desc&page=50' /edges/oracle-finance-00001 /inventory /changes
        postgres_stop
        look postgres-away 503:/ 503:/edges/oracle-finance-00001 503:/inventory 503:/changes
        echo "# screenshots: $screenshots"
}

picture() { # FILE PATH WIDTH HEIGHT light|dark
        local file=$EDGEMIRROR_PICTURES/$1
        if node "$top/tests/monitor/picture.js" "$origin$2" "$work/picture.png" "$3" "$4" "$5" &&
                pngquant --force --speed 1 --strip --output "$file" 64 "$work/picture.png" && [ "$(stat -c %s "$file")" -lt 100000 ]; then
                echo "ok - $file: $(stat -c %s "$file") bytes"
        else
                echo "not ok - $file"
        fi
}

pictures() {
        fill 40 40 false well || return 1
        psql -qd reporting -c "UPDATE edgemirror.edge SET consecutive_failures = 3 WHERE name = 'oracle-finance-01'" -c "UPDATE edgemirror.sync_run r SET outcome = 'failed',
                error_message = 'the catalog answered GET /rest/catalogDatabase/v1/databaseConnections with status 500: The Edge site eu-1 does not answer.'
                FROM edgemirror.edge e WHERE e.last_run_id - r.run_id BETWEEN 0 AND 2 AND e.edge_connection_id = r.edge_connection_id AND e.name = 'oracle-finance-01'"
        picture edges.png / 1000 720 light
        picture edges-telephone.png / 375 720 dark
        picture inventory.png /inventory 1000 788 light
        fill 40 40 true well && picture edge.png /edges/mssql-sales-03 1000 740 light
}

if ! modules || ! monitor_start; then
        echo "not ok - a service and a browser"
elif [ -n "${EDGEMIRROR_PICTURES:-}" ]; then
        pictures
else
        pages
fi
