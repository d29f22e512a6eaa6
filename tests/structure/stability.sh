#!/bin/sh
# What is public (docs/stability.md) is what the lists of tests/stability say: neither less nor more. Here those that tables of the program, its help and its
# installation show; tests/integration/test_stability has those of its answers and of the database. With --update it writes them (make update-stability).
. "$(dirname "$0")/tap.sh"
: "${top_builddir:=$PWD}"

program=$top_builddir/edgemirror
lists=$top_srcdir/tests/stability
LC_ALL=C
export LC_ALL

commands()
{
	"$program" --help | sed -n '/^Commands:/,/^$/s/^  \([a-z]*\) .*/\1/p' | while read -r command; do
		echo "$command"
		"$program" "$command" --help | sed -n "/^Options:/,\$s/^  *\(-[a-zA-Z]\), --\([a-z-]*\).*/$command \1\n$command --\2/p; /^Options:/,\$s/^  *--\([a-z-]*\).*/$command --\1/p"
	done
}

# The sample has every key of the table; a test insists.
keys()
{
	awk '/^\[/ { section = $0; sub(/ .*/, " NAME]", section) } match($0, /^;?[a-z_]+ =/) { key = $1; sub(/^;/, "", key); print section, key }' \
		"$top_srcdir/etc/edgemirror.conf" | sort -u
}

# As check --help lists them.
defaults()
{
	"$program" check --help | awk '/^\[/ { section = $0; sub(/ .*/, " NAME]", section) } /^  [a-z_]+ = / { key = $1 }
		/^      Default: / { sub(/^ *Default: /, ""); print section, key, "= " $0 }'
}

variables()
{
	keys | sed -n 's/^\[\([a-z]*\)\] \(.*\)/EDGEMIRROR_\1_\2/p' | tr '[:lower:]' '[:upper:]'
}

exit_statuses()
{
	sed -n 's/^ *CLI_EXIT_\([A-Z_]*\) = \([0-9]*\),/\2 \1/p' "$1/src/cli/cli.h"
}

messages()
{
	sed -n 's/^#define MESSAGE_ID_\([A-Z_]*\) *"\(.*\)"/\2 \1/p' "$1/src/base/message_id.h"
}

fields()
{
	echo MESSAGE_ID
	find "$1/src" -name '*.c' -exec sed -n 's/.*LOG_\(TEXT\|NUMBER\)("\([A-Z_]*\)".*/\2/p' {} +
}

faults()
{
	sed -n 's/^ *X([A-Z_0-9]*, "\([a-z0-9-]*\)", .*/\1/p' "$1/src/base/fault_code.h"
}

# Name, kind as Prometheus has it, label and each of its values, which are in metric.c; bounds of histograms and codes may become more.
metrics()
{
	sed 's/\\$//' "$1/src/base/metric.h" | tr -d '\n' | grep -oE 'X\([A-Z_]+, *"[a-z_]+", *[A-Z_]+, *[A-Z]+' | sed 's/.*"\(.*\)", */\1 /; s/,//; s/ COUNTER/ counter/
		s/ HISTOGRAM/ histogram/; s/ GAUGE/ gauge/; s/ OBSERVED/ gauge/; s/ OF_EDGES/ gauge/; s/ NONE$//' | while read -r name kind label; do
		case $kind-$label in
		histogram-* | *-) label= ;;
		*) label=$(sed -n "s/^ *\[METRIC_LABEL_$label\] = {\"\([a-z]*\)\".*/\1/p" "$1/src/base/metric.c") ;;
		esac
		case $name in edgemirror_edge_*) label=edge ;; esac
		echo "$name $kind${label:+ $label}"
	done
}

paths()
{
	sed -n 's/^ *{\.path = "\([^"]*\)".*/\1/p' "$1/src/web/routes.c"
}

# Of a template of [notify].
placeholders()
{
	sed -n 's/^ *{"\([a-z_]*\)", .*},*$/\1/p' "$1/src/daemon/notify_message.c"
}

# Of freshness.state, as the monitor knows them; the view's own are in sql.txt.
states()
{
	tr -d '\n' <"$1/src/web/edge_state.c" | grep -oE '\[[A-Z_]+\] = *\{"[a-z_]+", ' | cut -d'"' -f2
}

