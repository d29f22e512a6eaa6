/*
 * cli: the table of commands; prepares the process, finds the command that is meant, runs it.
 */
#include "cli/cli.h"
#include "base/cleanup.h"
#include "base/digest.h"
#include "base/log.h"
#include "base/own_command.h"
#include "base/signals.h"
#include "cli/arguments.h"
#include "config/sample.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

static const Command commands[] = {
        {"run", "", "the service: syncs each edge when it is due, until it is stopped", "",
         "Stays in the foreground. SIGHUP reads the configuration again, SIGTERM and SIGINT stop; "
         "with systemd, see\n"
         "edgemirror.service. Any number of instances may run on one database, with the same "
         "configuration.\n",
         false, command_run, NULL},
        {"sync", "[EDGE…]",
         "one sync now of the named edges (all enabled ones without names), then exit", "jnudaW",
         "Triggers a refresh of each Edge connection, waits for its job, lists its database "
         "connections and applies the\n"
         "difference to the mirror. Edges run concurrently, at most max_syncs at a time.\n",
         true, command_sync, NULL},
        {"check", "",
         "validates the configuration, then the catalog, then PostgreSQL; a line each with what to "
         "do",
         "joH",
         "Nothing is changed, in the catalog or in PostgreSQL. Every key of the configuration "
         "follows below.\n",
         false, command_check, config_print_help},
        {"init", "", "writes a first configuration: asks, tries each answer, discovers the edges",
         "OUANCSTsbeKxXYPQ",
         "Asks on a terminal for what its options do not say: address, authentication method, the "
         "file of the secret,\n"
         "PostgreSQL. Each is tried at once. Nothing is changed in the catalog or in PostgreSQL, "
         "and nothing is\n"
         "written unless all is right. Without a terminal, --url, --auth, --secret-file and "
         "--postgres are needed,\n"
         "and --username or --client-id where the method has one.\n",
         false, command_init, NULL},
        {"migrate", "",
         "creates or upgrades the schema in PostgreSQL; safe to run again, and twice at once", "pg",
         "The role needs CREATE on the database, or a schema edgemirror of its own that an "
         "administrator has made for it.\n"
         "What it may not make (the publication, the role for readers) is printed as statements "
         "for an administrator.\n",
         false, command_migrate, NULL},
        {"status", "[EDGE…]",
         "first the service; then per edge: state, age of the mirror, rows, last outcome, next run",
         "jwk",
         "Reads the mirror only; the catalog is not asked. With --check, exit status 0 means that "
         "every enabled edge is\n"
         "fresh and well, and that an instance of the service is alive where edges have a "
         "schedule; 1 that one is not.\n",
         true, command_status, NULL},
        {"schedule", "[EDGE…]", "the next firing times of each edge's schedule", "jcf",
         "Needs neither catalog nor database.\n", true, command_schedule, NULL},
        {"verify", "[EDGE…]",
         "whether the mirror was altered by hand: recomputes each edge's digest from its rows", "j",
         "Reads the mirror only, and writes nothing. Exit status 1 where an edge is not as its "
         "last sync left it; then\n"
         "edgemirror sync --dry-run EDGE shows the rows, and edgemirror sync --full EDGE repairs "
         "them. A history that was\naltered is reported too; no sync repairs that.\n",
         true, command_verify, NULL},
        {"discover", "",
         "the Edge connections that the catalog shows, and a section for each that is not "
         "configured",
         "j",
         "A table of all (name, id, Edge site, section) goes to standard error, and the sections "
         "alone to standard output:\n"
         "(umask 022; edgemirror discover >>FILE.conf) adds them to a configuration that the "
         "service's user can read.\n"
         "PostgreSQL is not connected to, and the configuration need not have an edge yet.\n",
         false, command_discover, NULL},
        {"retire", "EDGE…", "ends the rows of edges that are configured no more, after a question",
         "yF",
         "For an Edge connection that is gone, or not wanted any more: its rows are removed as of "
         "now, and its history\n"
         "stays. Take its section out of the configuration, reload the service, then retire it, by "
         "name or id.\n",
         true, command_retire, NULL},
};

/* A descriptor below 3 that is closed would be given to the next socket, and a message would go
 * into it. */
static void open_standard_streams(void)
{
        int fd;
        do
                /* without O_CLOEXEC: standard streams are meant to be inherited */
                fd = open("/dev/null", O_RDWR);
        while (fd >= 0 && fd <= STDERR_FILENO);
        cleanup_close(&fd);
}

/* No core with secrets in it, no debugger, no file that others can read, no death by a closed pipe
 * or by a limit of file sizes: what is written fails then. */
static void harden_process(void)
{
        (void)umask(0077);
        (void)signal(SIGPIPE, SIG_IGN);
        (void)signal(SIGXFSZ, SIG_IGN);
        /* The first process of a container inherits what others in it leave behind; it starts no
         * children itself, and so the kernel reaps those. */
        if (getpid() == 1)
                (void)signal(SIGCHLD, SIG_IGN);
        const struct rlimit none = {0, 0};
        (void)setrlimit(RLIMIT_CORE, &none);
#ifndef EDGEMIRROR_SANITIZERS /* the leak check attaches to the process */
        (void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
#endif
}

/* What the program opens itself beside connections and spools; with fewer, it would end somewhere
 * in the middle, and libraries would with it. */
enum { DESCRIPTORS_MIN = 64 };

/* As many descriptors as the system allows: the limit below that is for programs that use
 * select(2), which this one does not. */
static int open_descriptors(void)
{
        struct rlimit limit;
        if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
                return 0;
        if (limit.rlim_max < DESCRIPTORS_MIN) {
                log_error("no more than %llu open files are allowed, and %d are needed; raise the "
                          "limit (ulimit -Hn, LimitNOFILE= of the unit)",
                          (unsigned long long)limit.rlim_max, DESCRIPTORS_MIN);
                return -EMFILE;
        }
        limit.rlim_cur = limit.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &limit);
        return 0;
}

/* A reader that left early (head) has what it wanted; output that is lost otherwise (a full disk)
 * is a failure. */
static int close_output(int status)
{
        bool lost = fflush(stdout) != 0;
        lost = ferror(stdout) || lost;
        struct pollfd reader = {.fd = STDOUT_FILENO};
        bool reader_left = poll(&reader, 1, 0) > 0 && (reader.revents & POLLERR);
        if (!lost || reader_left)
                return status;
        log_error("standard output could not be written; what was printed is incomplete");
        return status == CLI_EXIT_DONE ? CLI_EXIT_EDGE_FAILED : status;
}

int cli_main(int argc, char **argv)
{
        CommandLine line;
        const Command *command;
        /* first: whoever has started the service may ask it to reload before it has loaded */
        signals_hold_hangup(true);
        open_standard_streams();
        harden_process();
        switch (arguments_parse(commands, ARRAY_SIZE(commands), argc, argv, &line, &command)) {
        case ARGUMENTS_DONE:
                return close_output(CLI_EXIT_DONE);
        case ARGUMENTS_WRONG:
                return CLI_EXIT_USAGE;
        case ARGUMENTS_RUN:
                break;
        }
        if (command->run != command_run)
                signals_hold_hangup(false);
        log_open(line.level);
        own_command_set(text_equal(line.config_file, CONFIG_DEFAULT_FILE) ? NULL
                                                                          : line.config_file);
        if (open_descriptors() < 0)
                return CLI_EXIT_EDGE_FAILED;
        digest_prepare(); /* libgcrypt aborts where its first use finds no descriptor */
        return close_output(command->run(&line));
}
