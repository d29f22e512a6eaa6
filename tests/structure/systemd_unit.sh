#!/bin/sh
# The unit, and the template of it: systemd finds nothing to complain about, nothing that the program does not need is left open, and the times agree with the configuration's.
. "$(dirname "$0")/tap.sh"
: "${top_builddir:=$(cd "$(dirname "$0")/../.." && pwd)}"

# As installed, but with the program of this build: verify looks whether it is there. The manual page is not installed yet.
mkdir -p "$scratch/units" "$scratch/root/etc"
for unit in edgemirror.service edgemirror@.service; do
	sed "s|^ExecStart=[^ ]*|ExecStart=$top_builddir/edgemirror|" "$top_builddir/systemd/$unit" >"$scratch/units/$unit"
done
cp "$top_srcdir/systemd/edgemirror-monitor.socket" "$scratch/units/"

verify()
{
	systemd-analyze verify --man=no "$1"
}

# security THRESHOLD UNIT: the exposure is at most a tenth of the threshold. Its table goes to standard output: only words of failure are kept.
security()
{
	systemd-analyze security --offline=yes --threshold="$1" "$2" >"$scratch/table" || { cat "$scratch/table"; return 1; }
}

# change SED-SCRIPT: the unit with something wrong in it.
change()
{
	mkdir -p "$scratch/changed"
	sed "$1" "$scratch/units/edgemirror.service" >"$scratch/changed/edgemirror.service"
	! cmp -s "$scratch/units/edgemirror.service" "$scratch/changed/edgemirror.service" || echo "nothing changed: $1" >&2
}

placeholders_left()
{
	grep -n '@[a-z_]\{1,\}@' "$top_builddir/systemd/edgemirror.service" "$top_builddir/systemd/edgemirror@.service" && return 1
	return 0
}
expect_clean "every placeholder of the unit is filled in" placeholders_left

# O10: a bare Debian has no /bin/kill (procps).
needs_packages()
{
	! grep '^Exec' "$1" | grep -v -e '^Exec[A-Za-z]*=/bin/sh -c' -e '^ExecStart='
}
expect_clean "the unit starts nothing but the program and the shell" needs_packages "$scratch/units/edgemirror.service"
change 's|^ExecReload=.*|ExecReload=/bin/kill -HUP $MAINPID|'
expect_found "a program of another package is found" "/bin/kill" needs_packages "$scratch/changed/edgemirror.service"

# template_differs TEMPLATE: in nothing but these settings.
template_differs()
{
	settings=$(diff "$scratch/units/edgemirror.service" "$1" | sed -n 's/^[<>] \([A-Z][A-Za-z]*\)=.*/\1/p' | sort -u | tr '\n' ' ')
	[ "$settings" = "Description ExecStart LoadCredential RuntimeDirectory " ] || echo "other settings: $settings"
}
expect_clean "the template differs where it must" template_differs "$scratch/units/edgemirror@.service"
expect_said "a template that is another unit is found" "other settings: " template_differs "$scratch/units/edgemirror.service"

# starts_nothing SOCKET: it has no process of its own that could be taken over, and names the socket that the program looks for.
starts_nothing()
{
	! grep -i '^Exec' "$1" || return 1
	grep -q '^FileDescriptorName=monitor$' "$1" || { echo "another name than monitor"; return 1; }
	grep -q '^BindsTo=edgemirror.service$' "$1" || { echo "it outlives the service"; return 1; }
}
expect_clean "the socket unit starts nothing, and ends with the service" starts_nothing "$scratch/units/edgemirror-monitor.socket"
sed 's/^BindsTo/Wants/' "$scratch/units/edgemirror-monitor.socket" >"$scratch/socket"
expect_found "a socket that outlives the service is found" "outlives" starts_nothing "$scratch/socket"

if ! command -v systemd-analyze >/dev/null; then
	skip "systemd-analyze verify and security" "no systemd-analyze here"
elif ! systemd-analyze security --help | grep -q -e --offline; then
	skip "systemd-analyze verify and security" "this systemd cannot judge a unit offline (249 or older)"
else
	expect_clean "systemd-analyze verify is silent" verify "$scratch/units/edgemirror.service"
	expect_clean "systemd-analyze verify is silent about the template" verify "$scratch/units/edgemirror@.service"
	expect_clean "systemd-analyze verify is silent about the socket" verify "$scratch/units/edgemirror-monitor.socket"
	expect_clean "systemd-analyze security says 1.0 or less" security 10 "$scratch/units/edgemirror.service"
	expect_clean "systemd-analyze security says the same of the template" security 10 "$scratch/units/edgemirror@.service"
	expect_clean "systemd-analyze security says the same of the socket" security 10 "$scratch/units/edgemirror-monitor.socket"
	mkdir -p "$scratch/changed"
	sed '/^SystemCallFilter=/d;/^CapabilityBoundingSet=/d' "$scratch/units/edgemirror-monitor.socket" >"$scratch/changed/edgemirror-monitor.socket"
	expect_found "a socket that could do more is found" SystemCallFilter security 10 "$scratch/changed/edgemirror-monitor.socket"
	change '/^IPAddressDeny=/d'
	expect_found "a network of all kinds is found" IPAddressDeny security 10 "$scratch/changed/edgemirror.service"
	change '/^IPAddressAllow=/d;s/^#\(IPAddressAllow=.*\|SocketBindDeny=.*\)/\1/'
	expect_clean "with the addresses that only an administrator knows it is no more" security 10 "$scratch/changed/edgemirror.service"
	change 's/^UMask=/UMsk=/'
	expect_said "a misspelt setting is found" UMsk verify "$scratch/changed/edgemirror.service"
	change '/^SystemCallFilter=/d;/^CapabilityBoundingSet=/d;/^PrivateUsers=/d'
	expect_found "a door that was left open is found" SystemCallFilter security 15 "$scratch/changed/edgemirror.service"
fi

# stop_fits UNIT SAMPLE: TimeoutStopSec is longer than the default of stop_timeout.
stop_fits()
{
	unit=$(sed -n 's/^TimeoutStopSec=\([0-9]*\)s$/\1/p' "$1")
	config=$(sed -n 's/^stop_timeout = \([0-9]*\)s$/\1/p' "$2")
	[ "${unit:-0}" -gt "${config:-1000}" ] || { echo "TimeoutStopSec ($unit) against stop_timeout ($config)"; return 1; }
}
expect_clean "systemd waits longer than a stop takes" stop_fits "$scratch/units/edgemirror.service" "$top_srcdir/etc/edgemirror.conf"
change 's/^TimeoutStopSec=.*/TimeoutStopSec=20s/'
expect_found "a systemd that does not wait is found" "(20) against" stop_fits "$scratch/changed/edgemirror.service" "$top_srcdir/etc/edgemirror.conf"

if command -v systemd-sysusers >/dev/null; then
	expect_said "systemd-sysusers takes the user" "edgemirror service" \
		systemd-sysusers --dry-run --root="$scratch/root" "$top_srcdir/systemd/edgemirror.sysusers"
else
	skip "systemd-sysusers takes the user" "no systemd-sysusers here"
fi
finish
