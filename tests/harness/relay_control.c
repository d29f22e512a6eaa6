/*
 * relay_control: see the header.
 */
#include "harness/relay_control.h"
#include "harness/program.h"
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static long read_number(const HarnessRelay *r)
{
        char line[64];
        ssize_t n = read(r->output, line, sizeof(line) - 1);
        assert_true(n > 0);
        line[n] = '\0';
        return strtol(line, NULL, 10);
}

void harness_relay_start(HarnessRelay *r, const HarnessPostgres *pg, unsigned delay_msec)
{
        char program[512], server[128], delay[16];
        int ends[2];
        harness_built("tests/harness/relay", program);
        (void)snprintf(server, sizeof(server), "%s/.s.PGSQL.5432", pg->folder);
        (void)snprintf(delay, sizeof(delay), "%u", delay_msec);
        assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
        r->pid = fork();
        assert_true(r->pid >= 0);
        if (r->pid == 0) {
                (void)dup2(ends[1], STDOUT_FILENO);
                (void)execl(program, program, "0", server, delay, (char *)NULL);
                _exit(127);
        }
        (void)close(ends[1]);
        r->output = ends[0];
        r->port = (unsigned)read_number(r);
}

void harness_relay_forget(const HarnessRelay *r)
{
        assert_int_equal(kill(r->pid, SIGUSR1), 0);
        (void)harness_relay_trips(r); /* it has turned round since */
}

long harness_relay_trips(const HarnessRelay *r)
{
        assert_int_equal(kill(r->pid, SIGUSR2), 0);
        return read_number(r);
}

void harness_relay_stop(HarnessRelay *r)
{
        if (r->pid <= 0)
                return;
        (void)kill(r->pid, SIGKILL);
        assert_int_equal(waitpid(r->pid, NULL, 0), r->pid);
        (void)close(r->output);
        r->pid = 0;
}
