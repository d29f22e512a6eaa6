#!/bin/sh
# The manual is well formed, and names every command, option, key, variable, event, code, path of the monitor, member of JSON, view, column, function, role, table and exit status
# that there is; what is generated of it is up to date. (Metrics: metrics.sh.) The help of check explains each key, too.
. "$(dirname "$0")/tap.sh"
: "${top_builddir:=$PWD}"

program=$top_builddir/edgemirror
man=$top_srcdir/man
sample=$top_srcdir/etc/edgemirror.conf

pages()
{
	(cd "$1" && ls edgemirror*.[157])
}

# The commands that the program's help lists.
commands()
{
	"$program" --help | sed -n '/^Commands:/,/^$/s/^  \([a-z]*\) .*/\1/p'
}

# The long options in the help of a command, the common ones among them.
options()
{
	"$program" "$1" --help | sed -n '/^Options:/,/^$/s/^  *\(-[a-zA-Z], \)\{0,1\}--\([a-z-]*\).*/\2/p'
}

# Each check takes the folder of pages, says what is not there, and fails then.
finding()
{
	cat >"$scratch/found"
	cat "$scratch/found"
	[ ! -s "$scratch/found" ]
}

# each WHAT PATTERN FILE: of the words of standard input, those that do not stand in a line of the file as the pattern, with @ for the word, has it.
each()
{
	WHAT=$1 BEFORE=${2%@*} AFTER=${2##*@} FILE=$3 awk '
		BEGIN { while ((getline line <ENVIRON["FILE"]) > 0) lines[n++] = line; name = ENVIRON["FILE"]; sub(/.*\//, "", name) }
		{ for (i = 0; i < n; i++) if (lines[i] ~ ENVIRON["BEFORE"] $0 ENVIRON["AFTER"]) next
		  print "no " ENVIRON["WHAT"] " " $0 " in " name }'
}

check_commands()
{
	for command in $(commands); do
		grep -qx "\.It Xr edgemirror-$command 1" "$1/edgemirror.1" || echo "no command $command in edgemirror.1"
		[ -e "$1/edgemirror-$command.1" ] || { echo "no page of $command"; continue; }
		grep -qx "\.Nm edgemirror-$command" "$1/edgemirror-$command.1" || echo "the page of $command has another name"
		"$program" "$command" --help | grep -qx "Manual: man edgemirror-$command" || echo "the help of $command names no page"
	done | finding
}

check_options()
{
	for command in $(commands); do
		cat "$1/edgemirror-$command.1" "$1/edgemirror.1" >"$scratch/manual"
		options "$command" | each option '^\.It Fl ([a-zA-Z] , )?-@( |$)' "$scratch/manual" | sed "s/ in manual\$/ of $command&/"
	done | finding
}

keys()
{
	grep -oE '^;?[a-z_]+ =' "$sample" | tr -d ';= ' | sort -u
}

check_keys()
{
	keys | each key '^\.It Cm @$' "$1/edgemirror.conf.5" | finding
}

# check_help HELP: a key, what is accepted, what it is for.
check_help()
{
	keys | while read -r key; do
		grep -A 1 "^  $key = ." "$1" | grep -q '^      [A-Za-z]' || echo "no key $key in the help"
	done | finding
}

# What the program reads itself; and the proxies of the environment, which it reports.
check_variables()
{
	{
		grep -rhoE 'getenv\("[A-Za-z_]+"\)' "$top_srcdir/src" | sed 's/.*"\(.*\)".*/\1/'
		grep -rhoiE '"(https|all|no)_proxy"' "$top_srcdir/src" | tr -d '"'
	} | sort -u | each variable '^\.It Ev (.* , )?@( ,|$)' "$1/edgemirror.1" | finding
}

check_events()
{
	sed -n 's/^#define MESSAGE_ID_[A-Z_]* *"\(.*\)".*/\1/p' "$top_srcdir/src/base/message_id.h" | each event '^\.It Li @ Pq [A-Z_]+$' "$1/edgemirror-journal.7" | finding
}

check_codes()
{
	sed -n 's/^ *X([A-Z_]*, "\([a-z-]*\)",.*/\1/p' "$top_srcdir/src/base/fault_code.h" >"$scratch/codes"
	[ -s "$scratch/codes" ] || echo "no code can be read"
	each code '(^| )@[,.]' "$1/edgemirror-journal.7" <"$scratch/codes" | finding
}

# Of the monitor; in docs/monitoring.md as well.
check_paths()
{
	sed -nE 's/^ *\{\.path = "([^"]*)".*/\1/p' "$top_srcdir/src/web/routes.c" >"$scratch/paths"
	[ -s "$scratch/paths" ] || echo "no path can be read"
	{
		each path '^\.It Pa @( |$)' "$1/edgemirror-monitor.7" <"$scratch/paths"
		each path '^\|.*`@(NAME)?`.*\|' "$2" <"$scratch/paths"
	} | finding
}

# Members of JSON and of notifications, fields of the journal: the public ones.
check_members()
{
	stable=$top_srcdir/tests/stability
	{
		sed -nE 's/^([a-z]+) (--show )?--json: ([^ ]*) .*/edgemirror-\1.1 \3/p; s/^NOTIFY [a-z_]*: ([^ ]*) .*/edgemirror-sql.7 \1/p' "$stable/json.txt"
		sed 's/^/edgemirror-journal.7 /' "$stable/fields.txt"
	} | tr '.[]' '   ' | sed 's/^\(edgemirror-[a-z]*\) \([17]\)/\1.\2/' | while read -r page members; do
		mkdir -p "$scratch/members"
		grep -E '^\.(It )?(Li|Pq|Po)' "$1/$page" >"$scratch/members/$page"
		echo "$members" | tr ' ' '\n' | grep . | each member '(^|[^A-Za-z0-9_])@($|[^A-Za-z0-9_])' "$scratch/members/$page"
	done | sort -u | finding
}

check_statuses()
{
	sed -n 's/^ *CLI_EXIT_[A-Z]* = \([0-9]*\),/\1/p' "$top_srcdir/src/cli/cli.h" >"$scratch/statuses"
	[ -s "$scratch/statuses" ] || echo "no status can be read"
	each "exit status" '^\.It @$' "$1/edgemirror.1" <"$scratch/statuses" | finding
}

# By what the schema creates; columns, by their comments, of which tests/integration/test_mirror demands one each.
check_sql()
{
	cat "$top_srcdir"/sql/migrations/*.sql "$top_srcdir/sql/sharing.sql" >"$scratch/sql"
	{
		sed -nE 's/^CREATE (VIEW|TABLE) edgemirror\.([a-z_]+).*/\2/p; s/^ *CREATE (ROLE|PUBLICATION) ([a-z_]+).*/\2/p' "$scratch/sql" |
			each "view, table or role" '^\.(It Sy|Li) @$' "$1/edgemirror-sql.7"
		sed -nE 's/^CREATE FUNCTION edgemirror\.([a-z_]+)\(.*/\1/p' "$scratch/sql" | each function '^\.It Sy @\(' "$1/edgemirror-sql.7"
		sed -nE 's/^CREATE VIEW edgemirror\.([a-z_]+).*/\1/p' "$scratch/sql" | while read -r view; do
			sed -n "/^\.It Sy $view\$/,/^\.El/p" "$1/edgemirror-sql.7" >"$scratch/view"
			sed -n "s/^COMMENT ON COLUMN edgemirror\.$view\.\([a-z_]*\) .*/\1/p" "$scratch/sql" | each "column" '^\.It Li @$' "$scratch/view" | sed "s/ in view\$/ of $view/"
		done
	} | finding
}

check_fresh()
{
	for template in "$man"/*.in; do
		page=$(basename "$template" .in)
		"$man/generate.sh" "$2" "$page" | cmp -s - "$1/$page" || echo "$page is not up to date (make update-manual)"
	done | finding
}

# Pages lead to pages that there are, and edgemirror(1) to each; those that units name are there, and all are installed.
check_references()
{
	for page in $(pages "$1"); do
		name=${page%.?} section=${page##*.}
		[ "$page" = edgemirror.1 ] || grep -qE "^\.Xr $name $section( ,)?\$" "$1/edgemirror.1" || echo "edgemirror.1 does not lead to $page"
		grep -qw "man/$page" "$man/man.am" || echo "$page is not installed"
	done >"$scratch/references"
	{
		cat "$scratch/references"
		cat "$1"/edgemirror*.[157] | sed -nE 's/^\.(It )?Xr (edgemirror[a-z.-]*) ([157]).*/\2.\3/p' | sort -u
		cat "$top_srcdir"/systemd/* | grep -oE 'man:edgemirror[a-z.-]*\([157]\)' | sed 's/man://; s/(/./; s/)//' | sort -u
	} | while read -r line; do
		case $line in *\ *) echo "$line" ;; *) [ -e "$1/$line" ] || echo "no page $line" ;; esac
	done | finding
}

# A backslash at the end of a line joins it to the next one: who wants to see it writes \e.
check_joined()
{
	grep -n '[^\\]\\$' "$1"/edgemirror*.[157] | finding
}

# What stands to be copied is shown as it is written, at the width of a terminal: in a line that mandoc may fill, quotes are lost, and a long one becomes two.
check_examples()
{
	for page in $(pages "$1"); do
		mandoc -Tascii "$1/$page" | sed 's/.\x08//g; s/^ *//' >"$scratch/shown"
		sed -n 's/^\.Dl //p; /^\.Bd -literal/,/^\.Ed/{/^\./!p}' "$1/$page" | sed 's/\\e/\\/g; s/^ *//' | grep -vxF -f "$scratch/shown" |
			sed "s/^/$page shows otherwise: /"
	done | finding
}

# What other manuals are installed here does not matter.
check_form()
{
	for page in $(pages "$1"); do
		mandoc -Tlint "$1/$page" 2>&1 | grep -v -e 'outdated mandoc.db' -e 'referenced manual not found' -e 'mandoc.db: '
	done | finding
}

# copy: the pages, to plant a fault in them. without PATTERN PAGE: a copy in which the page lacks the lines that match.
copy()
{
	rm -rf "$scratch/man"
	mkdir "$scratch/man"
	cp "$man"/edgemirror*.[157] "$scratch/man/"
	chmod u+w "$scratch/man"/* # those of an archive that is tried are read-only
}

without()
{
	copy
	grep -vE "$1" "$man/$2" >"$scratch/man/$2"
}

expect_clean "every command has a page" check_commands "$man"
expect_clean "every option of every command is in the manual" check_options "$man"
expect_clean "every key of the configuration is in the manual" check_keys "$man"
"$program" check --help >"$scratch/help"
expect_clean "every key of the configuration is explained by check --help" check_help "$scratch/help"
expect_clean "every variable of the environment is in the manual" check_variables "$man"
expect_clean "every event is in the manual" check_events "$man"
expect_clean "every code of a fault is in the manual" check_codes "$man"
expect_clean "every path of the monitor is in the manual and in docs/monitoring.md" check_paths "$man" "$top_srcdir/docs/monitoring.md"
expect_clean "every member of JSON and every field of the journal is in the manual" check_members "$man"
expect_clean "every exit status is in the manual" check_statuses "$man"
expect_clean "everything for reports is in the manual" check_sql "$man"
expect_clean "what is generated is up to date" check_fresh "$man" "$program"
expect_clean "every page is reached, and every reference leads to one" check_references "$man"
expect_clean "lines stay lines" check_joined "$man"

without '^\.It Xr edgemirror-schedule' edgemirror.1
expect_found "a command that is not there is found" "no command schedule" check_commands "$scratch/man"
copy
rm "$scratch/man/edgemirror-verify.1"
expect_found "a command without a page is found" "no page of verify" check_commands "$scratch/man"
without '^\.It Fl -offline' edgemirror-check.1
expect_found "an option that is not there is found" "no option offline of check" check_options "$scratch/man"
without '^\.It Fl -json' edgemirror-status.1
expect_found "an option that is there for another command only is found" "no option json of status" check_options "$scratch/man"
without '^\.It Cm poll_max' edgemirror.conf.5
expect_found "a key that is not there is found" "no key poll_max" check_keys "$scratch/man"
sed '/^  poll_max = /d' "$scratch/help" >"$scratch/less_help"
expect_found "a key that is not explained is found" "no key poll_max in the help" check_help "$scratch/less_help"
without '^\.It Ev TMPDIR' edgemirror.1
expect_found "a variable that is not there is found" "no variable TMPDIR" check_variables "$scratch/man"
without ' RUN_HELD$' edgemirror-journal.7
expect_found "an event that is not there is found" "no event 424963e7bbbc49b1b44482d06135c524" check_events "$scratch/man"
copy
sed 's/lease-held, //' "$man/edgemirror-journal.7" >"$scratch/man/edgemirror-journal.7"
expect_found "a code that is not there is found" "no code lease-held" check_codes "$scratch/man"
without '^\.It Pa /readyz' edgemirror-monitor.7
expect_found "a path that is not there is found" "no path /readyz in edgemirror-monitor.7" check_paths "$scratch/man" "$top_srcdir/docs/monitoring.md"
grep -v '`/readyz`' "$top_srcdir/docs/monitoring.md" >"$scratch/monitoring.md"
expect_found "also one that the page lacks" "no path /readyz in monitoring.md" check_paths "$man" "$scratch/monitoring.md"
copy
sed 's/ durationMs / /' "$man/edgemirror-sync.1" >"$scratch/man/edgemirror-sync.1"
expect_found "a member that is not there is found" "no member durationMs in edgemirror-sync.1" check_members "$scratch/man"
without '^\.It 77' edgemirror.1
expect_found "an exit status that is not there is found" "no exit status 77" check_statuses "$scratch/man"
without '^\.It Sy held' edgemirror-sql.7
expect_found "a view that is not there is found" "no view, table or role held" check_sql "$scratch/man"
copy
awk '/^\.It Sy / { view = $3 } !(view == "daily" && /^\.It Li day$/)' "$man/edgemirror-sql.7" >"$scratch/man/edgemirror-sql.7"
expect_found "a column that is not there is found" "no column day of daily" check_sql "$scratch/man"
without '^\.It Sy request_sync' edgemirror-sql.7
expect_found "a function that is not there is found" "no function request_sync" check_sql "$scratch/man"
cat >"$scratch/other" <<END
#!/bin/sh
"$program" "\$@" | sed 's/Default: 500/Default: 400/'
END
chmod +x "$scratch/other"
expect_found "a default that is another one is found" "edgemirror.conf.5 is not up to date" check_fresh "$man" "$scratch/other"
copy
echo '.Xr edgemirror-other 1' >>"$scratch/man/edgemirror.1"
expect_found "a reference to nowhere is found" "no page edgemirror-other.1" check_references "$scratch/man"
without '^\.Xr edgemirror-sql' edgemirror.1
expect_found "a page that nothing leads to is found" "edgemirror.1 does not lead to edgemirror-sql.7" check_references "$scratch/man"
copy
sed 's/ \\e$/ \\/' "$man/edgemirror-init.1" >"$scratch/man/edgemirror-init.1"
expect_found "a line that is joined to the next one is found" '--auth basic' check_joined "$scratch/man"

if command -v mandoc >/dev/null; then
	expect_clean "the manual is well formed" check_form "$man"
	copy
	sed 's/^\.El$/.Ell/' "$man/edgemirror-sync.1" >"$scratch/man/edgemirror-sync.1"
	expect_found "a manual that is not is found" "unknown macro" check_form "$scratch/man"
	expect_clean "examples are shown as they are written" check_examples "$man"
	copy
	echo '.Dl $ jq "a"' >>"$scratch/man/edgemirror-sync.1"
	expect_found "quotes that are lost are found" 'edgemirror-sync.1 shows otherwise: $ jq "a"' check_examples "$scratch/man"
	copy
	echo ".Dl \$ edgemirror sync $(seq -s ' ' 30)" >>"$scratch/man/edgemirror-sync.1"
	expect_found "a line that becomes two is found" "edgemirror-sync.1 shows otherwise" check_examples "$scratch/man"
else
	skip "the manual is well formed" "mandoc is not installed"
fi
finish
