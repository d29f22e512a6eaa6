#!/bin/bash
# The driver in the container: what an administrator does with the service, and what must come of it. TAP on standard output.
#
# Waits are for what must happen and are bounded; nothing is concluded from how long something took.
set -u

test=/opt/edgemirror-test
config=$sysconfdir/edgemirror/edgemirror.conf
dropin=/etc/systemd/system/edgemirror.service.d/test.conf
catalog=http://127.0.0.1:8080
PG_BINDIR=$(printf '%s\n' /usr/lib/postgresql/*/bin /usr/bin | sort -V | while read -r d; do [ ! -x "$d/postgres" ] || echo "$d"; done | tail -n 1)

cases=0
why=
# check NAME FUNCTION: one case. A function that fails sets `why`; the journal of its time explains the rest.
check() {
        local since
        since=$(date '+%F %T')
        cases=$((cases + 1))
        why=
        if "$2"; then
                echo "ok $cases - $1"
                return
        fi
        echo "not ok $cases - $1"
        {
                journalctl --sync
                echo "${why:-$2 failed}"
                systemctl status --no-pager --lines=0 edgemirror
                journalctl --no-pager -q -o short-precise --since "$since" -u edgemirror -u edgemirror-test | tail -n 40
        } 2>&1 | sed 's/^/# /'
        return 1
}

# until_true COMMAND…: as soon as it succeeds; false after a minute.
until_true() {
        local _
        for _ in $(seq 600); do
                "$@" 2>/dev/null && {
                        why=
                        return 0
                }
                sleep 0.05
        done
        why="waited in vain for: $*${why:+ ($why)}"
        return 1
}

is() { # WHAT VALUE EXPECTED
        [ "$2" = "$3" ] && return
        why="$1 is \"$2\", not \"$3\""
        return 1
}

property() { systemctl show --value -p "$1" edgemirror; }
status_says() { property StatusText | grep -qF "$1"; }
property_is() { is "$1" "$(property "$1")" "$2"; }
sql() { setpriv --reuid=postgres --regid=postgres --init-groups psql -XqAtd reporting -c "$1" </dev/null; }
sql_is() { is "$1" "$(sql "$1")" "$2"; }
control() { curl -fsS -o /dev/null -X "$1" "$catalog/control/$2" ${3:+-H 'Content-Type: application/json' -d "$3"}; }

# entries MATCH…: the service's entries with these fields, as JSON. PostgreSQL and systemd speak of the same unit; only its own process counts.
entries() { journalctl -q -o json _SYSTEMD_UNIT=edgemirror.service SYSLOG_IDENTIFIER=edgemirror "$@"; }
has_entry() { entries "$@" | grep -q .; }
message_id() { sed -n "s/^#define MESSAGE_ID_$1 .*\"\(.*\)\".*/\1/p" "$test/message_id.h"; }
has_event() { # EVENT MATCH…
        local id
        id=$(message_id "$1")
        shift
        [ -n "$id" ] && has_entry MESSAGE_ID="$id" "$@"
}
count_events() { entries MESSAGE_ID="$(message_id "$1")" | wc -l; }
one_more_event() { [ "$(count_events "$1")" -gt "$2" ]; }

# runs EDGE: how many syncs of it went well.
runs() { sql "SELECT count(*) FROM edgemirror.sync_run r JOIN edgemirror.edge USING (edge_connection_id) WHERE name = '$1' AND r.outcome = 'synced'"; }
more_runs() { [ "$(runs "$1")" -gt "$2" ]; }
# due EDGE: now instead of within a minute. The service notices when the next of the many edges falls due.
due() { sql "UPDATE edgemirror.edge_claim SET next_run_at = now() WHERE edge_connection_id = (SELECT edge_connection_id FROM edgemirror.edge WHERE name = '$1')"; }
goes_on() { # EDGE: a further sync of it
        local before
        before=$(runs "$1")
        due "$1" && until_true more_runs "$1" "$before"
}
same_rows() { # EDGE ID: the mirror has what the catalog has
        [ "$(curl -fsS "$catalog/control/rows?edge=$2&format=copy" | LC_ALL=C sort | md5sum)" = \
                "$(sql "COPY (SELECT id, d.name, database_id FROM edgemirror.database_connection d WHERE edge_connection_id = '$2'
                        AND removed_at IS NULL) TO STDOUT" | LC_ALL=C sort | md5sum)" ]
}

# configure CONNINFO EDGE=ID…: the configuration. Besides these edges there are many small ones, spread over the minute, so that every few seconds
# something is due: no schedule is shorter than a minute.
configure() {
        local edge many=()
        for edge in "${ids[@]:4}"; do many+=("many-$((${#many[@]} + 1))=$edge"); done
        {
                cat <<END
[catalog]
url = $catalog
auth = basic
username = svc-edgemirror
password_file = credential:catalog

[postgres]
conninfo = dbname=reporting user=edgemirror $1
password_file = credential:postgres

[daemon]
lease = 10s

[defaults]
schedule = every 1m
spread = 1m
poll_min = 50ms
confirm_removals = 1
removal_delay = 0s
END
                for edge in "${@:2}" "${many[@]}"; do
                        printf '\n[edge "%s"]\nid = %s\n' "${edge%%=*}" "${edge#*=}"
                done
        } >"$config"
}

socket='host=/run/postgresql'
tcp='host=127.0.0.1'

# as_service COMMAND…: a command of the program by hand, with the user and the secrets of the service, as the README says it.
as_service() {
        systemd-run --quiet --wait --pipe -p User=edgemirror -p LoadCredential=catalog:edgemirror.catalog -p LoadCredential=postgres:edgemirror.postgres \
                "$bindir/edgemirror" "$@"
}

prepare() {
        systemd-sysusers && journalctl --update-catalog || return 1
        id edgemirror >/dev/null || return 1

        install -d -o postgres -g postgres -m 700 /var/lib/edgemirror-test
        echo "PG_BINDIR=$PG_BINDIR" >/run/edgemirror-test.postgres
        setpriv --reuid=postgres --regid=postgres --init-groups "$PG_BINDIR/initdb" -D /var/lib/edgemirror-test -E UTF8 --no-sync >/dev/null || return 1
        # The service's user is known by name on the socket, by password elsewhere; nobody is trusted.
        printf '%s\n' 'local all postgres peer' 'local reporting edgemirror peer' 'host reporting edgemirror 127.0.0.1/32 scram-sha-256' \
                >/var/lib/edgemirror-test/pg_hba.conf
        systemctl start edgemirror-test-postgres edgemirror-test-catalog || return 1
        setpriv --reuid=postgres --regid=postgres --init-groups psql -XqAtd postgres -c "CREATE ROLE edgemirror LOGIN PASSWORD 'battery-staple'" \
                -c 'CREATE ROLE edgemirror_reader' -c 'CREATE ROLE edgemirror_operator' -c 'CREATE DATABASE reporting OWNER edgemirror' || return 1
        until_true curl -fsS -o /dev/null "$catalog/control/state" || return 1
        mapfile -t ids < <(curl -fsS "$catalog/control/edges" | grep -o '"id": *"[^"]*"' | cut -d'"' -f4)
        is 'the number of edges' "${#ids[@]}" 64 || return 1

        install -d -m 700 /etc/credstore "$(dirname "$dropin")"
        (umask 077 && echo correct-horse >/etc/credstore/edgemirror.catalog && echo battery-staple >/etc/credstore/edgemirror.postgres)
        configure "$socket" "alpha=${ids[0]}" "beta=${ids[1]}" "empty=${ids[2]}"
        as_service migrate >/dev/null || return 1
        as_service check >"$test/check" || why=$(cat "$test/check")
        [ -z "$why" ]
}

nothing_to_complain_about() {
        local unit words man=yes
        command -v man >/dev/null || man=no
        for unit in edgemirror.service edgemirror-monitor.socket; do
                words=$(systemd-analyze verify --man=$man "$unit" 2>&1) || why="it failed"
                is "what verify says of $unit" "$words" '' || return 1
        done
        # Of what runs it judges services alone; of a file, a socket as well.
        words=$(systemd-analyze security --no-pager --threshold=10 edgemirror.service 2>&1 &&
                systemd-analyze security --no-pager --threshold=10 --offline=yes "$(systemctl show --value -p FragmentPath edgemirror-monitor.socket)" 2>&1) || {
                why=$words
                return 1
        }
}

# While PostgreSQL keeps the registration waiting, the service is not active: what is ordered after it does not start too early.
active_once_it_serves() {
        local lock
        setpriv --reuid=postgres --regid=postgres --init-groups psql -Xqd reporting -c 'BEGIN' -c 'LOCK edgemirror.edge IN ACCESS EXCLUSIVE MODE' \
                -c "SELECT pg_sleep(60)" </dev/null >/dev/null 2>&1 &
        lock=$!
        until_true sql_is "SELECT count(*) FROM pg_locks WHERE mode = 'AccessExclusiveLock' AND relation = 'edgemirror.edge'::regclass AND granted" 1 || return 1
        systemctl start --no-block edgemirror
        until_true sql_is "SELECT count(*) FROM pg_stat_activity WHERE usename = 'edgemirror' AND wait_event_type = 'Lock'" 1 || return 1
        property_is ActiveState activating || return 1
        sql "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(60)' AND pid <> pg_backend_pid()" >/dev/null
        wait "$lock"
        until_true property_is ActiveState active || return 1
        sql_is 'SELECT count(*) FROM edgemirror.edge WHERE enabled' 63 || return 1
        until_true has_event SERVICE_STARTED || return 1
        until_true status_says edges
}

mirrors_on_schedule() {
        # By the schedule alone: nothing but many small edges, each at its own second of the minute, and none before.
        until_true sql_is "SELECT count(DISTINCT edge_connection_id) >= 4 FROM edgemirror.sync_run WHERE outcome = 'synced' AND trigger = 'schedule'" t || return 1
        sql_is "SELECT count(*) FROM edgemirror.sync_run r JOIN edgemirror.edge_claim c USING (edge_connection_id)
                WHERE r.started_at < c.next_run_at - interval '1 minute'" 0 || return 1
        goes_on alpha && goes_on beta && goes_on empty || return 1
        same_rows alpha "${ids[0]}" && same_rows beta "${ids[1]}" || {
                why='the mirror differs from the catalog'
                return 1
        }
        control POST "edges/${ids[1]}/rows" '{"op":"add","name":"new today"}' && goes_on beta || return 1
        sql_is "SELECT count(*) FROM edgemirror.inventory WHERE edge = 'beta' AND name = 'new today'" 1
}

# An edge that fails is what a person filters for and what alerts hang on; the other edges go on.
facts_in_the_journal() {
        local run job fact
        has_entry EDGE=alpha || {
                why='no entry of edge alpha'
                return 1
        }
        control POST faults "{\"kind\":\"list\",\"edge\":\"${ids[0]}\",\"count\":1,\"status\":404}" && due alpha || return 1
        until_true has_event RUN_FAILED EDGE=alpha PRIORITY=4 || return 1
        run=$(sql "SELECT max(run_id) FROM edgemirror.sync_run WHERE outcome = 'failed'")
        job=$(sql "SELECT job_id FROM edgemirror.sync_run WHERE run_id = $run")
        for fact in RUN_ID="$run" JOB_ID="$job" OUTCOME=failed REFRESH=clean HTTP_STATUS=404; do
                has_event RUN_FAILED EDGE=alpha RUN_ID="$run" "$fact" || {
                        why="the entry of run $run has no $fact"
                        return 1
                }
        done
        entries RUN_ID="$run" | grep -Eq '"PHASE":"[a-z]+"' || {
                why="the entry of run $run has no PHASE"
                return 1
        }
        journalctl -q -x -o short _SYSTEMD_UNIT=edgemirror.service RUN_ID="$run" | grep -q 'The sync of edge alpha failed' || {
                why='the message catalog says nothing of it'
                return 1
        }
        goes_on beta && goes_on alpha
}

reload_takes_a_good_file() {
        local pid
        pid=$(property MainPID)
        configure "$socket" "alpha=${ids[0]}" "beta=${ids[1]}" "late=${ids[3]}"
        systemctl reload edgemirror || return 1
        until_true has_event SERVICE_RELOADED || return 1
        goes_on late && same_rows late "${ids[3]}" || return 1
        sql_is "SELECT enabled FROM edgemirror.edge WHERE name = 'empty'" f || return 1
        property_is ActiveState active && property_is MainPID "$pid"
}

reload_refuses_a_bad_file() {
        local pid
        pid=$(property MainPID)
        echo 'no such key = 1' >>"$config"
        systemctl reload edgemirror || return 1
        until_true has_event RELOAD_REFUSED PRIORITY=3 || return 1
        entries | grep -q 'edgemirror.conf:' || {
                why='the journal does not name file and line'
                return 1
        }
        goes_on alpha && goes_on late || return 1
        property_is ActiveState active && property_is MainPID "$pid"
}

# A page that does not come holds the sync in the middle; the stop takes it back.
stops_in_the_middle_of_a_sync() {
        control POST faults "{\"kind\":\"list\",\"edge\":\"${ids[0]}\",\"offset_min\":1,\"count\":1,\"delay_ms\":600000}" && due alpha || return 1
        until_true sql_is "SELECT count(*) FROM edgemirror.sync_run WHERE outcome IS NULL AND phase = 'list' AND edge_connection_id = '${ids[0]}'" 1 || return 1
        systemctl stop edgemirror || return 1
        property_is ActiveState inactive && property_is Result success && property_is ExecMainStatus 0 || return 1
        sql_is 'SELECT count(*) FROM edgemirror.edge_claim WHERE holder IS NOT NULL' 0 || return 1
        sql_is "SELECT outcome FROM edgemirror.sync_run WHERE edge_connection_id = '${ids[0]}' ORDER BY run_id DESC LIMIT 1" aborted || return 1
        until_true has_event SERVICE_STOPPED
}

# Credentials, the resolver's and Kerberos' libraries under the same confinement.
speaks_tcp_with_a_password() {
        configure "$tcp" "alpha=${ids[0]}" "beta=${ids[1]}"
        systemctl start edgemirror || return 1
        until_true sql_is "SELECT DISTINCT client_addr FROM pg_stat_activity WHERE usename = 'edgemirror'" 127.0.0.1 || return 1
        goes_on alpha
}

survives_postgres() {
        local pid before
        pid=$(property MainPID)
        before=$(count_events POSTGRES_UNREACHABLE)
        systemctl stop edgemirror-test-postgres
        until_true one_more_event POSTGRES_UNREACHABLE "$before" || return 1
        property_is ActiveState active || return 1
        until_true status_says PostgreSQL || return 1
        before=$(count_events POSTGRES_BACK)
        systemctl start edgemirror-test-postgres || return 1
        until_true one_more_event POSTGRES_BACK "$before" || return 1
        goes_on alpha || return 1
        property_is ActiveState active && property_is MainPID "$pid"
}

starts_without_postgres() {
        systemctl stop edgemirror edgemirror-test-postgres
        systemctl start edgemirror || return 1
        until_true status_says PostgreSQL || return 1
        systemctl start edgemirror-test-postgres || return 1
        goes_on alpha
}

pings_for() { # MICROSECONDS: so long after its start the service still gave a sign of life
        [ $(($(property WatchdogTimestampMonotonic) - $(property ActiveEnterTimestampMonotonic))) -ge "$1" ]
}

watched() {
        local pid
        printf '[Service]\nWatchdogSec=1s\nRestartSec=100ms\n' >"$dropin"
        systemctl daemon-reload && systemctl restart edgemirror || return 1
        pid=$(property MainPID)
        until_true pings_for 3000000 || return 1
        property_is MainPID "$pid" && property_is NRestarts 0 || return 1
        kill -STOP "$pid"
        until_true property_is NRestarts 1 && until_true property_is ActiveState active || return 1
        journalctl -q -u edgemirror -o cat | grep -q "Failed with result 'watchdog'" || {
                why='it was not the watchdog'
                return 1
        }
        goes_on alpha && goes_on beta || return 1
        [ "$(property MainPID)" != "$pid" ] && property_is NRestarts 1
}

# edgemirror@tenant: another configuration, secrets of its own; the service itself is away, and its secrets are.
template_serves() {
        local secret
        systemctl stop edgemirror
        mv "$config" "$sysconfdir/edgemirror/tenant.conf"
        for secret in catalog postgres; do
                mv "/etc/credstore/edgemirror.$secret" "/etc/credstore/edgemirror.tenant.$secret" || return 1
        done
        systemctl start edgemirror@tenant || return 1
        goes_on alpha && goes_on beta || return 1
        is 'the state of edgemirror@tenant' "$(systemctl show --value -p ActiveState edgemirror@tenant)" active || return 1
        systemctl stop edgemirror@tenant
        is 'the end of edgemirror@tenant' "$(systemctl show --value -p Result edgemirror@tenant)" success || return 1
        mv "$sysconfdir/edgemirror/tenant.conf" "$config"
}

# As docs/containers.md says it: the user and the credentials of the service.
init_as_the_service() {
        as_service init --output /var/tmp/first.conf --url "$catalog" --auth basic --username svc-edgemirror --secret-file credential:catalog \
                --postgres 'host=/run/postgresql dbname=reporting user=edgemirror' </dev/null >/dev/null || return 1
        is 'owner and mode of the new file' "$(stat -c '%U %a' /var/tmp/first.conf)" 'edgemirror 600' || return 1
        as_service -c /var/tmp/first.conf check >/dev/null
}

# As it is advised to whom systemd has passed no secret: the database is that of the environment, not that of the configuration.
another_database() {
        local advice
        setpriv --reuid=postgres --regid=postgres --init-groups psql -XqAtd postgres -c 'CREATE DATABASE bi OWNER edgemirror' || return 1
        echo 'host bi edgemirror 127.0.0.1/32 scram-sha-256' >>/var/lib/edgemirror-test/pg_hba.conf
        sql 'SELECT pg_reload_conf()' >/dev/null || return 1
        export EDGEMIRROR_POSTGRES_CONNINFO='host=127.0.0.2 dbname=bi user=edgemirror'
        advice=$(runuser -u edgemirror -- "$bindir/edgemirror" migrate 2>&1)
        unset EDGEMIRROR_POSTGRES_CONNINFO
        advice=${advice##*, as root:}
        why="advised was: $advice"
        advice=$(PATH="$bindir:$PATH" eval "${advice%COMMAND}migrate" </dev/null 2>&1)
        case $advice in
        'database bi at 127.0.0.2, schema edgemirror: version 0 → '*) why= ;;
        *) why="$why; that says: $advice" ;;
        esac
        [ -z "$why" ]
}

