#!/bin/sh
# The layers of the source: reads the #includes of src/ and finds every one that goes up or sideways, every module that is in no layer, every
# private header outside its module, and every pair of modules that must not know each other.
. "$(dirname "$0")/tap.sh"

layers="0 base  1 http 1 pg 1 schedule  2 catalog 2 mirror 2 config  3 sync 3 peers 3 report  4 web  5 daemon  6 cli  7 main.c"

# check_contributing FILE: its drawing of the layers says the same.
check_contributing()
{
	drawn=$(sed -n '/^## Layers/,/^## /s/^    \([0-9]\)  \(src\/.*\)/\1 \2/p' "$1" | awk '
		{ for (i = 2; i <= NF; i++) if (sub(/^src\//, "", $i) && sub(/\/?$/, "", $i)) print $1 " " $i }' | LC_ALL=C sort)
	# shellcheck disable=SC2086 # words
	said=$(printf '%s\n' $layers | paste -d ' ' - - | LC_ALL=C sort)
	[ "$drawn" = "$said" ] || { echo "CONTRIBUTING has other layers: $drawn, not $said"; return 1; }
}

check_layers() (
	cd "$1" && find . -name '*.[ch]' | sed 's|^\./||' | LC_ALL=C sort | xargs awk -v layers="$layers" '
	BEGIN {
		n = split(layers, words)
		for (i = 1; i < n; i += 2)
			layer[words[i + 1]] = words[i]
		# The API side knows no database, the database side no HTTP, the configuration neither.
		n = split("catalog/pg mirror/http config/http config/pg sync/http sync/pg", words)
		for (i = 1; i <= n; i++)
			forbidden[words[i]] = 1
		# Libraries are used in the modules that are there for it; config/ asks them whether a value is well-formed.
		n = split("curl/curl.h=http,config,catalog libpq-fe.h=pg,mirror,config cjson/cJSON.h=catalog,report,cli microhttpd.h=web systemd/sd-journal.h=base gcrypt.h=base", words)
		for (i = 1; i <= n; i++)
			modules[substr(words[i], 1, index(words[i], "=") - 1)] = "," substr(words[i], index(words[i], "=") + 1) ","
	}
	function complain(words) { print "src/" FILENAME ":" FNR ": " words; found = 1 }
	/^[ \t]*#[ \t]*include/ {
		slash = index(FILENAME, "/")
		module = slash ? substr(FILENAME, 1, slash - 1) : FILENAME
		at = module in layer ? layer[module] : -1
		if (at < 0) { complain("\"" module "\" is in no layer; add it to the table in tests/structure/layers.sh"); next }
		if (match($0, /<[^>]*>/)) {
			header = substr($0, RSTART + 1, RLENGTH - 2)
			if (header in modules && !index(modules[header], "," module ","))
				complain(module " does not use the library of <" header ">")
			next
		}
		if (!match($0, /"[^"]*"/)) { complain("an #include that cannot be read"); next }
		header = substr($0, RSTART + 1, RLENGTH - 2)
		slash = index(header, "/")
		target = slash ? substr(header, 1, slash - 1) : ""
		if (!(target in layer)) complain("\"" header "\" is not written as MODULE/FILE.h")
		else if (target == module) next
		else if (layer[target] > at) complain("the #include of \"" header "\" goes up: from layer " at " to " layer[target])
		else if (layer[target] == at) complain("the #include of \"" header "\" goes sideways in layer " at)
		else if ((module "/" target) in forbidden) complain(module " is not to know " target)
		else if (header ~ /_(private|internal)\.h$/) complain("\"" header "\" is private to " target)
	}
	END { exit found }' || return 1
)

expect_clean "the #includes of src/ point down" check_layers "$top_srcdir/src"

plant catalog/page.c '#include "base/text.h"
#include "catalog/catalog.h"
# include "http/http.h"
#include <string.h>'
expect_clean "#includes down and within a module are fine" check_layers "$scratch/src"

while IFS='|' read -r name path include words; do
	plant "$path" "$include"
	expect_found "$name" "$words" check_layers "$scratch/src"
done <<'CASES'
an #include up is found|base/text.c|#include "sync/sync.h"|goes up: from layer 0 to 3
an #include up by one layer is found|pg/pool.h|#include "mirror/mirror.h"|goes up: from layer 1 to 2
an #include up with blanks is found|http/http.c|  #  include   "catalog/catalog.h" /* x */|goes up: from layer 1 to 2
an #include sideways is found|catalog/page.c|#include "mirror/mirror.h"|goes sideways in layer 2
an #include sideways on the first layer is found|http/http.c|#include "pg/pg.h"|goes sideways in layer 1
an #include into a deeper directory is found|base/deep/text.c|#include "cli/cli.h"|goes up: from layer 0 to 6
the catalog's side may not know the database|catalog/page.c|#include "pg/pg.h"|catalog is not to know pg
the database's side may not know HTTP|mirror/apply.c|#include "http/http.h"|mirror is not to know http
a private header stays in its module|mirror/task.c|#include "pg/pg_private.h"|private to pg
a library is used in its module only|sync/sync.c|#include <libpq-fe.h>|does not use the library
a module in no layer is found|attic/box.c|#include "base/text.h"|"attic" is in no layer
a target in no layer is found|sync/sync.c|#include "attic/box.h"|is not written as MODULE/FILE.h
a path out of the tree is found|sync/sync.c|#include "../base/text.h"|is not written as MODULE/FILE.h
a header without its module is found|sync/sync.c|#include "machine.h"|is not written as MODULE/FILE.h
an include that is no name is found|sync/sync.c|#include HEADER|cannot be read
CASES

expect_clean "CONTRIBUTING has the same layers" check_contributing "$top_srcdir/CONTRIBUTING.md"
sed 's|^    5  src/daemon/|    3  src/daemon/|' "$top_srcdir/CONTRIBUTING.md" >"$scratch/contributing"
expect_found "another layer in CONTRIBUTING is found" "3 daemon" check_contributing "$scratch/contributing"
sed 's|src/schedule/||' "$top_srcdir/CONTRIBUTING.md" >"$scratch/contributing"
expect_found "a module that it lacks is found" "CONTRIBUTING has other layers" check_contributing "$scratch/contributing"
finish
