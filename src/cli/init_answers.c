/*
 * init_answers: one table of questions, of which some are options only.
 */
#include "cli/init_answers.h"
#include "base/log.h"
#include "base/text.h"
#include "config/secret.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>

typedef struct Question {
        OptionSection section;
        const char *key;
        const char *option;
        size_t offset;       /* of the option in CommandLine */
        const char *auth;    /* of this authentication method alone; NULL: of all */
        const char *text;    /* NULL: nobody is asked, the option is for those who need it */
        const char *initial; /* what an empty line means; NULL: ask again */
} Question;

#define CATALOG(key_, option_, field)                                                              \
        .section = OPTION_CATALOG, .key = (key_), .option = (option_),                             \
        .offset = offsetof(CommandLine, field)
#define POSTGRES(key_, option_, field)                                                             \
        .section = OPTION_POSTGRES, .key = (key_), .option = (option_),                            \
        .offset = offsetof(CommandLine, field)

static const Question questions[] = {
        {CATALOG("url", "--url", url), .text = "Address of the catalog (https://HOST)"},
        {CATALOG("auth", "--auth", auth), .text = "Authentication method (basic, bearer or oauth2)",
         .initial = "basic"},
        {CATALOG("username", "--username", username), .auth = "basic", .text = "User"},
        {CATALOG("client_id", "--client-id", client_id), .auth = "oauth2", .text = "Client id"},
        {CATALOG("password_file", "--secret-file", secret_file), .auth = "basic",
         .text = "File that holds the password (its path, never the password)"},
        {CATALOG("token_file", "--secret-file", secret_file), .auth = "bearer",
         .text = "File that holds the token (its path, never the token)"},
        {CATALOG("client_secret_file", "--secret-file", secret_file), .auth = "oauth2",
         .text = "File that holds the client's secret (its path, never the secret)"},
        {CATALOG("token_url", "--token-url", token_url)},
        {CATALOG("scope", "--scope", scope)},
        {CATALOG("ca_file", "--ca-file", ca_file)},
        {CATALOG("cert_file", "--cert-file", cert_file)},
        {CATALOG("key_file", "--key-file", key_file)},
        {CATALOG("proxy", "--proxy", proxy)},
        {CATALOG("proxy_username", "--proxy-username", proxy_username)},
        {CATALOG("proxy_password_file", "--proxy-password-file", proxy_password_file)},
        {POSTGRES("conninfo", "--postgres", postgres),
         .text = "PostgreSQL (as host=/run/postgresql dbname=reporting user=edgemirror)"},
        {POSTGRES("password_file", "--postgres-password-file", postgres_password_file),
         .text = "File that holds its password (an empty line: none)", .initial = ""},
};

_Static_assert(ARRAY_SIZE(questions) <= INIT_ANSWERS_MAX, "an answer for each question");

int init_answers_take(InitAnswers *a, const CommandLine *line)
{
        for (size_t i = 0; i < ARRAY_SIZE(questions); i++) {
                const char *value;
                memcpy(&value, (const char *)line + questions[i].offset, sizeof(value));
                a->values[i] = value ? strdup(value) : NULL;
                if (value && !a->values[i])
                        return -ENOMEM;
        }
        return 0;
}

void init_answers_done(InitAnswers *a)
{
        for (size_t i = 0; i < ARRAY_SIZE(questions); i++)
                free(a->values[i]);
        *a = (InitAnswers){0};
}

static const char *answered_auth(const InitAnswers *a)
{
        for (size_t i = 0; i < ARRAY_SIZE(questions); i++)
                if (strcmp(questions[i].key, "auth") == 0)
                        return a->values[i];
        return NULL;
}

static bool is_of_auth(const InitAnswers *a, const Question *q)
{
        return !q->auth || text_equal(q->auth, answered_auth(a));
}

