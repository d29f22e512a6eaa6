#!/bin/sh
# generate.sh PROGRAM bash|zsh|fish: the completion for that shell, on standard output, from what PROGRAM --help and PROGRAM COMMAND --help list.
set -eu
program=$1
shell=$2
here=$(dirname "$0")

# What the help says, one fact a line, the fields separated by tabs:
#   command NAME TAKES_EDGES SUMMARY
#   option COMMAND SHORT LONG VALUE HELP WORDS   SHORT and VALUE may be "-"; WORDS: what a METHOD may be
# Options that every command takes have the command "-".
facts()
{
	help=$("$program" --help)
	printf '%s\n' "$help" | awk '
		/^[A-Z]/ { part = $1 }
		part == "Commands:" && /^  [a-z]/ { name = $1; sub(/^ *[a-z]+ +/, ""); print name "\t" $0 }' | while IFS='	' read -r name summary; do
		edges=no
		of_command=$("$program" "$name" --help)
		# retire takes those alone that the configuration does not have
		[ "$name" = retire ] || ! printf '%s\n' "$of_command" | grep -q '^Usage: .*EDGE…' || edges=yes
		printf 'command\t%s\t%s\t%s\n' "$name" "$edges" "$summary"
		printf '%s\n' "$of_command" | options "$name"
	done
	printf '%s\n' "$help" | options -
}

# Of a command, what the others have not: the common ones have a letter, and those of a command have none.
options()
{
	awk -v command="$1" '
		/^Options:/ { here = 1; next }
		here && /^$/ { exit }
		here {
			short = "-"
			if (match($0, /^  -[a-zA-Z], /)) short = substr($0, 4, 1)
			if ((short != "-") != (command == "-")) next
			sub(/^ +(-[a-zA-Z], )?--/, "")
			long = $1
			value = match($0, /^[a-z-]+ [A-Z]+ /) ? $2 : "-"
			sub(/^[a-z-]+ +/, "")
			if (value != "-") sub(/^[A-Z]+ +/, "")
			sub(/ \(default \/.*\)$/, "") # depends on where it is installed
			words = $0
			gsub(/,| or /, " ", words)
			gsub(/ +/, " ", words)
			print "option\t" command "\t" short "\t" long "\t" value "\t" $0 "\t" (value == "METHOD" ? words : "")
		}'
}

found=$(facts)
printf '%s\n' "$found" | awk -F '\t' -f "$here/$shell.awk"