# But for documents, which may be arranged otherwise.
files()
{
	(unset MAKEFLAGS MFLAGS MAKELEVEL && ${MAKE:-make} -s -C "$top_builddir" install DESTDIR="$scratch/root" prefix=/usr exec_prefix=/usr sysconfdir=/etc datadir=/usr/share \
		datarootdir=/usr/share bindir=/usr/bin) >"$scratch/made" 2>&1 || cat "$scratch/made"
	(cd "$scratch/root" && find . -type f) | sed 's/^\.//' | grep -vE '^/usr/share/(doc|man|edgemirror/sql)/'
}

kinds='commands configuration environment exit-statuses faults fields files messages metrics paths placeholders states'
produce() # KIND [TOP]
{
	case $1 in
	commands) commands ;;
	configuration) { keys && defaults; } ;;
	environment) variables ;;
	exit-statuses) exit_statuses "$2" ;;
	files) files ;;
	*) "$1" "$2" ;;
	esac | sort -u
}

# frozen KIND [TOP]: says what differs, and what is to be done then.
frozen()
{
	produce "$1" "${2:-$top_srcdir}" >"$scratch/$1"
	[ -s "$scratch/$1" ] || { echo "nothing of $1 is found"; return 1; }
	comm -23 "$lists/$1.txt" "$scratch/$1" |
		sed "s|.*|$1: \"&\" is public and is not there any more: it stays until the next major version (docs/stability.md)|" >"$scratch/differences"
	comm -13 "$lists/$1.txt" "$scratch/$1" |
		sed "s|.*|$1: \"&\" is new; to make it public for good: make update-stability, and a line in NEWS.md|" >>"$scratch/differences"
	cat "$scratch/differences"
	[ ! -s "$scratch/differences" ]
}

if [ "${1-}" = --update ]; then
	for kind in $kinds; do
		produce "$kind" "$top_srcdir" >"$scratch/$kind" && cp "$scratch/$kind" "$lists/$kind.txt"
	done
	exit
fi

for kind in $kinds; do
	case $kind in files)
		# What is for systemd can be left out.
		if [ ! -e "$top_builddir/Makefile" ] || ! grep -q '^nodist_systemdsystemunit_DATA' "$top_builddir/Makefile"; then
			skip "$kind are as they were" "nothing is installed for systemd"
			continue
		fi
		;;
	esac
	expect_clean "$kind are as they were" frozen "$kind"
done

# changed FILE EXPRESSION: a tree with that file edited.
changed()
{
	rm -rf "$scratch/tree"
	mkdir -p "$scratch/tree"
	cp -R "$top_srcdir/src" "$scratch/tree/"
	chmod -R u+w "$scratch/tree"
	sed "$2" "$top_srcdir/$1" >"$scratch/tree/$1"
}

changed src/cli/cli.h 's/CLI_EXIT_HELD = 4/CLI_EXIT_HELD = 5/'
expect_found "another exit status is found" '"4 HELD" is public and is not there any more' frozen exit-statuses "$scratch/tree"
changed src/base/fault_code.h '/"no-memory"/d'
expect_found "a word that is gone is found" '"no-memory" is public and is not there any more' frozen faults "$scratch/tree"
changed src/base/metric.h 's/"edgemirror_syncs_total", COUNTER/"edgemirror_syncs_total", GAUGE/'
expect_found "another kind of a metric is found" '"edgemirror_syncs_total counter" is public and is not there any more' frozen metrics "$scratch/tree"
changed src/web/edge_state.c 's/{"disabled",/{"off",/'
expect_found "another word for a state is found" '"disabled" is public and is not there any more' frozen states "$scratch/tree"
cat >"$scratch/other" <<END
#!/bin/sh
"$program" "\$@" | sed 's/Default: 15m/Default: 10m/'
END
chmod +x "$scratch/other"
this=$program
program=$scratch/other
expect_found "another default is found" '"[defaults] wait_timeout = 15m" is public and is not there any more' frozen configuration
program=$this
changed src/web/routes.c 's|^\( *{\.path = "/\)healthz"|\1alive", .answer = NULL},\n&|'
expect_found "what nobody has made public is found" '"/alive" is new; to make it public for good: make update-stability' frozen paths "$scratch/tree"
finish
