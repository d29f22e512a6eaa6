#!/bin/sh
# The floors of the house: reads the #includes of src/ and finds every arrow that goes up or sideways, every room that is on no floor, every
# private header outside its room, and every acquaintance that is not wanted.
. "$(dirname "$0")/tap.sh"

check_layers() (
	cd "$1" && find . -name '*.[ch]' | sed 's|^\./||' | LC_ALL=C sort | xargs awk '
	BEGIN {
		n = split("0 base  1 http 1 pg 1 schedule  2 config 2 catalog 2 mirror  3 sync 3 peers  4 daemon  5 cli", words)
		for (i = 1; i < n; i += 2)
			floor[words[i + 1]] = words[i]
		# The API side knows no database, the database side no HTTP, the configuration neither.
		n = split("catalog/pg mirror/http config/http config/pg sync/http sync/pg", words)
		for (i = 1; i <= n; i++)
			stranger[words[i]] = 1
		# Libraries are spoken to in the rooms that are there for it; config/ asks them whether a value is well-formed.
		n = split("curl/curl.h=http,config,catalog libpq-fe.h=pg,mirror,config cjson/cJSON.h=catalog,cli systemd/sd-journal.h=base gcrypt.h=base", words)
		for (i = 1; i <= n; i++)
			rooms[substr(words[i], 1, index(words[i], "=") - 1)] = "," substr(words[i], index(words[i], "=") + 1) ","
	}
	function complain(words) { print "src/" FILENAME ":" FNR ": " words; found = 1 }
	/^[ \t]*#[ \t]*include/ {
		slash = index(FILENAME, "/")
		room = slash ? substr(FILENAME, 1, slash - 1) : FILENAME
		at = room == "main.c" ? 6 : room in floor ? floor[room] : -1
		if (at < 0) { complain("\"" room "\" is on no floor; add it to the table in tests/structure/layers.sh"); next }
		if (match($0, /<[^>]*>/)) {
			header = substr($0, RSTART + 1, RLENGTH - 2)
			if (header in rooms && !index(rooms[header], "," room ","))
				complain(room " does not speak to the library of <" header ">")
			next
		}
		if (!match($0, /"[^"]*"/)) { complain("an #include that cannot be read"); next }
		header = substr($0, RSTART + 1, RLENGTH - 2)
		slash = index(header, "/")
		target = slash ? substr(header, 1, slash - 1) : ""
		if (!(target in floor)) complain("\"" header "\" is not written as ROOM/FILE.h")
		else if (target == room) next
		else if (floor[target] > at) complain("the arrow to \"" header "\" goes up: from floor " at " to " floor[target])
		else if (floor[target] == at) complain("the arrow to \"" header "\" goes sideways on floor " at)
		else if ((room "/" target) in stranger) complain(room " is not to know " target)
		else if (header ~ /_(private|internal)\.h$/) complain("\"" header "\" is private to " target)
	}
	END { exit found }' || return 1
)

expect_clean "the arrows of src/ point down" check_layers "$top_srcdir/src"

plant catalog/page.c '#include "base/text.h"
#include "catalog/catalog.h"
# include "http/http.h"
#include <string.h>'
expect_clean "arrows down and within a room are fine" check_layers "$scratch/src"

while IFS='|' read -r name path include words; do
	plant "$path" "$include"
	expect_found "$name" "$words" check_layers "$scratch/src"
done <<'CASES'
an arrow up is found|base/text.c|#include "sync/sync.h"|goes up: from floor 0 to 3
an arrow up by one floor is found|pg/pool.h|#include "mirror/mirror.h"|goes up: from floor 1 to 2
an arrow up with blanks is found|http/http.c|  #  include   "catalog/catalog.h" /* x */|goes up: from floor 1 to 2
an arrow sideways is found|catalog/page.c|#include "mirror/mirror.h"|goes sideways on floor 2
an arrow sideways on the first floor is found|http/http.c|#include "pg/pg.h"|goes sideways on floor 1
an arrow into a deeper folder is found|base/deep/text.c|#include "cli/cli.h"|goes up: from floor 0 to 5
the catalog's side may not know the database|catalog/page.c|#include "pg/pg.h"|catalog is not to know pg
the database's side may not know HTTP|mirror/apply.c|#include "http/http.h"|mirror is not to know http
a private header stays in its room|mirror/task.c|#include "pg/pg_private.h"|private to pg
a library is met in its room only|sync/sync.c|#include <libpq-fe.h>|does not speak to the library
a room on no floor is found|attic/box.c|#include "base/text.h"|"attic" is on no floor
a target on no floor is found|sync/sync.c|#include "attic/box.h"|is not written as ROOM/FILE.h
a path out of the tree is found|sync/sync.c|#include "../base/text.h"|is not written as ROOM/FILE.h
a header without its room is found|sync/sync.c|#include "machine.h"|is not written as ROOM/FILE.h
an include that is no name is found|sync/sync.c|#include HEADER|cannot be read
CASES
finish
