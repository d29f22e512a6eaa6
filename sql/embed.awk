# Embeds SQL files into C. Reads the files named on the command line; -v want=header|source.
#
# A query becomes a string named after its file; its comments stay in the file. A migration (a name that begins with a digit) keeps every byte, because its
# checksum is recorded, and joins the table sql_migrations. The checksum given here is for `migrate --print`; `migrate` itself lets PostgreSQL compute it.

function base_name(path,    n, parts) { n = split(path, parts, "/"); sub(/\.sql$/, "", parts[n]); return parts[n] }
function quoted(line) { gsub(/\\/, "\\\\", line); gsub(/"/, "\\\"", line); return "\"" line "\\n\"" }
function checksum(path,    command, line, parts) {
        command = "sha256sum < \"" path "\""
        if ((command | getline line) <= 0) { print "embed.awk: sha256sum is missing" > "/dev/stderr"; failed = 1; exit 1 }
        close(command)
        split(line, parts, " ")
        return parts[1]
}
function open_text(name) {
        migration = name ~ /^[0-9]/
        symbol = migration ? "migration_" name : "sql_" name
        if (migration && substr(name, 1, 4) + 0 != n_migrations) {
                print "embed.awk: " name " is out of turn; migrations are numbered without gaps" > "/dev/stderr"
                failed = 1
                exit 1
        }
        if (migration) { n_migrations++; names[n_migrations] = name; checksums[n_migrations] = checksum(FILENAME) }
        else if (want == "header") print "extern const char sql_" name "[];"
        if (want == "source") printf "%sconst char %s[] =\n", (migration ? "static " : ""), symbol
}
function close_text() { if (want == "source" && symbol != "") print "        ;\n" }

BEGIN {
        print "/* Made from sql/ by sql/embed.awk. */"
        if (want == "header") {
                print "#pragma once\n\n#include <stddef.h>\n"
                print "typedef struct SqlMigration {\n        int number;\n        const char *name;\n        const char *text;\n        const char *checksum; /* SHA-256, hexadecimal */\n} SqlMigration;\n"
                print "extern const SqlMigration sql_migrations[];\nextern const size_t sql_n_migrations;\n"
        } else {
                print "#include \"mirror/sql_embedded.h\"\n"
        }
}
FNR == 1 { close_text(); open_text(base_name(FILENAME)) }
!migration && /^--/ { next }
migration && /\$(step|migration)\$/ { print "embed.awk: " FILENAME " has a tag that migrate --print puts around it" > "/dev/stderr"; failed = 1; exit 1 }
want == "source" { print "        " quoted($0) }
END {
        if (failed) exit 1
        close_text()
        if (want == "source") {
                print "const SqlMigration sql_migrations[] = {"
                for (i = 1; i <= n_migrations; i++)
                        printf "        {%d, \"%s\", migration_%s, \"%s\"},\n", substr(names[i], 1, 4) + 0, names[i], names[i], checksums[i]
                print "};\nconst size_t sql_n_migrations = sizeof(sql_migrations) / sizeof(sql_migrations[0]);"
        }
}
