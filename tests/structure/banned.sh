#!/bin/sh
# Calls that have no place in src/: those that overflow, that hide errors, that share state with the whole process, that stop the loop; and, below layer 3,
# every call of the log. Comments and strings do not count.
. "$(dirname "$0")/tap.sh"

check_banned() (
	cd "$1" && find . -name '*.[ch]' | sed 's|^\./||' | LC_ALL=C sort | xargs awk '
	function ban(names, reason,   list, n, i) {
		n = split(names, list)
		for (i = 1; i <= n; i++)
			why[list[i]] = reason
	}
	BEGIN {
		ban("strcpy strcat stpcpy strncat strncpy sprintf vsprintf gets", "knows no end; use snprintf or base/text.h")
		ban("atoi atol atoll atof sscanf", "hides what is not a number; use text_parse_int64")
		ban("strtok asctime ctime gmtime localtime strerror setlocale tzset", "shares state with the whole process")
		ban("setenv putenv unsetenv rand srand random srandom drand48", "shares state with the whole process")
		ban("alloca strdupa strndupa", "an allocation without a limit on the stack")
		ban("system popen execl execlp execv execvp", "starts other programs")
		ban("tmpnam tempnam mktemp", "a name that somebody else may take first")
		ban("sleep usleep nanosleep", "stops the loop; use a timer of sd-event")
		ban("PQexec PQexecParams PQconnectdb PQreset PQprepare curl_easy_perform", "stops the loop")
		ban("PQgetvalue", "is NULL where an answer is not as it was asked for; use result_string")
		ban("sd_event_add_time_relative", "is base/timer.h\047s to call; use timer_start")
		ban("exit _exit quick_exit", "leaves without releasing; return a status")
	}
	# The line without comments, strings and character constants. `inside` lives on from line to line in a comment.
	function strip(line,   out, c, two) {
		out = ""
		while (line != "") {
			two = substr(line, 1, 2)
			c = substr(line, 1, 1)
			if (inside) {
				if (!(i = index(line, "*/"))) return out
				line = substr(line, i + 2)
				inside = 0
				out = out " "
			} else if (two == "/*") {
				inside = 1
				line = substr(line, 3)
			} else if (two == "//") {
				return out
			} else if (c == "\"" && match(line, /^"([^"\\]|\\.)*"/)) {
				out = out "\"\""
				line = substr(line, RLENGTH + 1)
			} else if (c == "\047" && match(line, /^\047([^\047\\]|\\.)*\047/)) {
				out = out "0"
				line = substr(line, RLENGTH + 1)
			} else {
				out = out c
				line = substr(line, 2)
			}
		}
		return out
	}
	FNR == 1 { inside = 0 }
	{
		line = strip($0)
		while (match(line, /[A-Za-z_][A-Za-z_0-9]*[ \t]*\(/)) {
			before = RSTART > 1 ? substr(line, RSTART - 1, 1) : ""
			name = substr(line, RSTART, RLENGTH - 1)
			sub(/[ \t]*$/, "", name)
			line = substr(line, RSTART + RLENGTH)
			if (name in why && !(name == "sd_event_add_time_relative" && FILENAME == "base/timer.c") &&
			    !(name ~ /^(un)?setenv$/ && FILENAME == "config/variables.c") &&
			    !(name == "PQgetvalue" && FILENAME ~ /^mirror\/params\.c$|^pg\/prepared\.c$/)) {
				print "src/" FILENAME ":" FNR ": " name "() " why[name]
				found = 1
			}
			if (name ~ /^log_(event|error|warning|info|debug|open)$/ && FILENAME !~ /^(sync|cli|daemon)\/|^web\/monitor\.c$|^main\.c$|^base\/log\.[ch]$/) {
				print "src/" FILENAME ":" FNR ": " name "() in a module that does not log: the place that decides does"
				found = 1
			}
		}
	}
	END { exit found }' || return 1
)

expect_clean "src/ calls nothing that is banned" check_banned "$top_srcdir/src"

plant base/fine.c '/* strcpy(a, b) in a comment
 * over lines: system("x"); */
// gets(x)
const char *s = "strcat(\"a\", b)"; char c = '"'\"'"'; int my_sprintf(int), snprintf_like, exit_status(int);
int sprintf_is_only_a_word; /* x */ int y = fine(1);'
expect_clean "comments, strings and longer names are fine" check_banned "$scratch/src"
plant sync/fine.c 'void f(void) { log_info("x"); }'
expect_clean "src/sync may log" check_banned "$scratch/src"
plant base/timer.c 'int r = sd_event_add_time_relative(e, &s, CLOCK_MONOTONIC, 1, 1, f, t);'
expect_clean "the timer may call what it is made of" check_banned "$scratch/src"
plant config/variables.c 'int r = unsetenv(name) + setenv(name, "x", 1);'
expect_clean "what init forgets is forgotten before there is a thread" check_banned "$scratch/src"

while IFS='|' read -r path text words; do
	plant "$path" "$text"
	expect_found "found: $text" "$words" check_banned "$scratch/src"
done <<'CASES'
base/a.c|        strcpy(a, b);|src/base/a.c:1: strcpy()
base/a.c|int x = 0; /* c */ strcat (a, b);|strcat()
cli/a.c|        (void)sprintf(a, "(%s)", b);|sprintf()
http/a.h|static inline int f(const char *s) { return atoi(s); }|atoi()
sync/a.c|        if (gets(line) && strtok(line, ","))|strtok()
cli/a.c|        system("rm");|system()
pg/a.c|        char *p = alloca(n);|alloca()
pg/a.c|        result = PQexec(c, "select 1");|PQexec()
cli/a.c|        char quote = '"'; strcpy(a, "x");|strcpy()
cli/a.c|        exit(1);|exit()
cli/a.c|        (void)unsetenv("PGHOST");|unsetenv() shares state with the whole process
sync/timer.c|        r = sd_event_add_time_relative(e, &s, CLOCK_MONOTONIC, 1, 1, f, t);|src/sync/timer.c:1: sd_event_add_time_relative() is base/timer.h's to call
mirror/lease.c|        const char *id = PQgetvalue(result, 0, 0);|is NULL where an answer is not as it was asked for
sync/a.c|        sleep(1);|sleep()
mirror/a.c|        log_error("x");|log_error() in a module that does not log
base/text.c|        log_event(LOG_LEVEL_INFO, NULL, LOG_NO_FIELDS, "x");|log_event() in a module that does not log
peers/a.c|        log_info("x");|log_info() in a module that does not log
web/health.c|        log_info("x");|log_info() in a module that does not log
catalog/a.c|        log_debug("x");|log_debug() in a module that does not log
CASES
finish
