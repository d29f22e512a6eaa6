/*
 * between_world: see the header.
 */
#include "integration/between_world.h"
#include "base/text.h"
#include "harness/certificates.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int between_setup(void **state)
{
        BetweenWorld *b = calloc(1, sizeof(*b));
        void *world = NULL;
        assert_non_null(b);
        assert_int_equal(world_setup(&world), 0);
        b->w = world;
        harness_certificates_make(b->certificates);
        harness_between_init(&b->nginx);
        harness_between_init(&b->proxy);
        harness_between_init(&b->front);
        between_certify(b, &b->nginx, "good");
        *state = b;
        return 0;
}

int between_teardown(void **state)
{
        BetweenWorld *b = *state;
        if (!b) /* the set-up failed */
                return 0;
        void *world = b->w;
        harness_between_destroy(&b->front);
        harness_between_destroy(&b->proxy);
        harness_between_destroy(&b->nginx);
        (void)world_teardown(&world);
        harness_folder_remove(b->certificates);
        free(b);
        return 0;
}

static void no_log(const HarnessBetween *part)
{
        char path[128];
        (void)snprintf(path, sizeof(path), "%s/log", part->folder);
        (void)unlink(path);
}

void between_begin(BetweenWorld *b, const char *verify)
{
        HarnessBetween *parts[] = {&b->nginx, &b->proxy, &b->front};
        for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
                harness_between_stop(parts[i]);
                no_log(parts[i]);
        }
        begin_again(b->w, "20", "1s");
        harness_nginx_start(&b->nginx, b->w->catalog.url, verify);
        harness_write(b->w->folder, "proxy.password", "another horse+battery\n");
}

void between_configure(BetweenWorld *b, unsigned port, const char *more, ...)
{
        _cleanup_(text_done) Text text = {0};
        char lines[1024];
        va_list arguments;
        va_start(arguments, more);
        (void)vsnprintf(lines, sizeof(lines), more, arguments);
        va_end(arguments);
        write_config(b->w, "1s");
        char *plain = harness_read(b->w->folder, "edgemirror.conf");
        char *rest = strstr(plain, "auth = basic");
        assert_non_null(rest);
        assert_int_equal(text_printf(&text,
                                     "[catalog]\nurl = https://127.0.0.1:%u\nca_file = "
                                     "%s/authority.pem\n%s%s",
                                     port ? port : b->nginx.port, b->certificates, lines, rest),
                         0);
        free(plain);
        harness_write(b->w->folder, "edgemirror.conf", text.data);
}

static void copy(const BetweenWorld *b, const HarnessBetween *part, const char *name,
                 const char *suffix, const char *as)
{
        char path[256];
        (void)snprintf(path, sizeof(path), "%s/%s%s", b->certificates, name, suffix);
        harness_between_copy(part, path, as);
}

void between_certify(BetweenWorld *b, const HarnessBetween *part, const char *name)
{
        copy(b, part, name, ".pem", "server.pem");
        copy(b, part, name, ".key", "server.key");
        copy(b, part, "authority", ".pem", "clients.pem");
}

void between_show(BetweenWorld *b, const char *certificate, const char *key)
{
        char *pem = harness_read(b->certificates, certificate);
        char *secret = harness_read(b->certificates, key);
        harness_write(b->w->folder, "client.pem", pem);
        harness_write(b->w->folder, "client.key", secret);
        free(pem);
        free(secret);
}

void between_assert_synced(BetweenWorld *b)
{
        int status = sync_all(b->w);
        if (status != 0)
                print_message("# %s\n", error_of(b->w, "message"));
        assert_int_equal(status, 0);
        for (int edge = 0; edge < 2; edge++)
                assert_string_equal(text_of(b->w, edge, "outcome"), "synced");
        assert_mirror_equals_catalog(b->w);
}

long between_logged(const HarnessBetween *part, const char *words)
{
        char *log = harness_read(part->folder, "log");
        long n = 0;
        for (const char *at = strstr(log, words); at; at = strstr(at + 1, words))
                n++;
        free(log);
        return n;
}

static void assert_one_line_fails(BetweenWorld *b, const char *line)
{
        char *out = harness_read(b->w->folder, "out"), expected[64];
        (void)snprintf(expected, sizeof(expected), "FAILED  %s  ", line);
        const char *at = strstr(out, "FAILED");
        print_message("#   %.*s\n", at ? (int)strcspn(at, "\n") : 0, at ? at : "");
        if (!at || strncmp(at, expected, strlen(expected)) != 0 || strstr(at + 1, "FAILED"))
                fail_msg("another line than that of %s:\n%s", line, out);
        free(out);
}

void between_assert_fault(BetweenWorld *b, int status, const char *line, const char *words,
                          const char *code)
{
        assert_int_equal(RUN(b->w, "check"), status);
        assert_one_line_fails(b, line);
        assert_says(b->w, "out", words, true);
        assert_int_equal(sync_all(b->w), status);
        for (int edge = 0; edge < 2; edge++)
                assert_string_not_equal(text_of(b->w, edge, "outcome"), "synced");
        assert_string_equal(error_of(b->w, "code"), code);
        assert_string_equal(error_of(b->w, "scope"), "peer");
        assert_non_null(strstr(error_of(b->w, "message"), words));
        assert_int_equal(RUN(b->w, "status"), 0);
        assert_says(b->w, "out", words, true);
}