answers() { curl -fsS "http://127.0.0.1:9743/$1"; }
answers_with() { is "$1" "$(answers "$1")" "$2"; }
socket_is() { is 'the state of the socket' "$(systemctl show --value -p ActiveState edgemirror-monitor.socket)" "$1"; }

# The service binds nothing itself; a scrape starts nothing that was stopped.
monitor_by_activation() {
        printf '[Service]\nSocketBindDeny=any\nIPAddressAllow=\nIPAddressAllow=localhost\n' >"$dropin"
        systemctl enable -q edgemirror-monitor.socket && systemctl restart edgemirror || return 1
        until_true answers_with healthz ok && until_true answers_with readyz ready || return 1
        systemctl restart edgemirror || return 1
        until_true answers_with readyz ready && goes_on alpha || return 1
        systemctl reload edgemirror && until_true answers_with healthz ok || return 1
        systemctl stop edgemirror
        until_true socket_is inactive || return 1
        ! answers healthz 2>/dev/null || {
                why='it answers although it was stopped'
                return 1
        }
        property_is ActiveState inactive || return 1
        systemctl start edgemirror || return 1
        until_true answers_with healthz ok
}

# Without activation: a unix socket in the service's own directory.
monitor_on_a_file() {
        systemctl disable -q edgemirror-monitor.socket && systemctl stop edgemirror || return 1
        rm "$dropin" && systemctl daemon-reload
        printf '\n[monitor]\nlisten = /run/edgemirror/monitor.sock\n' >>"$config"
        systemctl start edgemirror || return 1
        is 'what the file says' "$(curl -fsS --unix-socket /run/edgemirror/monitor.sock http://localhost/healthz)" ok || return 1
        # confined as it is, it can look at itself
        is 'figures of the process' "$(curl -fsS --unix-socket /run/edgemirror/monitor.sock http://localhost/metrics |
                grep -cE '^process_(cpu_seconds_total|resident_memory_bytes|open_fds|start_time_seconds) [0-9.]*[1-9]')" 4 || return 1
        is 'owner and mode of the socket' "$(stat -c '%U %G %a' /run/edgemirror/monitor.sock)" 'edgemirror edgemirror 660' || return 1
        systemctl stop edgemirror
        [ ! -e /run/edgemirror ] || {
                why='the directory is left behind'
                return 1
        }
}

