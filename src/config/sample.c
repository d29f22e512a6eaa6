#include "config/sample.h"
#include "config/option.h"
#include <errno.h>

static const char ANSWERS_HEAD[] =
        "# edgemirror: configuration, written by edgemirror init\n"
        "#\n"
        "# Lines that begin with \"#\" or \";\" are comments. Every other key has a default: "
        "edgemirror check --help explains all of them.\n"
        "# Secrets do not stand here but in files that only their owner may read. After a change: "
        "edgemirror check.\n";

const char *const config_section_notes[OPTION_SECTIONS] = {
        [OPTION_CATALOG] = "The Collibra catalog.",
        [OPTION_POSTGRES] = "The PostgreSQL database that holds the mirror.",
        [OPTION_DISCOVER] = "Edge connections that no section names.",
        [OPTION_MONITOR] = "The HTTP server of the service; see docs/monitoring.md.",
        [OPTION_NOTIFY] = "Messages to a receiver (a webhook); see docs/monitoring.md.",
        [OPTION_DAEMON] = "The service.",
        [OPTION_DEFAULTS] =
                "Every edge starts from these; each of these keys may also stand in an edge.",
        [OPTION_EDGE] = "An Edge connection that is mirrored; one section for each of them.",
};

void config_print_option(FILE *out, const Option *o, const char *off, const char *value)
{
        char accepted[OPTION_ACCEPTED_BYTES];
        (void)fprintf(out, "\n# %s\n# Accepted: %s.%s\n%s%s = %s\n", o->help,
                      option_accepted(o, accepted), o->required ? " Required." : "", off, o->key,
                      value);
}

static int finish(FILE *out)
{
        return fflush(out) == 0 && !ferror(out) ? 0 : -EIO;
}

int config_print_answers(FILE *out, const ConfigAnswer *answers, size_t n)
{
        (void)fputs(ANSWERS_HEAD, out);
        for (OptionSection s = OPTION_CATALOG; s < OPTION_EDGE; s++) {
                bool begun = false;
                for (size_t i = 0; i < n; i++) {
                        if (answers[i].section != s)
                                continue;
                        if (!begun)
                                (void)fprintf(out, "\n\n# %s\n%s\n", config_section_notes[s],
                                              option_section_name(s));
                        begun = true;
                        config_print_option(out, option_find(s, answers[i].key), "",
                                            answers[i].value);
                }
        }
        return finish(out);
}

int config_print_help(FILE *out)
{
        char accepted[OPTION_ACCEPTED_BYTES];
        size_t n;
        const Option *table = option_table(&n);
        for (OptionSection s = OPTION_CATALOG; s < OPTION_SECTIONS; s++) {
                (void)fprintf(out, "%s%s\n  %s\n", s == OPTION_CATALOG ? "" : "\n",
                              option_section_name(s), config_section_notes[s]);
                for (size_t i = 0; i < n; i++) {
                        const Option *o = &table[i];
                        if (o->section != s || o->kind == &option_kind_misplaced_secret)
                                continue;
                        (void)fprintf(out, "\n  %s = %s\n      %s\n", o->key,
                                      option_accepted(o, accepted), o->help);
                        if (o->default_text)
                                (void)fprintf(out, "      Default: %s\n", o->default_text);
                        else if (o->required)
                                (void)fprintf(out, "      Required.\n");
                }
        }
        return finish(out);
}
