#!/bin/bash
# The driver of scripts/check-package, in a bare Debian that was booted for it: what an administrator does with the package, shown as it ran, and what must come
# of it, in lines of TAP between. In /packages there are the package, the same under a higher version, and one under a still higher one with another schema.
#
# Waits are for what must happen and are bounded; nothing is concluded from how long something took.
set -u
export LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive

config=/etc/edgemirror/edgemirror.conf
secret=/etc/credstore/edgemirror.catalog
catalog=http://127.0.0.1:8080
other_catalog=http://127.0.0.1:8081
page=http://127.0.0.1:9743
cases=0
why=

# shown COMMAND: runs it as a person would type it; what it said is in $said, too.
shown() {
        local status
        printf '# %s\n' "$1"
        said=$(eval "$1" </dev/null 2>&1)
        status=$?
        [ -z "$said" ] || printf '%s\n' "$said"
        return $status
}
# check NAME COMMAND…: one case. A function that fails sets `why`.
check() {
        cases=$((cases + 1))
        why=
        if "${@:2}"; then
                echo "ok $cases - $1"
                return
        fi
        echo "not ok $cases - $1"
        {
                echo "${why:-${*:2} failed}"
                systemctl status --no-pager --lines=0 edgemirror
                journalctl --sync
                journalctl --no-pager -q -o short-precise -u edgemirror -u 'edgemirror@*' -u sample-catalog -u other-catalog | tail -n 40
        } 2>&1 | sed 's/^/#| /'
        return 1
}
is() { # WHAT VALUE EXPECTED
        [ "$2" = "$3" ] && return
        why="$1 is \"$2\", not \"$3\""
        return 1
}
until_true() { # COMMAND…: false after a minute
        local _
        for _ in $(seq 600); do
                "$@" 2>/dev/null && return
                sleep 0.1
        done
        why="waited in vain for: $* ($why)"
        return 1
}
property() { systemctl show --value -p "$1" "${2:-edgemirror}"; }
property_is() { is "$1 of ${3:-edgemirror}" "$(property "$1" "${3:-edgemirror}")" "$2"; }
mode_is() { is "owner and mode of $1" "$(stat -c '%U:%G %a' "$1")" "$2"; }
sql() { setpriv --reuid=postgres --regid=postgres --init-groups psql -XqAtd "${2:-reporting}" -c "$1" </dev/null; }
sql_is() { is "$1" "$(sql "$1" "${3:-reporting}")" "$2"; }
said_so() { # WORDS
        printf '%s\n' "$said" | grep -qF -- "$1" && return
        why="nothing is said of: $1"
        return 1
}
answers() { curl -fsS "$page/$1"; }
ready() { is readyz "$(answers readyz)" ready; }
# As README.Debian and docs/several-instances.md have it: typed once, then every command has the user and the secrets of the service.
shopt -s expand_aliases
as_acme="alias acme='systemd-run --quiet --collect --wait --pty --pipe -p User=edgemirror -p LoadCredential=catalog:edgemirror.acme.catalog edgemirror -c /etc/edgemirror/acme.conf'"
as_service="alias edgemirror='systemd-run --quiet --collect --wait --pty --pipe -p User=edgemirror -p LoadCredential=catalog:edgemirror.catalog -p LoadCredential=postgres:edgemirror.postgres edgemirror'"

sample_catalog() { # UNIT PORT PASSWORD OPTION…
        systemd-run -q -u "$1" -p DynamicUser=yes -p Environment=LD_LIBRARY_PATH=/opt/catalogd /opt/catalogd/catalogd --port "$2" --auth "basic:svc-edgemirror:$3" --job-wait 50ms --job-run 100ms "${@:4}" &&
                until_true curl -fsS -o /dev/null "http://127.0.0.1:$2/control/state"
}
parts_are_there() {
        systemctl start postgresql && sample_catalog sample-catalog 8080 correct-horse --edges 3 --rows 1230,501,12 && sample_catalog other-catalog 8081 other-horse --edges 2 --rows 7,5 --seed 2
}