bool init_answers_missing(const InitAnswers *a, bool say)
{
        bool missing = false;
        for (size_t i = 0; i < ARRAY_SIZE(questions); i++) {
                const Question *q = &questions[i];
                bool optional = !q->text || text_equal(q->initial, "");
                if (optional || a->values[i] || !is_of_auth(a, q))
                        continue;
                missing = true;
                if (say)
                        log_error("init: %s is missing (%s), and standard input is no terminal to "
                                  "ask on",
                                  q->option, q->text);
        }
        return missing;
}

static ConfigAnswer answer_to(const InitAnswers *a, const Question *q, const char *value)
{
        return (ConfigAnswer){.section = q->section,
                              .key = q->key,
                              .value = value,
                              .from = a->from_person ? option_section_name(q->section) : q->option};
}

size_t init_answers_list(const InitAnswers *a, ConfigAnswer out[static INIT_ANSWERS_MAX])
{
        size_t n = 0;
        for (size_t i = 0; i < ARRAY_SIZE(questions); i++) {
                const Question *q = &questions[i];
                /* one option for three keys; and what another method was asked for earlier */
                bool of_other = !is_of_auth(a, q) &&
                                (a->from_person || q->offset == offsetof(CommandLine, secret_file));
                if (a->values[i] && a->values[i][0] && !of_other)
                        out[n++] = answer_to(a, q, a->values[i]);
        }
        return n;
}

/* 1: it will do; 0: it will not, which is said; -ENOMEM. */
static int try_answer(const InitAnswers *a, const Question *q, const char *value)
{
        _cleanup_(text_done) Text errors = {0};
        _cleanup_(text_wipe) Text secret = {0};
        Fault fault;
        ConfigAnswer answer = answer_to(a, q, value);
        int r = config_check_answer(&answer, &errors);
        if (r == -ENOMEM)
                return r;
        if (r < 0) {
                fputs(errors.data, stderr);
                return 0;
        }
        if (option_find(q->section, q->key)->kind != &option_kind_secret_file ||
            secret_read(value, &secret, &fault) >= 0 || fault.code == CODE_SECRET_NO_CREDENTIALS)
                return 1; /* one that systemd has not passed is tried with the others */
        log_error("%s", fault.message);
        return 0;
}

/* A line from the person, without space around it. The caller frees it. */
static int read_line(const Question *q, const char *offered, char **ret)
{
        _cleanup_(cleanup_free) char *line = NULL;
        size_t capacity = 0;
        fprintf(stderr, "%s%s%s%s: ", q->text, offered[0] ? " [" : "", offered,
                offered[0] ? "]" : "");
        (void)fflush(stderr);
        if (getline(&line, &capacity, stdin) < 0) {
                fputc('\n', stderr);
                return feof(stdin) ? -ENODATA : -errno;
        }
        const char *start = line + strspn(line, " \t\r\n");
        size_t size = strlen(start);
        while (size > 0 && strchr(" \t\r\n", start[size - 1]))
                size--;
        *ret = strndup(size > 0 ? start : offered, size > 0 ? size : strlen(offered));
        return *ret ? 0 : -ENOMEM;
}

static int ask(InitAnswers *a, size_t i)
{
        const Question *q = &questions[i];
        const char *offered = a->values[i] ? a->values[i] : q->initial ? q->initial : "";
        for (;;) {
                _cleanup_(cleanup_free) char *answer = NULL;
                int r = read_line(q, offered, &answer);
                if (r >= 0 && answer[0])
                        r = try_answer(a, q, answer);
                else if (r >= 0)
                        r = q->initial != NULL;
                if (r < 0)
                        return r;
                if (r == 0)
                        continue;
                free(a->values[i]);
                a->values[i] = TAKE(answer);
                return 0;
        }
}

int init_answers_ask(InitAnswers *a, OptionSection section, bool again)
{
        int r = 0;
        for (size_t i = 0; i < ARRAY_SIZE(questions) && r >= 0; i++)
                if (questions[i].section == section && questions[i].text &&
                    (again || !a->values[i]) && is_of_auth(a, &questions[i]))
                        r = ask(a, i);
        return r;
}
