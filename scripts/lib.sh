# Shared by scripts/check and scripts/quickstart: where the tree is, and how packages are installed.
# shellcheck shell=bash

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

build_packages='build-essential autoconf automake pkg-config xz-utils libcurl4-openssl-dev libcjson-dev libpq-dev libsystemd-dev
libinih-dev libcmocka-dev libmicrohttpd-dev postgresql postgresql-client tzdata openssl curl'

as_root() {
        if [ "$(id -u)" = 0 ]; then
                "$@"
        elif command -v sudo >/dev/null; then
                sudo -n "$@"
        else
                echo "packages are missing and this user is neither root nor has sudo; as root: $*" >&2
                return 1
        fi
}

# Installs what is not there yet; asks nothing.
install_packages() {
        local missing=() p
        command -v apt-get >/dev/null || {
                echo "no apt-get here; see README for the packages' names on Fedora" >&2
                return 0
        }
        for p in "$@"; do
                dpkg-query -W -f '${Status}\n' "$p" 2>/dev/null | grep -q 'ok installed' || missing+=("$p")
        done
        [ ${#missing[@]} = 0 ] && return 0
        echo "installing: ${missing[*]}"
        as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq update </dev/null >/dev/null
        as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends "${missing[@]}" </dev/null >/dev/null
}
