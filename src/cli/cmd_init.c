/*
 * cmd_init: the command, for somebody who has no configuration yet.
 *
 * Each side is tried as soon as its answers are there, with what `check` and `discover` do; the
 * file is written last, whole, when both were right, and never over another one. What is mirrored
 * is written as sections, not left to [discover]: who opens the file sees each edge by its name,
 * takes out what is not wanted, and gives one a schedule of its own.
 */
#include "base/file.h"
#include "base/log.h"
#include "base/own_command.h"
#include "base/text.h"
#include "cli/check_lines.h"
#include "cli/cli.h"
#include "cli/columns.h"
#include "cli/command.h"
#include "cli/edge_sections.h"
#include "cli/init_answers.h"
#include "config/sample.h"
#include "config/variables.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

typedef struct Init {
        const char *file, *config_file; /* where it is written; as it was given, or NULL */
        InitAnswers answers;
        Checks checks;
        char *sections;             /* of the edges that were found */
        size_t n_sections, n_edges; /* with those that stand beside the file and are enabled */
        size_t n_beside;            /* files of FILE.d */
} Init;

static int init_out_of_memory(void)
{
        log_error("init: out of memory");
        return CLI_EXIT_EDGE_FAILED;
}

/* Before anything is asked. */
static int init_find_place(const Init *c)
{
        struct stat st;
        const char *slash = strrchr(c->file, '/');
        _cleanup_(cleanup_free) char *directory =
                slash ? text_format("%.*s", (int)(slash - c->file) + 1, c->file) : strdup(".");
        if (!directory)
                return init_out_of_memory();
        if (lstat(c->file, &st) == 0)
                return cli_wrong_usage("init: %s is there already, and is never overwritten; name "
                                       "another file with --output, or move it away",
                                       c->file);
        if (access(directory, W_OK | X_OK) < 0)
                return cli_wrong_usage("init: no file can be made in %s: %s; name another file "
                                       "with --output",
                                       directory, strerrordesc_np(errno));
        return CLI_EXIT_DONE;
}

/* The configuration as far as it is answered. */
static int init_load(Init *c)
{
        _cleanup_(text_done) Text errors = {0};
        ConfigAnswer answers[INIT_ANSWERS_MAX];
        size_t n = init_answers_list(&c->answers, answers);
        c->checks = (Checks){.is_first = true,
                             .session = {.config_file = c->config_file, .from_answers = true}};
        int r = config_load_answers(c->file, answers, n, &c->checks.session.config, &c->n_beside,
                                    &errors);
        if (r >= 0)
                return CLI_EXIT_DONE;
        if (!errors.data)
                return init_out_of_memory();
        fputs(errors.data, stderr);
        return CLI_EXIT_CONFIG;
}

static int init_take_edges(Init *c, const Discovered *found)
{
        _cleanup_(shown_edges_done) ShownEdges shown = {0};
        size_t size;
        free(c->sections);
        c->sections = NULL;
        FILE *out = open_memstream(&c->sections, &size);
        if (!out)
                return -errno;
        int r = shown_edges_take(c->checks.session.config, found, &shown);
        if (r >= 0)
                edge_sections_print(out, &shown);
        c->n_sections = shown.n - shown.n_configured;
        c->n_edges = c->n_sections;
        for (size_t i = 0; i < c->checks.session.config->n_edges; i++)
                c->n_edges += c->checks.session.config->edges[i].enabled;
        return fclose(out) != 0 && r >= 0 ? -ENOMEM : r;
}

static void init_on_found(const Discovered *found, void *userdata)
{
        Init *c = userdata;
        if (found->fault.scope == FAULT_NONE && init_take_edges(c, found) < 0)
                c->checks.status = init_out_of_memory();
        (void)sd_event_exit(c->checks.session.event, 0);
}

/* What every command reads with the file. */
static void init_note_beside(Init *c)
{
        _cleanup_(cleanup_free) char *text =
                text_format("what stands in %s.d/*.conf is read after it, and counts before what "
                            "is answered here",
                            c->file);
        if (text && c->n_beside > 0)
                check_note(&c->checks, "configuration", text);
}

/* One side, as it is answered. */
static int init_try(Init *c, OptionSection section)
{
        int status = init_load(c);
        if (status == CLI_EXIT_DONE && section == OPTION_CATALOG) {
                init_note_beside(c);
                check_environment(&c->checks);
                status = check_discovery(&c->checks, init_on_found, c);
        } else if (status == CLI_EXIT_DONE) {
                check_postgres(&c->checks);
        }
        if (status == CLI_EXIT_DONE && c->checks.session.event)
                status = session_loop(&c->checks.session);
        (void)fflush(stdout); /* before the next question */
        checks_done(&c->checks);
        return status ? status : c->checks.status;
}

