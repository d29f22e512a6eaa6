/*
 * catalogd: the sample catalog. Serves the Catalog Database Registration API on a loopback port,
 * for tests, benchmarks and the quickstart.
 *
 * This file reads the command line, makes the inventory, tells where the server listens, and ends
 * on SIGTERM or SIGINT. README.md beside it is the manual.
 */
#include "base/clock.h"
#include "base/text.h"
#include "catalogd/auth.h"
#include "catalogd/server.h"
#include "catalogd/site.h"
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>

#define MSEC_SUFFIX "_ms"

typedef struct Options {
        ServerOptions server;
        int64_t edges, seed;
        const char *rows;     /* a number, or one per edge with commas; the last one repeats */
        int64_t pending;      /* rows that wait at each source */
        const char *announce; /* file; "-" or NULL: standard output */
        int64_t ready_fd;     /* -1: none */
        bool die_with_parent;
} Options;

enum {
        OPTION_PORT = 1,
        OPTION_EDGES,
        OPTION_ROWS,
        OPTION_PENDING,
        OPTION_SEED,
        OPTION_ANNOUNCE,
        OPTION_READY_FD,
        OPTION_DIE,
        OPTION_CERT,
        OPTION_KEY,
        OPTION_HELP,
        OPTION_SETTING
};

static const struct option own_options[] = {
        {"port", required_argument, NULL, OPTION_PORT},
        {"edges", required_argument, NULL, OPTION_EDGES},
        {"rows", required_argument, NULL, OPTION_ROWS},
        {"pending", required_argument, NULL, OPTION_PENDING},
        {"seed", required_argument, NULL, OPTION_SEED},
        {"announce", required_argument, NULL, OPTION_ANNOUNCE},
        {"ready-fd", required_argument, NULL, OPTION_READY_FD},
        {"die-with-parent", no_argument, NULL, OPTION_DIE},
        {"tls-cert", required_argument, NULL, OPTION_CERT},
        {"tls-key", required_argument, NULL, OPTION_KEY},
        {"help", no_argument, NULL, OPTION_HELP},
};

static const char own_help[] =
        "catalogd: a sample catalog on a loopback port\n\n"
        "  --port N            port; 0, the default: any that is free\n"
        "  --edges N           Edge connections (3)\n"
        "  --rows N[,N…]       database connections of each edge; the last number repeats (10)\n"
        "  --pending N         further ones at each source, which the next refresh reveals (0)\n"
        "  --seed N            what identifiers and names are drawn from (1)\n"
        "  --announce FILE     write the URL there once it listens; -, the default: standard "
        "output\n"
        "  --ready-fd N        write the URL to this descriptor and close it\n"
        "  --die-with-parent   end when the process that started it ends\n"
        "  --tls-cert FILE     certificate and\n"
        "  --tls-key FILE      key (PEM): serve https\n"
        "  --help\n\nBehaviour; also members of POST /control/settings:\n";

/* "--page-cap" of "page_cap", "--latency" of "latency_ms". */
static void option_name(const char *field, char *out, size_t size)
{
        size_t n = strlen(field), suffix = strlen(MSEC_SUFFIX);

        if (n > suffix && strcmp(field + n - suffix, MSEC_SUFFIX) == 0)
                n -= suffix;
        (void)snprintf(out, size, "%.*s", (int)n, field);
        for (char *p = out; *p; p++)
                if (*p == '_')
                        *p = '-';
}

static void print_help(void)
{
        char name[32];

        fputs(own_help, stdout);
        for (size_t i = 0; i < settings_n_fields; i++) {
                option_name(settings_fields[i].name, name, sizeof(name));
                printf("  --%-18s%s\n", name, settings_fields[i].help);
        }
}

static int set_number(const char *name, const char *text, int64_t min, int64_t max, int64_t *ret,
                      Fault *ret_fault)
{
        if (text_parse_int64(text, min, max, ret) == 0)
                return 0;
        return fault_set(ret_fault, FAULT_PROCESS, EINVAL, CODE_NONE,
                         "--%s takes a number from %lld to %lld", name, (long long)min,
                         (long long)max);
}

