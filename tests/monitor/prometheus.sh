# The metrics, the dashboards and the alert rules, together with a real Prometheus and a real PostgreSQL: a world in which everything that they show is there,
# trouble of each kind among it. See scripts/check-monitor.
# packages: prometheus jq
# shellcheck shell=bash
set -u
. "$top/scripts/lib.sh"
PATH=$build:$PATH
dashboards=$top/dashboards
failures=0
service_pid=
prometheus_pid=

stop_all() {
        for pid in $service_pid $prometheus_pid; do
                kill "$pid" && wait "$pid"
        done 2>/dev/null
        catalog_stop
        postgres_stop
}
trap stop_all EXIT

# check NAME COMMAND…: it succeeds; what it says explains a failure.
check() {
        local name=$1
        shift
        if "$@" >"$work/said" 2>&1; then
                echo "ok - $name"
        else
                echo "not ok - $name"
                sed 's/^/# /' "$work/said"
                failures=$((failures + 1))
        fi
}

# await NAME COMMAND…: within a minute and a half.
await() {
        local name=$1 end=$((SECONDS + 90))
        shift
        until "$@" >"$work/said" 2>&1; do
                if [ $SECONDS -gt $end ]; then
                        check "$name" "$@"
                        return
                fi
                sleep 0.2
        done
        echo "ok - $name"
}