/* From a person until it is right, or the person gives up. */
static int init_settle(Init *c, OptionSection section)
{
        for (bool again = false;; again = true) {
                int r = c->answers.from_person ? init_answers_ask(&c->answers, section, again) : 0;
                if (r == -ENODATA)
                        return CLI_EXIT_USAGE;
                if (r < 0)
                        return init_out_of_memory();
                int status = init_try(c, section);
                if (status == CLI_EXIT_DONE || !c->answers.from_person)
                        return status;
                fputs("Once more; an empty line keeps what is in brackets.\n", stderr);
        }
}

static int init_print(const Init *c, FILE *out)
{
        ConfigAnswer answers[INIT_ANSWERS_MAX + 3];
        size_t n = init_answers_list(&c->answers, answers);
        /* without any edge a configuration must discover them */
        answers[n++] = (ConfigAnswer){.section = OPTION_DISCOVER,
                                      .key = "enabled",
                                      .value = c->n_edges > 0 ? "no" : "yes"};
        static const char *const of_edges[] = {"schedule", "timezone"};
        for (size_t i = 0; i < ARRAY_SIZE(of_edges); i++)
                answers[n++] = (ConfigAnswer){
                        .section = OPTION_DEFAULTS,
                        .key = of_edges[i],
                        .value = option_find(OPTION_DEFAULTS, of_edges[i])->default_text};
        int r = config_print_answers(out, answers, n);
        if (c->n_sections > 0)
                (void)fprintf(out,
                              "\n\n# The Edge connections that the catalog showed, a section for "
                              "each. One whose section is taken out is mirrored no\n# more, as "
                              "long as [discover] is not enabled. Any key of [defaults] may stand "
                              "in a section, for it alone.\n\n%s",
                              c->sections);
        return r;
}

static int init_write(const Init *c)
{
        _cleanup_(cleanup_free) char *text = NULL;
        size_t size;
        FILE *out = open_memstream(&text, &size);
        if (!out)
                return init_out_of_memory();
        int r = init_print(c, out);
        if (fclose(out) != 0 || r < 0)
                return init_out_of_memory();
        r = file_write_new(c->file, text, size);
        if (r == -EEXIST)
                return init_find_place(c);
        if (r < 0) {
                log_error("init: %s cannot be written: %s", c->file, strerrordesc_np(-r));
                return CLI_EXIT_EDGE_FAILED;
        }
        printf("written: ");
        put_text(stdout, c->file);
        printf(", with %zu edge%s; next: %s%s %scheck, then %s\n", c->n_sections,
               text_plural(c->n_sections), c->checks.to_grant ? "the missing grants, then " : "",
               own_command(), c->checks.to_migrate ? "migrate, then " : "",
               c->n_edges > 0 ? "sync" : "run, which discovers edges");
        return CLI_EXIT_DONE;
}

/* What is tried is what is written, for a service that has none of them. */
static int init_forget_variables(void)
{
        _cleanup_(text_done) Text names = {0};
        if (variables_forget(&names, ", ") < 0)
                return init_out_of_memory();
        if (names.data)
                log_warning(
                        "init: set here, and not used: %s; unset what the service will not have, "
                        "before what comes next",
                        names.data + strlen(", "));
        return CLI_EXIT_DONE;
}

int command_init(const CommandLine *line)
{
        bool terminal = isatty(STDIN_FILENO);
        Init c = {.config_file = line->config_file,
                  .file = line->output        ? line->output
                          : line->config_file ? line->config_file
                                              : CONFIG_DEFAULT_FILE};
        own_command_set(text_equal(c.file, CONFIG_DEFAULT_FILE) ? NULL : c.file);
        int status = init_find_place(&c);
        if (status == CLI_EXIT_DONE)
                status = init_forget_variables();
        if (status == CLI_EXIT_DONE && init_answers_take(&c.answers, line) < 0)
                status = init_out_of_memory();
        /* A terminal may be nobody's, as in a container: who has said enough is asked nothing. */
        c.answers.from_person =
                status == CLI_EXIT_DONE && init_answers_missing(&c.answers, !terminal);
        if (c.answers.from_person && !terminal)
                status = CLI_EXIT_USAGE;
        if (status == CLI_EXIT_DONE)
                status = init_settle(&c, OPTION_CATALOG);
        if (status == CLI_EXIT_DONE)
                status = init_settle(&c, OPTION_POSTGRES);
        if (status == CLI_EXIT_DONE)
                status = init_write(&c);
        init_answers_done(&c.answers);
        free(c.sections);
        return status;
}
