# TAP for the scripts of this folder, and a scratch folder that goes away. Source it; then `expect_clean`, `expect_found`,
# `expect_said`, `skip`, `finish`.
# shellcheck shell=sh

: "${top_srcdir:=$(cd "$(dirname "$0")/../.." && pwd)}"
scratch=$(mktemp -d) || exit 99
trap 'rm -rf "$scratch"' EXIT
trap 'exit 99' HUP INT TERM
cases=0
failures=0

# result STATUS NAME: a line of TAP; what stands in $scratch/output explains a failure.
result()
{
	cases=$((cases + 1))
	if [ "$1" -eq 0 ]; then
		echo "ok $cases - $2"
	else
		failures=$((failures + 1))
		echo "not ok $cases - $2"
		sed 's/^/# /' "$scratch/output"
	fi
}

# expect_clean NAME COMMAND…: it ends with 0 and says nothing. Commands are run by a shell of their own, which may change variables and its folder.
expect_clean()
{
	name=$1
	shift
	("$@") >"$scratch/output" 2>&1 && [ ! -s "$scratch/output" ]
	result $? "$name"
}

# expect_said NAME TEXT COMMAND…: TEXT stands in what it says, however it ends.
expect_said()
{
	name=$1
	text=$2
	shift 2
	("$@") >"$scratch/output" 2>&1
	grep -qF -e "$text" "$scratch/output"
	result $? "$name"
}

# expect_found NAME TEXT COMMAND…: it ends with 1, and TEXT stands in what it says.
expect_found()
{
	name=$1
	text=$2
	shift 2
	("$@") >"$scratch/output" 2>&1
	[ $? -eq 1 ] && grep -qF -e "$text" "$scratch/output"
	result $? "$name"
}

# skip NAME REASON: the case cannot be tried here.
skip()
{
	cases=$((cases + 1))
	echo "ok $cases - $1 # SKIP $2"
}

# plant PATH TEXT: a source file of the given content below $scratch/src, which has nothing else.
plant()
{
	rm -rf "$scratch/src"
	mkdir -p "$scratch/src/$(dirname "$1")"
	printf '%s\n' "$2" >"$scratch/src/$1"
}

finish()
{
	echo "1..$cases"
	[ "$failures" -eq 0 ]
}