not_restarted_when_invalid() {
        systemctl stop edgemirror
        systemctl enable -q edgemirror-monitor.socket
        echo 'no such key = 1' >>"$config"
        systemctl start edgemirror 2>/dev/null && {
                why='it started'
                return 1
        }
        # With a restart pending it would be "activating (auto-restart)".
        property_is ExecMainStatus 78 && property_is ActiveState failed && property_is NRestarts 0 || return 1
        # nor by whoever asks the monitor
        until_true socket_is inactive
}

secrets_stay_secret() {
        journalctl --sync
        journalctl -q --no-pager -o export _UID="$(id -u edgemirror)" >/run/edgemirror-test.journal
        grep -aq MESSAGE=serving /run/edgemirror-test.journal || {
                why='nothing to look through'
                return 1
        }
        ! grep -aq -e correct-horse -e battery-staple /run/edgemirror-test.journal && return
        why='a password is in the journal'
        return 1
}

trap 'journalctl --no-pager -q -o short-precise >"$test/journal"' EXIT
# Without CAP_NET_ADMIN neither systemd-nspawn nor the systemd in the container can bring it up, and both go on.
[ "$(cat /sys/class/net/lo/operstate)" != down ] || {
        echo '1..0 # SKIP the installed service: a container may not configure its loopback device here (CAP_NET_ADMIN)'
        exit
}
check 'the service can be set up' prepare || {
        echo 'Bail out! nothing else can be tried'
        exit
}
check 'systemd has nothing to complain about' nothing_to_complain_about
check 'active once it serves, not before' active_once_it_serves
check 'edges are mirrored on schedule, by peer authentication and with credentials' mirrors_on_schedule
check 'the journal has the facts, an alert its MESSAGE_ID and its text' facts_in_the_journal
check 'reload takes up a good configuration' reload_takes_a_good_file
check 'reload refuses a bad configuration and goes on' reload_refuses_a_bad_file
check 'stop in the middle of a sync releases everything' stops_in_the_middle_of_a_sync
check 'PostgreSQL over TCP with a password works under the confinement' speaks_tcp_with_a_password
check 'PostgreSQL may go and come back' survives_postgres
check 'PostgreSQL may be away at start' starts_without_postgres
check 'a service that hangs is killed and begins again' watched
check 'the monitor answers on a socket that systemd opened, while the service runs' monitor_by_activation
check 'the monitor answers on a unix socket of its own' monitor_on_a_file
check 'a first configuration is made with the user and the secrets of the service' init_as_the_service
check 'another database is migrated as it is advised' another_database
check 'the template serves another configuration with secrets of its own' template_serves
check 'an invalid configuration is not tried again' not_restarted_when_invalid
check 'no secret is in the journal' secrets_stay_secret
echo "1..$cases"
