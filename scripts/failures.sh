# What failed in a log of `make check`, and why. Read by scripts/check.
# shellcheck shell=bash

# failed_cases LOG: the test cases that failed, a line each ("PROGRAM NUMBER - NAME" or "PROGRAM - what is wrong with it"). That a program ended with an error is a
# line of its own only when none of its cases says why. The log may say it all twice.
failed_cases() {
        sed -n 's/^\(FAIL\|XPASS\|ERROR\): \([^ ]* [0-9-].*\)$/\1 \2/p' "$1" | awk '
                seen[$0]++ { next }
                $1 == "ERROR" { if (!($2 in error)) error[$2] = $0; next }
                { with_case[$2] = 1; print substr($0, length($1) + 2) }
                END { for (p in error) if (!(p in with_case)) print substr(error[p], length("ERROR") + 2) }'
}

# explain LOG: of each test program that failed the words of the cases that failed, before its "not ok" and after it, or all that it printed where none says why;
# without such programs the compiler's words, or else the end.
explain() {
        awk 'function told() { printf "%s", cases != "" ? cases : rest; cases = rest = before = ""; n_rest = n_before = failing = 0 }
                /^(FAIL|XPASS|ERROR): [^ ]+$/ { told(); here = 1; next }
                /^Testsuite summary/ { told(); here = 0 }
                !here || /^(=+|1\.\.[0-9]+|)$/ { next }
                n_rest++ < 60 { rest = rest $0 "\n" }
                /^(ok |PASS: )/ { before = ""; n_before = failing = 0; next }
                /^not ok/ { cases = cases before; before = ""; n_before = 0; failing = 1 }
                /^ERROR: [^ ]+ - / { failing = 0 }
                failing { cases = cases $0 "\n"; next }
                n_before++ < 60 { before = before $0 "\n" }' "$1" | grep . && return
        grep -E -A 3 'error:|warning:|^make.*\*\*\*' "$1" | head -n 40 | grep . && return
        tail -n 40 "$1"
}
