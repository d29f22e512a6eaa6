/*
 * cmd_migrate: the command.
 */
#include "cli/cli.h"
#include "cli/columns.h"
#include "cli/command.h"
#include "cli/session.h"
#include "mirror/grants.h"
#include "mirror/migrate.h"
#include <stdio.h>

static void migration_print(const MigrateReport *report)
{
        fputs("database ", stdout);
        put_text(stdout, report->database);
        printf("%s%s, schema edgemirror: ", report->server[0] ? " at " : "", report->server);
        if (report->from_version == report->to_version)
                printf("at version %d already\n", report->to_version);
        else
                printf("version %d → %d\n", report->from_version, report->to_version);
}

static void migration_on_done(const MigrateReport *report, const Fault *fault, void *userdata)
{
        Session *s = userdata;
        if (fault->scope != FAULT_NONE)
                session_fail(s, fault);
        else
                migration_print(report);
        fputs(report->notes, stderr);
        session_end(s, fault_exit_status(fault));
}

static void migration_on_grant(const char *statement, const Fault *fault, void *userdata)
{
        Session *s = userdata;
        if (statement)
                puts(statement);
        else if (fault->scope != FAULT_NONE)
                session_fail(s, fault);
        else
                session_end(s, CLI_EXIT_DONE);
}

int command_migrate(const CommandLine *line)
{
        Session s = {.command = "migrate"};
        if (line->print)
                return session_begun(&s, mirror_migrate_print(stdout));
        int status = session_load(&s, line->config_file);
        if (status == 0)
                status = session_open(&s, SESSION_MIRROR);
        if (status == 0) {
                int r = line->grants ? mirror_grants(s.peers->mirror, line->grants,
                                                     migration_on_grant, &s, NULL)
                                     : mirror_migrate(s.peers->mirror, migration_on_done, &s, NULL);
                status = session_begun(&s, r);
        }
        return session_finish(&s, status);
}
