#!/bin/sh
# The manual is well formed, and names every command and option of the program and every key of the configuration; the help of check explains each key, too.
. "$(dirname "$0")/tap.sh"
: "${top_builddir:=$PWD}"

program=$top_builddir/edgemirror
page=$top_srcdir/man/edgemirror.1
sample=$top_srcdir/etc/edgemirror.conf

# The commands that the program's help lists.
commands()
{
	"$program" --help | sed -n '/^Commands:/,/^$/s/^  \([a-z]*\) .*/\1/p'
}

# The long options in the help of a command, the common ones among them.
options()
{
	"$program" "$1" --help | sed -n '/^Options:/,$s/^  *\(-[a-zA-Z], \)\{0,1\}--\([a-z-]*\).*/\2/p'
}

# described PAGE COMMAND: the part of the page about a command, and what it says of options that all take.
described()
{
	awk -v start=".It Nm Cm $2" '/^\.It Nm Cm / { here = index($0 " ", start " ") == 1 } /^Options that every command takes/ { here = 1 } here' "$1"
}

# check_commands PAGE, check_options PAGE, check_keys PAGE: says what is not there, and fails then.
check_commands()
{
	commands | {
		status=0
		while read -r command; do
			grep -qE "^\.It Nm Cm $command( |\$)" "$1" || { echo "no command $command in the manual"; status=1; }
		done
		return $status
	}
}

check_options()
{
	for command in $(commands); do
		for option in $(options "$command"); do
			described "$1" "$command" | grep -qE "^\.It Fl ([a-zA-Z] , )?-$option( |\$)" || echo "no --$option of $command in the manual"
		done
	done >"$scratch/options"
	cat "$scratch/options"
	[ ! -s "$scratch/options" ]
}

check_keys()
{
	grep -oE '^;?[a-z_]+ =' "$sample" | tr -d ';= ' | sort -u | {
		status=0
		while read -r key; do
			grep -E '^\.(Cm|It Bq Cm)' "$1" | grep -qw "$key" || { echo "no key $key in the manual"; status=1; }
		done
		return $status
	}
}

# check_help HELP: a key, what is accepted, what it is for.
check_help()
{
	grep -oE '^;?[a-z_]+ =' "$sample" | tr -d ';= ' | sort -u | {
		status=0
		while read -r key; do
			grep -A 1 "^  $key = ." "$1" | grep -q '^      [A-Za-z]' || { echo "no key $key in the help"; status=1; }
		done
		return $status
	}
}

# Cross references depend on what is installed, and are matters of style to it.
check_form()
{
	mandoc -Tlint -W warning "$1"
}

# without PATTERN: the page without the lines that match.
without()
{
	grep -vE "$1" "$page" >"$scratch/page"
}

expect_clean "every command is in the manual" check_commands "$page"
expect_clean "every option of every command is in the manual" check_options "$page"
expect_clean "every key of the configuration is in the manual" check_keys "$page"
"$program" check --help >"$scratch/help"
expect_clean "every key of the configuration is explained by check --help" check_help "$scratch/help"

without '^\.It Nm Cm schedule'
expect_found "a command that is not there is found" "no command schedule" check_commands "$scratch/page"
without '^\.It Fl -offline'
expect_found "an option that is not there is found" "no --offline of check" check_options "$scratch/page"
awk '/^\.It Nm Cm/ { status = / status / } !(status && /^\.It Fl -json/)' "$page" >"$scratch/page"
expect_found "an option that is there for another command only is found" "no --json of status" check_options "$scratch/page"
sed 's/poll_max ,//' "$page" >"$scratch/page"
expect_found "a key that is not there is found" "no key poll_max" check_keys "$scratch/page"
sed '/^  poll_max = /d' "$scratch/help" >"$scratch/less_help"
expect_found "a key that is not explained is found" "no key poll_max in the help" check_help "$scratch/less_help"

if command -v mandoc >/dev/null; then
	expect_clean "the manual is well formed" check_form "$page"
	sed 's/^\.El$/.Ell/' "$page" >"$scratch/page"
	check_form "$scratch/page" >"$scratch/output" 2>&1 && false
	[ $? -ne 0 ] && grep -q 'unknown macro' "$scratch/output"
	result $? "a manual that is not is found"
else
	cases=$((cases + 1))
	echo "ok $cases - the manual is well formed # SKIP mandoc is not installed"
fi
finish
