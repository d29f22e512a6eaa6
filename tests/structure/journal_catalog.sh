#!/bin/sh
# Each MESSAGE_ID of src/base/message_id.h has its text in systemd/edgemirror.catalog, and nothing else has; journalctl takes the file as it is.
. "$(dirname "$0")/tap.sh"

ids_of_header()
{
	sed -n 's/^#define MESSAGE_ID_[A-Z_]* *"\(.*\)".*/\1/p' "$1"
}

ids_of_catalog()
{
	sed -n 's/^-- //p' "$1"
}

# ids_agree HEADER CATALOG
ids_agree()
{
	ids_of_header "$1" >"$scratch/header"
	ids_of_catalog "$2" >"$scratch/catalog"
	sort -u "$scratch/header" >"$scratch/a"
	sort -u "$scratch/catalog" >"$scratch/b"
	{
		grep -hvxE '[0-9a-f]{32}' "$scratch/header" "$scratch/catalog" | sed 's/$/: not 32 hexadecimal digits/'
		sort "$scratch/header" | uniq -d | sed 's/$/: twice in the header/'
		sort "$scratch/catalog" | uniq -d | sed 's/$/: twice in the catalog/'
		comm -23 "$scratch/a" "$scratch/b" | sed 's/$/: without a text/'
		comm -13 "$scratch/a" "$scratch/b" | sed 's/$/: a text for nothing/'
		[ "$(grep -c 'define MESSAGE_ID_' "$1")" -eq "$(wc -l <"$scratch/header")" ] || echo "a MESSAGE_ID that cannot be read"
	} >"$scratch/found"
	cat "$scratch/found"
	[ ! -s "$scratch/found" ]
}

header=$top_srcdir/src/base/message_id.h
catalog=$top_srcdir/systemd/edgemirror.catalog
expect_clean "header and catalog agree" ids_agree "$header" "$catalog"

first=$(ids_of_header "$header" | head -n 1)
grep -v "$first" "$catalog" >"$scratch/less"
expect_found "an event without a text is found" "$first: without a text" ids_agree "$header" "$scratch/less"
{ cat "$catalog" && echo '-- 00112233445566778899aabbccddeeff'; } >"$scratch/more"
expect_found "a text without an event is found" "a text for nothing" ids_agree "$header" "$scratch/more"
sed 's/SERVICE_STARTED .*/SERVICE_STARTED "12"/' "$header" >"$scratch/short.h"
expect_found "an id that is none is found" "not 32 hexadecimal digits" ids_agree "$scratch/short.h" "$catalog"
{ cat "$header" && echo "#define MESSAGE_ID_AGAIN \"$first\""; } >"$scratch/twice.h"
expect_found "two events of one id are found" "twice in the header" ids_agree "$scratch/twice.h" "$catalog"

# The compiled catalog has a subject and a text for each.
compiled_catalog_is_whole()
{
	mkdir -p "$scratch/root/usr/lib/systemd/catalog" "$scratch/root/var/lib/systemd/catalog"
	cp "$catalog" "$scratch/root/usr/lib/systemd/catalog/"
	journalctl --root="$scratch/root" --update-catalog || return 1
	ids_of_header "$header" | while read -r id; do
		journalctl --root="$scratch/root" --dump-catalog "$id" >"$scratch/text" || return 1
		grep -q '^Subject: .' "$scratch/text" || { echo "$id: no subject"; return 1; }
		[ "$(wc -l <"$scratch/text")" -ge 5 ] || { echo "$id: no text"; return 1; }
	done
}
if command -v journalctl >/dev/null; then
	expect_clean "journalctl takes the catalog" compiled_catalog_is_whole
else
	skip "journalctl takes the catalog" "no journalctl here"
fi
finish