static int set_own(Options *o, int option, const char *text, Fault *ret_fault)
{
        int64_t port;
        int r;

        switch (option) {
        case OPTION_PORT:
                r = set_number("port", text, 0, 65535, &port, ret_fault);
                if (r == 0)
                        o->server.port = (uint16_t)port;
                return r;
        case OPTION_EDGES:
                return set_number("edges", text, 0, 1000000, &o->edges, ret_fault);
        case OPTION_PENDING:
                return set_number("pending", text, 0, 100000000, &o->pending, ret_fault);
        case OPTION_SEED:
                return set_number("seed", text, 0, INT64_MAX, &o->seed, ret_fault);
        case OPTION_READY_FD:
                return set_number("ready-fd", text, 0, INT32_MAX, &o->ready_fd, ret_fault);
        case OPTION_ROWS:
                o->rows = text;
                return 0;
        case OPTION_ANNOUNCE:
                o->announce = text;
                return 0;
        case OPTION_DIE:
                o->die_with_parent = true;
                return 0;
        case OPTION_CERT:
                o->server.tls_cert = text;
                return 0;
        default:
                o->server.tls_key = text;
                return 0;
        }
}

/* 1: help was asked for. */
static int parse_options(int argc, char **argv, Options *o, Settings *settings, Fault *ret_fault)
{
        char names[32][32];
        struct option all[ARRAY_SIZE(own_options) + 32 + 1] = {0};
        int option, r;

        memcpy(all, own_options, sizeof(own_options));
        for (size_t i = 0; i < settings_n_fields && i < ARRAY_SIZE(names); i++) {
                option_name(settings_fields[i].name, names[i], sizeof(names[i]));
                all[ARRAY_SIZE(own_options) + i] =
                        (struct option){names[i], required_argument, NULL, OPTION_SETTING + (int)i};
        }
        while ((option = getopt_long(argc, argv, "", all, NULL)) != -1) {
                if (option == OPTION_HELP)
                        return 1;
                if (option == '?')
                        return fault_set(ret_fault, FAULT_PROCESS, EINVAL, CODE_NONE,
                                         "see catalogd --help");
                r = option >= OPTION_SETTING
                            ? fields_set_text(&settings_fields[option - OPTION_SETTING], settings,
                                              optarg, ret_fault)
                            : set_own(o, option, optarg, ret_fault);
                if (r < 0)
                        return r;
        }
        if (optind < argc)
                return fault_set(ret_fault, FAULT_PROCESS, EINVAL, CODE_NONE, "unexpected: %s",
                                 argv[optind]);
        if (!auth_valid(settings->auth))
                return fault_set(
                        ret_fault, FAULT_PROCESS, EINVAL, CODE_NONE,
                        "--auth takes none, basic:USER:PASSWORD, bearer:TOKEN or oauth2:ID:SECRET");
        if (!o->server.tls_cert != !o->server.tls_key)
                return fault_set(ret_fault, FAULT_PROCESS, EINVAL, CODE_NONE,
                                 "--tls-cert and --tls-key go together");
        return 0;
}

static int add_pending(Edge *edge, int64_t count)
{
        cJSON *op = cJSON_CreateObject();

        edge->pending = cJSON_CreateArray();
        cJSON_AddStringToObject(op, "op", "add");
        cJSON_AddNumberToObject(op, "count", (double)count);
        return cJSON_AddItemToArray(edge->pending, op) ? 0 : -ENOMEM;
}

static int make_inventory(Model *model, const Options *o, Fault *ret_fault)
{
        const char *rows = o->rows;
        int64_t count = 0;
        int r = 0;

        model->seed = (uint64_t)o->seed;
        for (int64_t i = 0; i < o->edges && r == 0; i++) {
                Edge *edge = NULL;

                if (*rows) {
                        char number[24];
                        size_t size = strcspn(rows, ",");

                        (void)snprintf(number, sizeof(number), "%.*s", (int)size, rows);
                        r = set_number("rows", number, 0, 100000000, &count, ret_fault);
                        if (r < 0)
                                return r;
                        rows += size + (rows[size] == ',');
                }
                r = model_add_edge(model, NULL, NULL, &edge);
                if (r == 0)
                        r = model_generate_rows(model, edge, (uint64_t)count);
                if (r == 0 && o->pending > 0)
                        r = add_pending(edge, o->pending);
        }
        return r == -ENOMEM ? fault_set(ret_fault, FAULT_PROCESS, ENOMEM, CODE_NO_MEMORY,
                                        "no memory for the rows")
                            : r;
}

