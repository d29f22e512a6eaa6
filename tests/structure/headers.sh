#!/bin/sh
# Each header compiles alone: whoever includes it needs to include nothing else before it.
. "$(dirname "$0")/tap.sh"

: "${top_builddir:=.}" "${CC:=cc}" "${PKG_CONFIG:=pkg-config}"
libraries=$($PKG_CONFIG --cflags libcurl libcjson libpq libsystemd) || exit 99

# check_header SRC HEADER: compiles a file that has nothing but the header in it.
check_header()
{
	printf '#include "%s"\n' "$2" >"$scratch/alone.c"
	# $CC and the libraries' flags are lists of words.
	# shellcheck disable=SC2086
	$CC -std=gnu11 -fsyntax-only -Wall -Wextra -Wstrict-prototypes -Werror -D_GNU_SOURCE '-DSYSCONFDIR="/etc"' -I"$1" \
		-I"$top_builddir/src" $libraries "$scratch/alone.c" || return 1
}

for header in $(cd "$top_srcdir/src" && find . -name '*.h' | sed 's|^\./||' | LC_ALL=C sort); do
	expect_clean "$header" check_header "$top_srcdir/src" "$header"
done

plant base/whole.h '#pragma once
#include <stdint.h>
uint64_t whole(void);'
expect_clean "a whole header passes" check_header "$scratch/src" base/whole.h

plant base/needy.h '#pragma once
uint64_t needy(void);'
expect_found "a header that needs another one is found" uint64_t check_header "$scratch/src" base/needy.h

plant base/sloppy.h '#pragma once
int sloppy();'
expect_found "a header with a warning is found" sloppy check_header "$scratch/src" base/sloppy.h
finish