# Nobody listens on it now.
free_port() {
        local port
        while port=$((20000 + RANDOM % 20000)) && (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do :; done
        echo $port
}

# silent COMMAND…: it succeeds, and has nothing to say.
silent() {
        "$@" >"$work/silent" 2>&1
        local status=$?
        cat "$work/silent"
        [ $status = 0 ] && [ ! -s "$work/silent" ]
}

# ---- the rules alone ---------------------------------------------------------------------------

check "promtool accepts the alert rules" promtool check rules "$dashboards/edgemirror-alerts.yml"
check "the alerts fire when they should, and not before" promtool test rules "$top/tests/monitor/alerts_test.yml"

# ---- the world ---------------------------------------------------------------------------------

port=$(free_port)
postgres_start "$work/pg" || exit 1
catalog_start "$build" "$work" --edges 7 --rows 20 --job-wait 0s --job-run 0s --auth oauth2:mirror:correct-horse || exit 1
mapfile -t edges < <(catalog_edges)
names=(well held failing rejected pending slow unrefreshed)
control() { # PATH [BODY]
        curl -fsS -o "$work/answer" -H 'Content-Type: application/json' "$catalog_url/control/$1" ${2:+-d "$2"}
}
rows() { # EDGE OPERATIONS
        control "edges/${edges[$1]}/rows" "$2"
}
fault() { # EDGE MEMBERS
        control faults "{\"edge\": \"${edges[$1]}\", $2}"
}
control settings '{"token_lifetime_s": 200}'
(umask 077 && printf 'correct-horse\n' >"$work/secret")
cat >"$work/edgemirror.conf" <<END
[catalog]
url = $catalog_url
auth = oauth2
client_id = mirror
client_secret_file = $work/secret
[postgres]
conninfo = host=$PGHOST dbname=reporting user=edgemirror
[monitor]
listen = 127.0.0.1:$port
[daemon]
max_syncs = 1
[defaults]
schedule = every 24h
spread = 0s
poll_min = 100ms
poll_max = 200ms
removal_delay = 0s
END
for i in "${!names[@]}"; do
        printf '[edge "%s"]\nid = %s\n' "${names[i]}" "${edges[i]}" >>"$work/edgemirror.conf"
done
sql() {
        psql -XqAt -d reporting -c "$1"
}
syncs() {
        edgemirror -c "$work/edgemirror.conf" sync "$@" >>"$work/sync.log" 2>&1
}
edgemirror -c "$work/edgemirror.conf" migrate >"$work/migrate.log" 2>&1 && syncs || exit 1
# Of the ordinary: a row is renamed, one appears, one vanishes for good. And trouble.
rows 0 '[{"op": "rename", "index": 0, "name": "renamed"}, {"op": "add", "name": "new"}, {"op": "remove", "index": 2}]'
rows 1 '{"op": "remove", "index": 0, "count": 15}'
fault 2 '"kind": "list", "status": 403'
fault 3 '"kind": "list", "bad_row": "name-missing", "bad_row_index": 2'
rows 4 '{"op": "remove", "index": 0}'
fault 6 '"kind": "refresh", "end_state": "ERROR"'
for _ in 1 2; do
        syncs well failing
done
syncs held rejected pending unrefreshed

edgemirror -c "$work/edgemirror.conf" run 2>"$work/service.log" &
service_pid=$!
metrics() {
        curl -fsS "http://127.0.0.1:$port/metrics"
}
wait_for $service_pid "$work/service.log" metrics >"$work/first" || exit 1
check "promtool has nothing to say of the first scrape" silent promtool check metrics <"$work/first"

# ---- Prometheus --------------------------------------------------------------------------------

prometheus_port=$(free_port)
cat >"$work/prometheus.yml" <<END
global:
  scrape_interval: 1s
  evaluation_interval: 1s
rule_files:
  - $dashboards/edgemirror-alerts.yml
scrape_configs:
  - job_name: edgemirror
    static_configs:
      - targets: ["127.0.0.1:$port"]
END
check "promtool accepts the configuration" promtool check config "$work/prometheus.yml"
prometheus --config.file="$work/prometheus.yml" --storage.tsdb.path="$work/data" --web.listen-address="127.0.0.1:$prometheus_port" 2>"$work/prometheus.log" &
prometheus_pid=$!
api() { # PATH [curl's options…]
        curl -fsS -G "http://127.0.0.1:$prometheus_port/api/v1/$1" "${@:2}"
}
# gives EXPRESSION: the query has a result.
gives() {
        api query --data-urlencode "query=$1" >"$work/result" && jq -e '.data.result | length > 0' "$work/result" >"$work/length" || {
                echo "no data: $1"
                cat "$work/result"
                return 1
        }
}
alert() { # NAME: its expression is true
        api alerts | jq -r '.data.alerts[].labels.alertname' | sort -u | tee "$work/alerts" | grep -qx "$1" && return
        echo "only these: $(tr '\n' ' ' <"$work/alerts")"
        return 1
}
target_is_up() {
        gives 'up{job="edgemirror"} == 1'
}
await "Prometheus scrapes the service" target_is_up

# Everything at once, a minute after it was due: one edge has the only place and does not let go, another waits for it.
fault 5 '"kind": "refresh", "never_ends": true'
sql "UPDATE edgemirror.edge SET listed_at = now() - interval '2 days' WHERE name = 'pending'"
sql "UPDATE edgemirror.edge_claim SET next_run_at = now() - interval '1 minute'
      WHERE edge_connection_id IN (SELECT edge_connection_id FROM edgemirror.edge WHERE name IN ('failing', 'rejected'))"
kill -HUP $service_pid
await "syncs are counted" gives 'edgemirror_syncs_total >= 2'
sql "UPDATE edgemirror.edge_claim SET next_run_at = now() WHERE edge_connection_id = '${edges[5]}'"
kill -HUP $service_pid
await "a sync is under way" gives 'edgemirror_syncs_running == 1'
sql "UPDATE edgemirror.edge_claim SET next_run_at = now() - interval '5 minutes' WHERE edge_connection_id = '${edges[0]}'"
printf '[nonsense]\n' >>"$work/edgemirror.conf"
kill -HUP $service_pid

for name in EdgeFailing EdgesFailing EdgeStale MirrorStale EdgesOverdue RemovalsHeld EdgesUnrefreshed RowsRejected SyncsLate ReloadFailed; do
        await "alert Edgemirror$name" alert "Edgemirror$name"
done

# ---- the dashboards ----------------------------------------------------------------------------

while IFS=$'\t' read -r title expression; do
        expression=${expression//\$__rate_interval/30s}
        expression=${expression//\$instance/.*}
        check "operation: $title: ${expression:0:60}" gives "$expression"
done < <(jq -r '.panels[] | .title as $t | .targets[]? | [$t, .expr] | join("\t")' "$dashboards/edgemirror-operation.json")

sql "CREATE ROLE grafana LOGIN IN ROLE edgemirror_reader"
as_reader() {
        psql -XqAt -v ON_ERROR_STOP=1 -U grafana -d reporting -c "$1"
}
# answers SQL: at least a row, whose first value is neither null nor 0.
answers() {
        local first
        first=$(as_reader "$1" | head -n 1 | cut -d'|' -f1) && [ -n "$first" ] && [ "$first" != 0 ] && return
        echo "no data: $1"
        return 1
}
while IFS=$'\t' read -r title query; do
        query=$(sed -E "s/\\\$__timeFilter\(([^)]*)\)/\1 BETWEEN now() - interval '90 days' AND now()/g" <<<"$query")
        check "inventory: $title" answers "${query//\$edge/SELECT name FROM edgemirror.edge}"
        check "inventory: $title, of some edges" as_reader "${query//\$edge/\'well\',\'held\'}"
done < <(jq -r '.panels[] | .title as $t | .targets[]? | [$t, .rawSql] | join("\t")' "$dashboards/edgemirror-inventory.json")
check "the edges to choose from" answers "$(jq -r '.templating.list[] | select(.name == "edge") | .query' "$dashboards/edgemirror-inventory.json")"
reader_writes() {
        as_reader "DELETE FROM edgemirror.edge"
}
check "the reader writes nothing" eval '! reader_writes'

# ---- what stops everything ---------------------------------------------------------------------

# the token that is revoked is to be the last: another is asked for at once
control faults '{"kind": "token", "status": 401}'
control settings '{"token_series": 1}'
for name in CatalogDown CredentialsRefused TokenExpiring; do
        await "alert Edgemirror$name" alert "Edgemirror$name"
done
postgres_stop
await "alert EdgemirrorPostgresDown" alert EdgemirrorPostgresDown
kill "$service_pid" && wait "$service_pid"
service_pid=
await "alert EdgemirrorDown" alert EdgemirrorDown
sick() {
        api rules | jq -r '.data.groups[].rules[] | select(.health != "ok") | .name + ": " + .lastError'
}
check "Prometheus could evaluate every rule" silent sick

# Each alert but two was seen: that nobody is scraped (EdgemirrorMissing) cannot be asked of who scrapes, and that the figures have stood still for a quarter of
# an hour (EdgemirrorFiguresOld) would take that long; promtool has been asked of both.
[ "$failures" = 0 ]