/* A reader of the file never sees half a line: it is renamed into place. */
static int announce_in_file(const char *path, const char *url, Fault *ret_fault)
{
        struct stat st;
        /* renaming over a device or a pipe would destroy it */
        if (stat(path, &st) == 0 && !S_ISREG(st.st_mode))
                return fault_set(ret_fault, FAULT_PROCESS, EINVAL, CODE_NO_RESOURCES,
                                 "%s is not a regular file", path);

        _cleanup_(cleanup_free) char *temporary = NULL;
        FILE *file;

        if (asprintf(&temporary, "%s.new", path) < 0) {
                temporary = NULL;
                return -ENOMEM;
        }
        file = fopen(temporary, "we");
        if (!file || fprintf(file, "%s\n", url) < 0 || fclose(file) != 0 ||
            rename(temporary, path) < 0)
                return fault_set(ret_fault, FAULT_PROCESS, errno, CODE_NO_RESOURCES,
                                 "cannot write %s: %s", path, strerror(errno));
        return 0;
}

static int announce(const Options *o, const char *url, Fault *ret_fault)
{
        if (o->ready_fd >= 0) {
                dprintf((int)o->ready_fd, "%s\n", url);
                (void)close((int)o->ready_fd);
        }
        if (o->announce && strcmp(o->announce, "-") != 0)
                return announce_in_file(o->announce, url, ret_fault);
        printf("%s\n", url);
        (void)fflush(stdout);
        return 0;
}

static void block_signals(bool die_with_parent)
{
        pid_t parent = getppid();
        sigset_t signals;

        (void)signal(SIGPIPE, SIG_IGN);
        (void)sigemptyset(&signals);
        (void)sigaddset(&signals, SIGTERM);
        (void)sigaddset(&signals, SIGINT);
        (void)sigprocmask(SIG_BLOCK, &signals, NULL);
        if (!die_with_parent)
                return;
        (void)prctl(PR_SET_PDEATHSIG, SIGTERM);
        if (getppid() != parent) /* it ended before the request was in force */
                exit(EXIT_FAILURE);
}

static void site_done(Site *site)
{
        rules_done(&site->rules);
        jobs_done(&site->jobs);
        churn_stop(&site->churn);
        reqlog_done(&site->log);
        model_done(&site->model);
        fields_done(settings_fields, settings_n_fields, &site->settings);
        free(site->previous_auth);
}

static int serve(Site *site, const Options *o, Fault *ret_fault)
{
        _cleanup_(cleanup_server) Server *server = NULL;
        int r;

        block_signals(o->die_with_parent);
        r = make_inventory(&site->model, o, ret_fault);
        if (r == 0)
                r = server_new(site, &o->server, &server, ret_fault);
        if (r == 0)
                r = announce(o, site->url, ret_fault);
        return r < 0 ? r : server_run(server, ret_fault);
}

int main(int argc, char **argv)
{
        Options o = {.edges = 3, .rows = "10", .seed = 1, .ready_fd = -1};
        _cleanup_(site_done) Site site = {.started_usec = clock_monotonic_usec(),
                                          .rate_usec = clock_monotonic_usec()};
        Fault fault = {0};
        int r;

        fields_init(settings_fields, settings_n_fields, &site.settings);
        r = parse_options(argc, argv, &o, &site.settings, &fault);
        if (r > 0) {
                print_help();
                return EXIT_SUCCESS;
        }
        int status = r < 0 ? 2 : EXIT_FAILURE;
        if (r == 0)
                r = serve(&site, &o, &fault);
        if (r < 0) {
                fprintf(stderr, "catalogd: %s\n", fault.message[0] ? fault.message : strerror(-r));
                return status;
        }
        return EXIT_SUCCESS;
}
