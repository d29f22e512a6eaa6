/*
 * cmd_migrate: the command.
 */
#include "base/log.h"
#include "cli/cli.h"
#include "cli/command.h"
#include "cli/session.h"
#include "mirror/grants.h"
#include "mirror/migrate.h"
#include <stdio.h>
#include <string.h>

typedef struct Migration {
        Session session;
        int status;
} Migration;

static void migration_on_done(const MigrateReport *report, const Fault *fault, void *userdata)
{
        Migration *m = userdata;
        m->status = fault_exit_status(fault);
        if (fault->scope != FAULT_NONE)
                log_error("migrate: %s", fault->message);
        else if (report->from_version == report->to_version)
                printf("schema edgemirror is at version %d already\n", report->to_version);
        else
                printf("schema edgemirror: version %d → %d\n", report->from_version,
                       report->to_version);
        fputs(report->notes, stderr);
        (void)sd_event_exit(m->session.event, 0);
}

static void migration_on_grant(const char *statement, const Fault *fault, void *userdata)
{
        Migration *m = userdata;
        if (statement) {
                puts(statement);
                return;
        }
        m->status = fault_exit_status(fault);
        if (fault->scope != FAULT_NONE)
                log_error("migrate: %s", fault->message);
        (void)sd_event_exit(m->session.event, 0);
}

static int migrate_failed(int r)
{
        log_error("migrate: %s", strerrordesc_np(-r));
        return CLI_EXIT_EDGE_FAILED;
}

int command_migrate(const CommandLine *line)
{
        int r = line->print ? mirror_migrate_print(stdout) : 0;
        if (line->print)
                return r < 0 ? migrate_failed(r) : CLI_EXIT_DONE;

        Migration m = {0};
        MirrorTask *task;
        int status = session_load(&m.session, line->config_file);
        if (status == 0)
                status = session_open_mirror(&m.session);
        if (status == 0)
                r = line->grants ? mirror_grants(m.session.mirror, line->grants, migration_on_grant,
                                                 &m, &task)
                                 : mirror_migrate(m.session.mirror, migration_on_done, &m, &task);
        if (r < 0)
                status = migrate_failed(r);
        if (status == 0) {
                status = session_loop(&m.session);
                status = status ? status : m.status;
        }
        session_done(&m.session);
        return status;
}
