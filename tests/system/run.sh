#!/bin/bash
# The installed service under a real systemd: boots a container whose files are those of this host with what `make install` installs on top, and tells in
# TAP what the driver in it (inside.sh) found. `make check-system` calls it.
#
# The host stays as it is: everything that is written goes to a memory file system, in a mount namespace that ends with this script; the container has no
# network but its own loopback. Needs root or sudo, systemd-nspawn, and a kernel that mounts an overlay; says so and skips where it cannot run.
set -u

: "${top_srcdir:?}" "${top_builddir:?}" "${bindir:?}" "${sysconfdir:?}"
here=$top_srcdir/tests/system

# O11: a container that may not do this is a reason to skip, not a failure.
skip() {
        echo "1..0 # SKIP the installed service: $1"
        exit 0
}
fail() {
        echo "1..1"
        echo "not ok 1 - $1"
        [ ! -f "${2:-}" ] || tail -n 80 "$2" | sed 's/^/# /'
        exit 1
}

command -v systemd-nspawn >/dev/null || skip "no systemd-nspawn here (Debian: systemd-container; Fedora: systemd-container)"
if [ "$(id -u)" != 0 ]; then
        sudo -n true 2>/dev/null || skip "needs root, or sudo without a password"
        exec sudo -n env PATH="$PATH" top_srcdir="$top_srcdir" top_builddir="$top_builddir" bindir="$bindir" sysconfdir="$sysconfdir" "$0"
fi
# All mounts of this script are its own and end with it.
if [ -z "${EDGEMIRROR_UNSHARED:-}" ]; then
        unshare --mount true 2>/dev/null || skip "no mount namespace of its own allowed here"
        EDGEMIRROR_UNSHARED=yes exec unshare --mount --propagation private "$0"
fi

work=$(mktemp -d) || fail "no scratch folder"
trap 'umount -R "$work" 2>/dev/null; rmdir "$work"' EXIT
mount -t tmpfs -o size=2g,mode=755 edgemirror-test "$work" 2>/dev/null || skip "no memory file system allowed here"
mkdir "$work/upper" "$work/work" "$work/root"
mount -t overlay edgemirror-test -o "lowerdir=/,upperdir=$work/upper,workdir=$work/work" "$work/root" 2>"$work/words" ||
        skip "no overlay mount of / here ($(head -n 1 "$work/words"))"
root=$work/root
[ -x "$root/lib/systemd/systemd" ] || skip "no systemd on this host's root file system"

# The host's own services, mounts and journal are not the container's.
rm -rf "${root:?}"/etc/systemd/system/* "${root:?}/var/log/journal" "${root:?}/etc/credstore" "${root:?}$sysconfdir/edgemirror"
: >"$root/etc/fstab"
systemd-id128 new >"$root/etc/machine-id"
mkdir -p "$root/etc/systemd/journald.conf.d" "$root/etc/systemd/system"
printf '[Journal]\nStorage=volatile\nRateLimitIntervalSec=0\nForwardToConsole=no\nForwardToSyslog=no\n' >"$root/etc/systemd/journald.conf.d/test.conf"

# A build with another umask or by another user must not show in the container.
(umask 022 && make -s -C "$top_builddir" install DESTDIR="$root") >"$work/install.log" 2>&1 || fail "make install DESTDIR=…" "$work/install.log"
test=$root/opt/edgemirror-test
mkdir -p "$test"
install -m 755 "$top_builddir/tests/catalogd/catalogd" "$here/inside.sh" "$test/" || fail "the test's own files could not be copied"
cp "$top_srcdir/src/base/message_id.h" "$test/"
cp "$here"/*.service "$here"/*.target "$root/etc/systemd/system/"
printf 'bindir=%s\nsysconfdir=%s\n' "$bindir" "$sysconfdir" >"$test/environment"

# Several times what it takes. The driver powers the container off; its words are in a file, since a console may lose some.
timeout --foreground --kill-after=10 300 systemd-nspawn --quiet --directory="$root" --machine="edgemirror-test-$$" --register=no --keep-unit --private-network \
        --resolv-conf=off --timezone=off --link-journal=no --console=pipe --boot -- --unit=edgemirror-test.target \
        </dev/null >"$work/console" 2>&1
status=$?
[ -s "$test/tap" ] || {
        # 1: systemd-nspawn was not allowed what it needs. Frozen: nor was the first process in the container. Anything else is a failure.
        [ $status != 1 ] && ! grep -q 'Freezing execution' "$work/console" || skip "no container can be booted here ($(tail -n 1 "$work/console"))"
        fail "the container booted and its driver said nothing (status $status)" "$work/console"
}
cat "$test/tap"
grep -q '^1\.\.' "$test/tap" || {
        echo "# the driver was cut off (status $status); the end of the journal and of the console:"
        tail -n 60 "$test/journal" "$work/console" 2>/dev/null | sed 's/^/# /'
        exit 1
}
! grep -q '^not ok' "$test/tap"
