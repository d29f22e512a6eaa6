/*
 * cmd_run: the command. The service, in the foreground.
 */
#include "base/log.h"
#include "cli/command.h"
#include "cli/session.h"
#include "daemon/daemon.h"

int command_run(const CommandLine *line)
{
        Session session = {.is_service = true};
        Fault fault;
        log_never_wait();
        log_set_dated();
        int status = session_load(&session, line->config_file);
        if (status == 0) {
                log_set_format(session.config->daemon.log_format);
                session_log_spool();
        }
        if (status == 0 && daemon_run(line->config_file, session.config, &fault) < 0)
                status = session_failed(&fault);
        session_done(&session);
        return status;
}
