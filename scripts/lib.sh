# Shared by scripts/check, scripts/quickstart and bench/: where the tree is, how packages are installed and sources copied, and how a private PostgreSQL
# and the sample catalog are started and stopped. Nothing of the system's own PostgreSQL is used.
# shellcheck shell=bash

export LC_ALL=C.UTF-8 # what a person has set may not be installed
top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

build_packages='build-essential autoconf automake pkg-config xz-utils libcurl4-openssl-dev libcjson-dev libpq-dev libsystemd-dev libgcrypt20-dev libssl-dev
libcmocka-dev libmicrohttpd-dev postgresql postgresql-client tzdata ca-certificates openssl curl'

# The words that a script begins with.
script_usage() {
        sed -n '2,/^[^#]/s/^#$\|^# //p' "$0"
}

# take_options KNOWN ARGUMENT…: --help, or an option that is not among the known ones, ends the script with its usage. To be called before anything is done.
take_options() {
        local known=" $1 " argument
        shift
        for argument; do
                case $argument in
                -h | --help)
                        script_usage
                        exit 0
                        ;;
                -*) [[ $known = *" $argument "* ]] || {
                        script_usage >&2
                        exit 2
                } ;;
                esac
        done
}

as_root() {
        if [ "$(id -u)" = 0 ]; then
                "$@"
        elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
                sudo -n "$@"
        else
                echo "packages are missing and this user is neither root nor has sudo without a password; as root: $*" >&2
                return 1
        fi
}

