# Shared by scripts/package, package-rpm, package-image and check-package: roots of other systems, made from Debian packages, what runs in them, and the
# counting of steps. Needs scripts/lib.sh. What is mounted is so in a namespace of one command's own, and ends with it.
# shellcheck shell=bash

root_packages='mmdebstrap debian-archive-keyring iproute2 util-linux'

# root_sources DIST: the lines of sources.list for that release, from where this machine has its own Debian packages.
root_sources() {
        local site security
        site=$(apt-get indextargets --format '$(SITE)' 'Created-By: Packages' 'Origin: Debian' 'Label: Debian' | head -n 1)
        security=$(apt-get indextargets --format '$(SITE)' 'Created-By: Packages' 'Origin: Debian' 'Label: Debian-Security' | head -n 1)
        [ -n "$site" ] || {
                echo "the configuration of apt names no mirror of Debian here, or apt-get update was never run" >&2
                return 1
        }
        printf 'deb %s %s main\n' "$site" "$1" "$site" "$1-updates"
        [ -z "$security" ] || printf 'deb %s %s main\n' "$security" "$1-security"
}

# root_kept NAME FOLDER: makes the folder of the root that was kept under that name, if EDGEMIRROR_ROOTS names a folder that has it.
root_kept() {
        [ -n "${EDGEMIRROR_ROOTS:-}" ] && [ -e "$EDGEMIRROR_ROOTS/$1.tar" ] && mkdir "$2" &&
                as_root tar xf "$EDGEMIRROR_ROOTS/$1.tar" --numeric-owner --xattrs -C "$2"
}

# root_keep NAME FOLDER: for the next time, if EDGEMIRROR_ROOTS names a folder.
root_keep() {
        [ -z "${EDGEMIRROR_ROOTS:-}" ] || {
                mkdir -p "$EDGEMIRROR_ROOTS" && as_root tar cf "$EDGEMIRROR_ROOTS/$1.tar.$$" --numeric-owner --xattrs -C "$2" . &&
                        as_root mv "$EDGEMIRROR_ROOTS/$1.tar.$$" "$EDGEMIRROR_ROOTS/$1.tar"
        }
}

# root_make DIST FOLDER PACKAGE…: a root with nothing but these and what they need, in a folder that is made.
root_make() {
        local dist=$1 folder=$2 sources
        shift 2
        sources=$(root_sources "$dist") || return 1
        mkdir "$folder" && printf '%s\n' "$sources" | as_root mmdebstrap --quiet --mode=root --variant=minbase --dpkgopt=force-unsafe-io --skip=cleanup/apt/lists \
                --include="$(echo "$*" | tr ' ' ',')" "$dist" "$folder" -
}

# root_run [--network] FOLDER COMMAND…: as root in that root, with /proc and /dev; without a network but its own loopback unless told.
root_run() {
        local own=(--net)
        [ "$1" != --network ] || {
                own=()
                shift
        }
        # shellcheck disable=SC2016
        as_root unshare --mount --pid --fork --kill-child --uts "${own[@]}" --propagation private bash -c '
                root=$1 && shift && mount -t proc proc "$root/proc" && mount --rbind /dev "$root/dev" || exit 1
                if [ "$1" = network ]; then
                        [ ! -e /etc/resolv.conf ] || { : >>"$root/etc/resolv.conf" && mount --bind /etc/resolv.conf "$root/etc/resolv.conf"; } || exit 1
                else
                        ip link set lo up || exit 1
                fi
                hostname root; shift
                exec chroot "$root" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive "$@"' \
                root_run "$1" "$([ ${#own[@]} = 0 ] && echo network || echo none)" "${@:2}" </dev/null
}

# root_install FOLDER PACKAGE…
root_install() {
        local root=$1
        shift
        root_run --network "$root" apt-get -qq -o Dpkg::Use-Pty=0 install -y --no-install-recommends "$@"
}

root_remove() { [ ! -e "$1" ] || as_root rm -rf --one-file-system "$1"; }

# root_for_build NAME DIST PACKAGE…: $work/root with what debian/control asks for, and these. One that was kept is of the same Build-Depends.
root_for_build() {
        local name
        name=$1-$2-$(sed -n '/^Build-Depends:/,/^Standards-Version:/p' "$top/debian/control" | cksum | cut -d' ' -f1)
        root_kept "$name" "$work/root" && return
        root_make "$2" "$work/root" dpkg-dev build-essential autoconf automake xz-utils "${@:3}" &&
                as_root install -D "$top/debian/control" "$work/root/build/wanted/debian/control" &&
                root_run --network "$work/root" apt-get -qq -o Dpkg::Use-Pty=0 build-dep -y --no-install-recommends /build/wanted &&
                root_keep "$name" "$work/root"
}

# root_epoch CHANGELOG: the time that everything built has for its own: that of the newest entry of debian/changelog.
root_epoch() { date -ud "$(sed -n '/^ -- /{s/.*>  //p; q}' "$1")" +%s; }

# root_archive [TARBALL]: an archive of `make dist` in /build of $work/root: that one, or made there of what belongs to this checkout.
root_archive() {
        if [ -n "$1" ]; then
                as_root cp "$1" "$work/root/build/"
                return
        fi
        copy_sources "$work/source" && as_root cp -r --no-preserve=ownership "$work/source" "$work/root/build/source" || return 1
        # shellcheck disable=SC2016
        root_run "$work/root" sh -euc 'cd /build/source && umask 022 && export SOURCE_DATE_EPOCH=$1
                export TAR_OPTIONS="--sort=name --mtime=@$1 --owner=0 --group=0 --numeric-owner --mode=go=rX,u+rw --pax-option=delete=atime,delete=ctime,exthdr.name=%d/PaxHeaders/%f"
                ./autogen.sh && mkdir build && cd build && ../configure -q && make -s dist && mv edgemirror-*.tar.xz /build/' - "$(root_epoch "$top/debian/changelog")"
}

steps_passed=0
steps_failed=0
# steps_begin NAME: makes the folder $work, which goes away again with what is in it, unless a step has failed; then its logs stay. The script ends with a
# closing line, and 0 if every step has passed.
steps_begin() {
        work=$(mktemp -d "${TMPDIR:-/tmp}/edgemirror-$1-XXXXXX") && chmod 755 "$work" || exit 1
        trap steps_end EXIT
        trap 'steps_failed=$((steps_failed + 1)); exit 1' HUP INT TERM
}
steps_end() {
        local root
        for root in "$work"/root "$work"/root-*; do
                root_remove "$root"
        done
        # What one that was interrupted has begun to keep.
        [ -z "${EDGEMIRROR_ROOTS:-}" ] || as_root rm -f "$EDGEMIRROR_ROOTS"/*".tar.$$"
        [ "$steps_failed" != 0 ] || rm -rf "$work"
        echo "$steps_passed passed, $steps_failed failed"
        [ "$steps_failed" = 0 ] && [ "$steps_passed" != 0 ] || exit 1
}

# step NAME COMMAND…: runs it with its output in $work/NAME.log, whose end is shown if it fails, and counts.
step() {
        local name=$1 start=$SECONDS
        shift
        printf '== %-24s ' "$name"
        if "$@" >"$work/$name.log" 2>&1; then
                steps_passed=$((steps_passed + 1))
                printf 'ok      %4d s\n' $((SECONDS - start))
                return
        fi
        steps_failed=$((steps_failed + 1))
        printf 'FAILED  %4d s; see %s\n' $((SECONDS - start)) "$work/$name.log"
        tail -n 40 "$work/$name.log" | sed 's/^/   | /'
        return 1
}
