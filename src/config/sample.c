#include "config/sample.h"
#include "config/option.h"
#include <errno.h>

static const char SAMPLE_HEAD[] =
        "# edgemirror: configuration\n"
        "#\n"
        "# After this file, edgemirror.conf.d/*.conf beside it are read in the order of their "
        "names; a later file overrides a key of an\n"
        "# earlier one. Lines that begin with \"#\" or \";\" are comments, as is what follows \" "
        ";\" in a line. Values are shown with their\n"
        "# defaults or as examples. After the files, a variable EDGEMIRROR_CATALOG_URL of the "
        "environment stands in for url of [catalog], and so\n"
        "# for every key of the sections without a name. `edgemirror check --offline` tells "
        "everything that is wrong, "
        "all at once.\n"
        "#\n"
        "# Secrets do not stand here but in files that only their owner may read. credential:NAME "
        "is the file NAME in\n"
        "# $CREDENTIALS_DIRECTORY, where systemd puts what LoadCredential=NAME:PATH of the unit "
        "names.\n";

static const char ANSWERS_HEAD[] =
        "# edgemirror: configuration, written by edgemirror init\n"
        "#\n"
        "# Lines that begin with \"#\" or \";\" are comments. Every other key has a default: "
        "edgemirror check --help explains all of them.\n"
        "# Secrets do not stand here but in files that only their owner may read. After a change: "
        "edgemirror check.\n";

static const char *const SECTION_NOTES[OPTION_SECTIONS] = {
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

/* A schedule of its own in the sample's edge, to show that an edge overrides the defaults. */
static const char SAMPLE_EDGE_TAIL[] = "\n"
                                       "# Any key of [defaults], for this edge only.\n"
                                       "schedule = cron */15 6-20 * * mon-fri\n"
                                       "timezone = Europe/Brussels\n";

static void print_option(FILE *out, const Option *o, const char *off, const char *value)
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

int config_print_sample(FILE *out)
{
        size_t n;
        const Option *table = option_table(&n);
        (void)fputs(SAMPLE_HEAD, out);
        for (OptionSection s = OPTION_CATALOG; s < OPTION_SECTIONS; s++) {
                const char *name =
                        s == OPTION_EDGE ? "[edge \"snowflake-prod\"]" : option_section_name(s);
                (void)fprintf(out, "\n\n# %s\n%s\n", SECTION_NOTES[s], name);
                for (size_t i = 0; i < n; i++)
                        if (table[i].section == s && table[i].kind != &option_kind_misplaced_secret)
                                print_option(out, &table[i], table[i].sample_is_off ? ";" : "",
                                             table[i].sample ? table[i].sample
                                                             : table[i].default_text);
        }
        (void)fputs(SAMPLE_EDGE_TAIL, out);
        return finish(out);
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
                                (void)fprintf(out, "\n\n# %s\n%s\n", SECTION_NOTES[s],
                                              option_section_name(s));
                        begun = true;
                        print_option(out, option_find(s, answers[i].key), "", answers[i].value);
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
                              option_section_name(s), SECTION_NOTES[s]);
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