# Installs what is not there yet; asks nothing.
install_packages() {
        local missing=() p words apt=(env DEBIAN_FRONTEND=noninteractive "LC_ALL=$LC_ALL" apt-get -qq -o DPkg::Lock::Timeout=300)
        command -v apt-get >/dev/null || {
                echo "no apt-get here; see README for the packages' names on Fedora" >&2
                return 0
        }
        for p in "$@"; do
                dpkg-query -W -f '${Status}\n' "$p" 2>/dev/null | grep -q 'ok installed' || missing+=("$p")
        done
        [ ${#missing[@]} = 0 ] && return 0
        echo "installing: ${missing[*]}"
        # A list that cannot be fetched may be one that is not needed: the installation decides.
        words=$(as_root "${apt[@]}" update </dev/null 2>&1) || true
        words+=$'\n'$(as_root "${apt[@]}" install -y --no-install-recommends "${missing[@]}" </dev/null 2>&1) || {
                printf '%s\n' "$words" >&2
                return 1
        }
}

# copy_sources FOLDER: what belongs to the sources, so that a tree with leftovers gives the same result as a clean one. Asks git where the tree is a
# checkout (also one of another user); else, as in an unpacked release, leaves out what builds leave behind.
copy_sources() {
        local git=(git -c "safe.directory=$top" -C "$top")
        mkdir -p "$1" || return 1
        if [ -e "$top/.git" ] && "${git[@]}" rev-parse --git-dir >/dev/null 2>&1; then
                # A file that was deleted and not committed is in git's list still.
                (cd "$top" && "${git[@]}" ls-files -z --cached --others --exclude-standard |
                        while IFS= read -r -d '' f; do [ ! -e "$f" ] || printf '%s\0' "$f"; done |
                        tar cf - --no-recursion --null -T -) | tar xf - -C "$1"
        else
                tar cf - -C "$top" --exclude=.git --exclude='./build*' --exclude=autom4te.cache --exclude='*.o' --exclude='*.a' --exclude='*.log' \
                        --exclude='*.trs' --exclude='./tests/harness/cluster-*' --exclude=.deps --exclude=.dirstamp --exclude='sql_embedded.*' --exclude=./config.h --exclude=config.status \
                        --exclude=./edgemirror --exclude=./Makefile . | tar xf - -C "$1"
        fi
}

# What tests of proxies and client certificates start; without them those are skipped.
between_packages='squid tinyproxy nginx-light stunnel4'

postgres_pid=
catalog_pid=

# wait_for PID LOG COMMAND…: until the command succeeds; a minute at most, and no longer than the process lives.
wait_for() {
        local pid=$1 log=$2 _
        shift 2
        for _ in $(seq 600); do
                "$@" && return 0
                kill -0 "$pid" 2>/dev/null || break
                sleep 0.1
        done
        cat "$log" >&2
        return 1
}

# postgres_start FOLDER [OPTION…]: initdb and a server on a unix socket in the folder, which is made. Sets postgres_pid, PGHOST and PGUSER; makes the roles
# and the database `reporting`. PostgreSQL refuses to run as root: then its own user runs it.
postgres_start() {
        local folder=$1 bin=${PG_BINDIR:-} as=()
        shift
        [ -n "$bin" ] || bin=$(dirname "$(printf '%s\n' /usr/lib/postgresql/*/bin/postgres /usr/bin/postgres | grep -v '\*' | sort -V | tail -n 1)")
        mkdir "$folder" || return 1
        if [ "$(id -u)" = 0 ]; then
                as=(setpriv --reuid=postgres --regid=postgres --init-groups)
                chown postgres "$folder"
        fi
        # The postmaster itself, not a wrapper, is what is signalled in the end; a shell's job of its own would ignore Ctrl-C.
        (cd "$folder" && exec "${as[@]}" "$bin/initdb" -D "$folder/data" -A trust -U postgres -E UTF8 --no-sync) \
                </dev/null >"$folder.log" 2>&1 || {
                cat "$folder.log" >&2
                return 1
        }
        (cd "$folder" && exec "${as[@]}" "$bin/postgres" -D "$folder/data" -c listen_addresses= -c "unix_socket_directories=$folder" "$@") \
                </dev/null >>"$folder.log" 2>&1 &
        postgres_pid=$!
        export PGHOST="$folder" PGUSER=postgres
        wait_for "$postgres_pid" "$folder.log" "$bin/pg_isready" -q || return 1
        psql -qd postgres -c 'CREATE ROLE edgemirror LOGIN' -c 'CREATE ROLE edgemirror_reader NOLOGIN' -c 'CREATE ROLE edgemirror_operator NOLOGIN' &&
                psql -qd postgres -c 'CREATE DATABASE reporting OWNER edgemirror'
}

# catalog_start BUILD FOLDER [OPTION…]: the sample catalog of that build, which wants user svc-edgemirror. Sets catalog_pid and catalog_url.
catalog_start() {
        local build=$1 folder=$2
        shift 2
        rm -f "$folder/catalog.url"
        "$build/tests/catalogd/catalogd" --auth basic:svc-edgemirror:correct-horse --announce "$folder/catalog.url" "$@" \
                </dev/null >"$folder/catalog.log" 2>&1 &
        catalog_pid=$!
        wait_for "$catalog_pid" "$folder/catalog.log" test -s "$folder/catalog.url" || return 1
        catalog_url=$(head -n 1 "$folder/catalog.url")
}

# The ids of the catalog's Edge connections, one a line.
catalog_edges() {
        curl -fsS "$catalog_url/control/edges" | grep -o '"id": *"[^"]*"' | cut -d'"' -f4
}

# peers_configuration FOLDER: the sections that say where the two are, on standard output; the password goes into a file of the folder.
peers_configuration() {
        (umask 077 && printf 'correct-horse\n' >"$1/catalog.password")
        cat <<END
[catalog]
url = $catalog_url
auth = basic
username = svc-edgemirror
password_file = $1/catalog.password

[postgres]
conninfo = host=$PGHOST dbname=reporting user=edgemirror
END
}

catalog_stop() {
        [ -z "$catalog_pid" ] || { kill "$catalog_pid" && wait "$catalog_pid"; } 2>/dev/null
        catalog_pid=
}

postgres_stop() {
        [ -z "$postgres_pid" ] || { kill -INT "$postgres_pid" && wait "$postgres_pid"; } 2>/dev/null
        postgres_pid=
}
