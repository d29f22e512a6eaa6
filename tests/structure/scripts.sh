#!/bin/sh
# Nothing in any script that shellcheck would have otherwise (.shellcheckrc says what is not asked for), and none of those for people begins its work when it is
# asked how it is used.
. "$(dirname "$0")/tap.sh"

# scripts TOP: what begins as a script, and what others read; not what configure makes, here or in the folders of distcheck.
scripts()
{
	cd "$1" || return 1
	find . \( -name '.git' -o -name 'build*' -o -name autom4te.cache -o -name 'configure*' -o -name config.status -o -name _build -o -name _inst \) -prune -o -type f \
		\( -name '*.sh' -print -o -exec env LC_ALL=C awk '
			FNR > 5 { nextfile }
			/^#!.*[\/ ](ba|da)?sh( |$)|^# shellcheck shell=/ { print FILENAME; nextfile }' {} + \) | LC_ALL=C sort
}

silent()
{
	shellcheck -f gcc "$@"
}

# check_usage FILE...: of these, what can be started and answers --help or an unknown option with nothing, --help with words that are another one's, with another
# status than 0 and 2, or by starting what does the work.
check_usage()
{
	mkdir -p "$scratch/bin"
	for command in apt-get dpkg-query git make mkdir mktemp npm sudo; do
		printf '#!/bin/sh\necho "%s is started" >&2\nexit 9\n' $command >"$scratch/bin/$command"
	done
	chmod +x "$scratch/bin"/*
	for script; do
		[ -f "$script" ] && [ -x "$script" ] || continue
		for option in --help --no-such-option; do
			PATH=$scratch/bin:$PATH timeout 60 "$script" $option </dev/null >"$scratch/said" 2>&1
			case $option$? in --help0 | --no-such-option2) ;; *) echo "$script $option ends otherwise" ;; esac
			[ -s "$scratch/said" ] || echo "$script $option says nothing"
			[ $option != --help ] || grep -qF -e "$(head -n 1 "$scratch/said")" "$script" || echo "$script $option says what another one is"
			grep ' is started$' "$scratch/said" | sed "s|^|$script $option: |"
		done
	done
}

scripts "$top_srcdir" >"$scratch/scripts"
[ "$(wc -l <"$scratch/scripts")" -gt 50 ]
result $? "the scripts are found"
if command -v shellcheck >/dev/null; then
	cd "$top_srcdir" || exit 99
	# shellcheck disable=SC2046 # words
	expect_clean "shellcheck is silent about every script" silent $(cat "$scratch/scripts")
	mkdir "$scratch/debian"
	printf '#!/bin/sh\nrm -rf $1/etc\n' >"$scratch/debian/edgemirror.postrm"
	expect_said "a script without a suffix is found" ./debian/edgemirror.postrm scripts "$scratch"
	expect_said "one that is read by a shell, too" ./completions/edgemirror scripts "$top_srcdir"
	expect_found "an unquoted word is found" SC2086 silent "$scratch/debian/edgemirror.postrm"
else
	skip "shellcheck is silent about every script" "no shellcheck here"
fi
cat >"$scratch/log" <<'END'
FAIL: tests/integration/test_some
=================================

# what a case that passes says
ok 1 - this_is_so
PASS: tests/integration/test_some 1 - this_is_so
ERROR: "so" is not in:

otherwise
not ok 2 - that_is_so
FAIL: tests/integration/test_some 2 - that_is_so
# test_some.c:7: error: Failure!
# what a case that passes says
ok 3 - still_so
PASS: tests/integration/test_some 3 - still_so
ERROR: tests/integration/test_some - exited with status 1

Testsuite summary for edgemirror
END
cat >"$scratch/wanted" <<'END'
ERROR: "so" is not in:
otherwise
not ok 2 - that_is_so
FAIL: tests/integration/test_some 2 - that_is_so
# test_some.c:7: error: Failure!
# what a case that passes says
END
# explained LOG: what scripts/check says of a case that failed.
explained()
{
	bash -c '. "$1"; explain "$2"' sh "$top_srcdir/scripts/failures.sh" "$1" | diff "$scratch/wanted" -
}
expect_clean "what explains a failure is told, whether it was printed before the verdict or after it" explained "$scratch/log"
expect_clean "no script begins its work when it is asked how it is used" check_usage "$top_srcdir"/scripts/* "$top_srcdir"/bench/* "$top_srcdir"/tests/*/mutants.sh \
	"$top_srcdir/tests/upgrade/make-fixture"
bench_usage()
{
	PATH=$scratch/bin:$PATH "$top_srcdir/bench/run" soak --help
}
expect_said "nor does a benchmark" "usage: bench/run NAME" bench_usage
: "${top_builddir:=$top_srcdir}"
set --
for program in catalogd/catalogd fuzz/replay sim/lists sim/messages sim/sim; do
	[ ! -x "$top_builddir/tests/$program" ] || set -- "$@" "$top_builddir/tests/$program"
done
if [ $# = 5 ]; then
	expect_clean "nor does a program of the tests that people start" check_usage "$@"
else
	skip "nor does a program of the tests that people start" "they are not built here"
fi
mkdir "$scratch/some"
printf '#!/bin/sh\nmktemp -d\n' >"$scratch/some/hasty"
chmod +x "$scratch/some/hasty"
expect_said "one that does is found" "hasty --help: mktemp is started" check_usage "$scratch/some/hasty"
printf '#!/bin/sh\nexec "%s/scripts/check-monitor" pages "$@"\n' "$top_srcdir" >"$scratch/some/hasty"
expect_said "one that says what another is is found" "hasty --help says what another one is" check_usage "$scratch/some/hasty"
finish