installed() { shown "apt-get install -qq -o Dpkg::Use-Pty=0 /packages/edgemirror_${old}_*.deb" && said_so 'edgemirror init'; }
user_is_there() { is 'the user' "$(getent passwd edgemirror | cut -d: -f5-)" 'edgemirror service:/:/usr/sbin/nologin'; }
at_rest() {
        is 'whether it is enabled' "$(systemctl is-enabled edgemirror.service)" disabled && is 'the socket' "$(systemctl is-enabled edgemirror-monitor.socket)" disabled &&
                property_is ActiveState inactive
}
modes() { mode_is /etc/edgemirror 'root:root 755' && mode_is /etc/edgemirror/edgemirror.conf.d 'root:root 755' && mode_is /usr/bin/edgemirror 'root:root 755'; }
everything_is_there() {
        local file
        for file in lib/systemd/system/edgemirror.service lib/systemd/system/edgemirror@.service lib/systemd/system/edgemirror-monitor.socket \
                usr/lib/sysusers.d/edgemirror.conf usr/lib/systemd/catalog/edgemirror.catalog usr/share/man/man1/edgemirror.1.gz \
                usr/share/bash-completion/completions/edgemirror usr/share/zsh/vendor-completions/_edgemirror usr/share/fish/vendor_completions.d/edgemirror.fish \
                usr/share/edgemirror/dashboards/edgemirror-alerts.yml usr/share/doc/edgemirror/docs/operating.md usr/share/doc/edgemirror/examples/edgemirror.conf; do
                [ -e "/$file" ] || {
                        why="no /$file"
                        return 1
                }
        done
        is 'what dpkg --verify says' "$(dpkg --verify edgemirror)" '' && journalctl --list-catalog | grep -q 'edgemirror serves'
}
says_what_is_missing() {
        shown 'systemctl start edgemirror' && {
                why='it started'
                return 1
        }
        property_is ExecMainStatus 78 && property_is ActiveState failed || return 1
        journalctl --sync
        shown 'journalctl -q -o cat -u edgemirror _COMM=edgemirror' && said_so "$config: no such file" && said_so 'edgemirror init' && systemctl reset-failed edgemirror
}
fails() { # COMMAND: that it fails
        ! shown "$1" && return
        why="$1 did not fail"
        return 1
}

first_configuration() {
        shown "su - postgres -c 'createuser edgemirror && createuser --no-login edgemirror_reader && createuser --no-login edgemirror_operator && createdb --owner edgemirror reporting'" && shown 'install -d -m 700 /etc/credstore' &&
                shown "(umask 077; echo correct-horse > $secret)" &&
                shown "$as_service" && eval "$as_service" &&
                shown "edgemirror init --output /var/tmp/edgemirror.conf --secret-file credential:catalog --url $catalog --auth basic --username svc-edgemirror --postgres 'host=/run/postgresql dbname=reporting user=edgemirror'" &&
                shown "mv -i /var/tmp/edgemirror.conf /etc/edgemirror/" && mode_is "$config" 'edgemirror:edgemirror 600' &&
                shown 'edgemirror migrate' && shown 'edgemirror check'
}
root_is_told() {
        fails '\edgemirror check' && said_so '-p LoadCredential=catalog:edgemirror.catalog edgemirror' && said_so 'put runuser -u NAME -- before it'
}
leaves_no_failed_unit() { fails 'edgemirror retire nosuch' && is 'what has failed' "$(systemctl --failed --no-legend)" ''; }
# Of the service, and of an instance of the template: which file is missing.
secret_is_missed() { # UNIT FILE
        mv "$2" /root/ && shown "systemctl restart $1" && {
                why='it started'
                return 1
        }
        journalctl --sync
        shown "journalctl -q -o cat -n 4 -u $1 _COMM=edgemirror" && said_so "create $2, owned by root" && mv "/root/${2##*/}" "$2" && shown "systemctl start $1"
}
serves() {
        shown 'systemctl enable edgemirror-monitor.socket edgemirror' && shown 'systemctl restart edgemirror' && property_is ActiveState active || return 1
        until_true ready
}
mirrored() {
        shown 'edgemirror sync' && sql_is 'SELECT count(*) FROM edgemirror.inventory' 1743
}
page_is_shown() {
        shown "curl -s $page/ | sed -n '/<h1>/{s/.*<h1>//; s/<[^>]*>//g; p}'" && said_so 'All 3 edges are well'
}
# As docs/several-instances.md has it: another catalog with its own configuration, secret and database.
template_serves() {
        shown "su - postgres -c 'createdb --owner edgemirror acme'" && shown '(umask 077; echo other-horse > /etc/credstore/edgemirror.acme.catalog)' && install -m 600 "$secret" /etc/credstore/edgemirror.acme.notify &&
                shown "$as_acme" && eval "$as_acme" &&
                shown "acme init --output /var/tmp/acme.conf --secret-file credential:catalog --url $other_catalog --auth basic --username svc-edgemirror --postgres 'host=/run/postgresql dbname=acme user=edgemirror'" &&
                shown 'mv -i /var/tmp/acme.conf /etc/edgemirror/' && shown 'acme migrate' && shown 'acme check' && shown 'systemctl enable --now edgemirror@acme' && property_is ActiveState active edgemirror@acme && shown 'acme sync' && shown 'acme status'
}
each_has_its_own() {
        sql_is 'SELECT count(*) FROM edgemirror.inventory' 12 acme && sql_is 'SELECT count(*) FROM edgemirror.inventory' 1743 &&
                sql_is 'SELECT count(*) FROM edgemirror.edge' 2 acme && sql_is 'SELECT count(*) FROM edgemirror.edge' 3 &&
                fails "acme -c $config sync" && said_so 'the catalog refuses the credentials'
}

