#!/bin/sh
# Words and names that stand for no term of the field, and for which there is a plain one. Only those that mean nothing else are listed; the names of
# SQL that are public are not.
. "$(dirname "$0")/tap.sh"

# An underscore, a digit and the change to a capital are the ends of a word, too: names are made of words.
words='blot(s|ted)?|knock(s|ed|ing)?|wiring|strangers|mend(s|ed|ing|ers?)?|the gate|reckon(s|ed|ing)?|presets?|befalls?|befell|heed(s|ed)?|soften(s|ed)?|hurry|hurried
	is[ _]sound|as ever|stays so|stay so|(not|never) to be had|(can|could)( not)? be had|g[ai]ves? back|giv(en|ing) back|the apply knows|absurd(ly)?
	ways? (of signing|to sign) in|(ground|first) floor|floors? [0-9]|on no floor|floors? of the|rooms? of the source|in a moment of'
pattern="(^|[^A-Za-z])($(printf '%s' "$words" | tr -s '\n\t' '||'))([^a-z]|\$)"
# As types: "to supply" is a word of its own.
names='(^|[^A-Za-z])(Supply|supply_[a-z]+|Pace|pace_[a-z]+|Mender)([^a-z]|$)'

check_words() (
	cd "$1" || return 1
	find src sql man docs README.md CONTRIBUTING.md tests -type f \( -name '*.[ch1]' -o -name '*.sql' -o -name '*.md' -o -name '*.sh' -o -name '*.am' \) \
		2>/dev/null | grep -v -e '^tests/structure/words\.sh$' -e '^tests/fuzz/corpus/' -e '^tests/upgrade/schema\.sql$' | LC_ALL=C sort >"$scratch/files"
	found=0
	LC_ALL=C xargs grep -nHiE -e "$pattern" <"$scratch/files" && found=1
	LC_ALL=C xargs grep -nHE -e "$names" <"$scratch/files" && found=1
	return $found
)

expect_clean "plain words and names" check_words "$top_srcdir"

plant_at()
{
	rm -rf "$scratch/tree"
	mkdir -p "$scratch/tree/$(dirname "$1")"
	printf '%s\n' "$2" >"$scratch/tree/$1"
}

plant_at src/fine.c '/* A sound answer is supplied, at a pace; nothing was given, backwards or not: "sheltered". */ int is_soundness, estranged, presetting;'
expect_clean "longer and ordinary words are fine" check_words "$scratch/tree"
plant_at tests/fuzz/corpus/text/a.sql 'blot'
expect_clean "inputs of the fuzzers are not read" check_words "$scratch/tree"
plant_at tests/structure/words.sh 'blot'
expect_clean "nor is this list" check_words "$scratch/tree"

while IFS='|' read -r path text; do
	plant_at "$path" "$text"
	expect_found "found: $text" "$path:1:" check_words "$scratch/tree"
done <<'CASES'
src/catalog/a.c|void blot_text(Blot *b);
src/daemon/a.h|/* Knocks at the door now and then. */
src/main.c|static int daemon_open_wiring(void)
src/daemon/b.c|n = strangers_copy(s);
src/sync/a.c|bool machine_is_sound(const Machine *m);
src/sync/b.c|log_info("memory was not to be had");
src/mirror/a.h|/* The lease is given back. */
src/cli/a.c|char *preset;
src/peers/a.h|typedef struct Supply Supply;
src/base/a.h|void pace_wait(Pace *p);
src/http/a.c|static void loop_mend_later(Loop *l);
tests/integration/a.c|/* Once the gate is closed. */
sql/queries/a.sql|-- What is due already stays so.
man/edgemirror.1|As ever, the edge waits.
docs/a.md|What befalls it is reckoned.
README.md|The source has floors 0 to 5.
CONTRIBUTING.md|A new way of signing in is a file.
tests/unit/test_a.c|static void heed_all(void) {}
tests/sim/a.sh|# an absurdly large hurry
CASES
finish