# The socket cannot be started under a service that runs; restarted, that has it.
socket_comes_later() {
        shown 'systemctl disable --now edgemirror-monitor.socket' && shown 'systemctl enable edgemirror-monitor.socket' && shown 'systemctl restart edgemirror' &&
                property_is ActiveState active edgemirror-monitor.socket && until_true ready
}

# A page that does not come holds a sync in the middle.
sync_is_under_way() {
        edge=$(sql "SELECT edge_connection_id FROM edgemirror.edge ORDER BY name LIMIT 1")
        curl -fsS -o /dev/null -H 'Content-Type: application/json' "$catalog/control/faults" \
                -d "{\"kind\":\"list\",\"edge\":\"$edge\",\"count\":1,\"delay_ms\":600000}" || return 1
        shown "su - postgres -c \"psql -qAtd reporting -c 'SELECT count(edgemirror.request_sync(name)) FROM edgemirror.edge'\"" || return 1
        until_true sql_is "SELECT count(*) FROM edgemirror.sync_run WHERE outcome IS NULL AND phase = 'list' AND edge_connection_id = '$edge'" 1
}
upgraded() {
        pid=$(property MainPID) acme_pid=$(property MainPID edgemirror@acme)
        kept=$(stat -c '%n %U %G %a %Y' /etc/edgemirror/*.conf && sha256sum /etc/edgemirror/*.conf "$secret")
        run=$(sql "SELECT max(run_id) FROM edgemirror.sync_run WHERE outcome IS NULL AND edge_connection_id = '$edge'")
        began=$(date '+%F %T')
        shown "apt-get install -qq -o Dpkg::Use-Pty=0 /packages/edgemirror_${new}_*.deb" && ! said_so 'not started' && is 'the installed version' "$(dpkg-query -W -f '${Version}' edgemirror)" "$new"
}
aborted_cleanly() {
        sql_is "SELECT outcome FROM edgemirror.sync_run WHERE run_id = $run" aborted && property_is Result success &&
                is 'what was killed' "$(journalctl -q -o cat --since "$began" -u edgemirror -u edgemirror@acme | grep -c -i -e killing -e 'timed out' -e 'failed with')" 0
}
runs_anew() {
        property_is ActiveState active && property_is ActiveState active edgemirror@acme && is 'whether it is enabled' "$(systemctl is-enabled edgemirror)" enabled || return 1
        [ "$(property MainPID)" != "$pid" ] && [ "$(property MainPID edgemirror@acme)" != "$acme_pid" ] || {
                why='the old program runs still'
                return 1
        }
        until_true ready && until_true sql_is "SELECT outcome FROM edgemirror.sync_run WHERE run_id > $run AND edge_connection_id = '$edge' ORDER BY run_id LIMIT 1" synced
}
left_as_it_was() { is 'what is in /etc' "$(stat -c '%n %U %G %a %Y' /etc/edgemirror/*.conf && sha256sum /etc/edgemirror/*.conf "$secret")" "$kept"; }

# systemd starts a unit five times in ten seconds and no more: what is days apart elsewhere is not here.
of_another_day() { systemctl reset-failed edgemirror edgemirror@acme 2>/dev/null || true; }

# As docs/upgrading.md has it: a version whose schema is another one, and back.
schema_is_another() {
        of_another_day
        shown "su - postgres -c 'pg_dump -n edgemirror reporting > /tmp/before.sql'" && shown "su - postgres -c 'pg_dump -n edgemirror acme > /tmp/acme.sql'" &&
                shown "apt-get install -qq -o Dpkg::Use-Pty=0 /packages/edgemirror_${later}_*.deb" && ! said_so 'not started' && property_is ActiveState active && property_is ActiveState active edgemirror@acme &&
                until_true waits_for_the_schema
}
waits_for_the_schema() {
        said=$(curl -sS "$page/readyz") && said_so 'the schema is at version 1, this program needs 2' && said=$(property StatusText) && said_so 'run edgemirror migrate' &&
                said=$(property StatusText edgemirror@acme) && said_so 'run edgemirror -c /etc/edgemirror/acme.conf migrate'
}
goes_on_after_migrate() {
        shown 'edgemirror migrate' && said_so 'version 1 → 2' && shown 'acme migrate' && shown 'edgemirror check' && until_true ready && synced_anew && synced_anew acme && shown 'edgemirror status' && shown 'edgemirror verify'
}
# Once a minute.
requested_anew() { sql 'SELECT count(edgemirror.request_sync(name)) FROM edgemirror.edge' "$1" >/dev/null; }
synced_anew() { # [DATABASE]
        local before
        before=$(sql 'SELECT max(run_id) FROM edgemirror.sync_run' "${1:-reporting}") && until_true requested_anew "${1:-reporting}" &&
                until_true sql_is "SELECT count(*) = (SELECT count(*) FROM edgemirror.edge) FROM edgemirror.sync_run WHERE run_id > $before AND outcome = 'synced' AND trigger = 'manual' AND NOT by_hand" t "${1:-reporting}"
}
goes_back() {
        of_another_day
        # acme as a database where migrate could make no publication
        shown 'systemctl stop edgemirror edgemirror@acme' && sql 'DROP PUBLICATION edgemirror' acme &&
                shown "su - postgres -c \"psql reporting -q -v ON_ERROR_STOP=1 -1 -c 'DROP PUBLICATION IF EXISTS edgemirror' -c 'DROP SCHEMA edgemirror CASCADE' -f /tmp/before.sql\"" &&
                shown "su - postgres -c \"psql acme -q -v ON_ERROR_STOP=1 -1 -c 'DROP PUBLICATION IF EXISTS edgemirror' -c 'DROP SCHEMA edgemirror CASCADE' -f /tmp/acme.sql\"" &&
                shown "apt-get install -qq -o Dpkg::Use-Pty=0 --allow-downgrades /packages/edgemirror_${new}_*.deb" &&
                shown 'edgemirror migrate' && said_so 'at version 1 already' && shown 'acme migrate' && shown 'edgemirror check' && shown 'systemctl start edgemirror edgemirror@acme' && until_true ready &&
                synced_anew && synced_anew acme && shown 'edgemirror verify' && sql_is 'SELECT count(*) FROM edgemirror.inventory' 1743
}

removed() {
        shown 'apt-get remove -qq -o Dpkg::Use-Pty=0 edgemirror' && is 'processes of the user' "$(ps -o pid= -u edgemirror)" '' &&
                ! systemctl cat edgemirror >/dev/null 2>&1 && [ ! -e /usr/bin/edgemirror ]
}
leases_are_free() { sql_is 'SELECT count(*) FROM edgemirror.edge_claim WHERE holder IS NOT NULL' 0; }
# Removed and installed again: enabled as before, but who starts it is the administrator, who is told so.
back_again() {
        shown "apt-get install -qq -o Dpkg::Use-Pty=0 /packages/edgemirror_${new}_*.deb" && said_so 'not started: edgemirror.service edgemirror@acme.service;' && shown 'systemctl start edgemirror' && until_true ready
}
# A secret that another unit reads is nobody's but the administrator's.
purged() {
        install -D -m 600 /dev/null /etc/credstore.encrypted/edgemirror.catalog &&
                shown 'apt-get purge -qq -o Dpkg::Use-Pty=0 edgemirror' && rm /etc/credstore.encrypted/edgemirror.catalog && [ ! -e /etc/edgemirror ] && [ -z "$(ls /etc/credstore)" ] && is 'processes of the user' "$(ps -o pid= -u edgemirror)" ''
}
nothing_is_left() {
        is 'what is left' "$(find /etc /usr /lib/systemd /run /var -xdev -name '*edgemirror*' ! -path '/var/cache/apt/*' ! -path '/run/systemd/journal/*' ! -path '/var/lib/postgresql/*')" ''
}
# As it was copied there, by root, before the package came.
installed_over_an_old_configuration() {
        mkdir -p "$config.d" && install -m 600 /root/old.conf "$config" && echo '[catalog]' >"$config.d/of-another-owner.conf" && chmod 600 "$config.d"/* && install -m 600 /root/old.secret "$secret" &&
                shown "apt-get install -qq -o Dpkg::Use-Pty=0 /packages/edgemirror_${new}_*.deb" && said_so 'An old configuration' && at_rest &&
                fails 'systemctl start edgemirror' && shown "find /etc/edgemirror -name '*.conf' -type f -exec chown edgemirror {} + -exec chmod 600 {} +" &&
                shown 'edgemirror check' && shown 'systemctl enable edgemirror-monitor.socket edgemirror' && shown 'systemctl restart edgemirror' && until_true ready && property_is ActiveState active
}
database_stays() { sql_is 'SELECT count(*) FROM edgemirror.inventory' 1743 && user_is_there; }

later=$(echo /packages/edgemirror_*+schema_*.deb | sed 's/.*edgemirror_\([^_]*\)_.*/\1/')
new=$(echo /packages/edgemirror_*+next_*.deb | sed 's/.*edgemirror_\([^_]*\)_.*/\1/')
old=${new%+next}
check 'PostgreSQL and the sample catalog are there' parts_are_there || {
        echo 'Bail out! nothing else can be tried'
        exit
}
check 'the package can be installed, and says what to do' installed || {
        echo 'Bail out! nothing else can be tried'
        exit
}
check 'the user of the service is there' user_is_there
check 'the service is neither enabled nor started' at_rest
check 'directories and program have the right modes' modes
check 'everything is where it belongs' everything_is_there
check 'started without a configuration, it says which file is missing and is not tried again' says_what_is_missing
check 'init, migrate and check, as README.Debian says it' first_configuration
check 'a command of root fails, and says how it is run' root_is_told
check 'a command that fails leaves no failed unit' leaves_no_failed_unit
check 'enabled and started, it serves' serves
check 'the socket of the monitor can be enabled later' socket_comes_later
check 'started without its secret, it names the file that is missing' secret_is_missed edgemirror "$secret"
check 'everything is mirrored' mirrored
check 'the page says that all is well' page_is_shown
check 'another catalog is mirrored by an instance of the template' template_serves
check 'each catalog has its own database and its own secret' each_has_its_own
check 'an instance names its own file' secret_is_missed edgemirror@acme /etc/credstore/edgemirror.acme.catalog
check 'a sync is under way' sync_is_under_way
check 'upgraded meanwhile, without a question' upgraded
check 'the sync that was under way was taken back, nothing was killed' aborted_cleanly
check 'the new program runs, its instances too, and has synced again' runs_anew
check 'configuration and secrets are as they were' left_as_it_was
check 'a version with another schema waits for it, and says so' schema_is_another
check 'migrated, it goes on' goes_on_after_migrate
check 'back to the version before, with the copy of its schema' goes_back
check 'configuration and secrets are as they were before' left_as_it_was
check 'removed: stopped, and nothing runs' removed
check 'no lease is held' leases_are_free
check 'configuration and secrets are there still' left_as_it_was
check 'installed again, it finds them' back_again
cp "$config" /root/old.conf && cp "$secret" /root/old.secret
check 'purged: configuration and secrets are gone' purged
check 'no other file is left' nothing_is_left
check 'the mirror is whole, the user stays' database_stays
check 'installed over an old configuration, it says what to do' installed_over_an_old_configuration
echo "1..$cases"
