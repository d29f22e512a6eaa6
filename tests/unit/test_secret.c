/*
 * Secrets: read from private files only, never repeated.
 */
#include "base/limits.h"
#include "config/secret.h"
#include "unit/config_files.h"
#include <errno.h>
#include <limits.h>

static void secret_write(const char *path, const void *bytes, size_t size, mode_t mode)
{
        (void)unlink(path);
        files_write_bytes(path, bytes, size);
        assert_int_equal(chmod(path, mode), 0);
}

/* Absolute path of a file in the test's folder. */
static const char *here(const char *folder, const char *name)
{
        static char path[256];
        (void)snprintf(path, sizeof(path), "%s/%s", folder, name);
        return path;
}

static void assert_secret(const char *where, const char *expected)
{
        Text secret = {0};
        Fault fault = {0};

        assert_int_equal(secret_read(where, &secret, &fault), 0);
        assert_int_equal(fault.scope, FAULT_NONE);
        assert_int_equal(secret.size, strlen(expected));
        assert_string_equal(secret.data, expected);
        text_wipe(&secret);
}

static void assert_secret_refused(const char *where, int error, const char *code, const char *words)
{
        _cleanup_(text_wipe) Text secret = {0};
        Fault fault = {0};

        assert_int_equal(secret_read(where, &secret, &fault), error);
        assert_int_equal(fault.scope, FAULT_PROCESS);
        assert_string_equal(fault_code_name(fault.code), code);
        assert_non_null(strstr(fault.message, words));
        assert_null(strstr(fault.message, "hunter2"));
        assert_int_equal(secret.size, 0);
}

static void one_newline_is_dropped_and_nothing_else(void **state)
{
        static const struct {
                const char *content, *secret;
        } CASES[] = {{"hunter2", "hunter2"},
                     {"hunter2\n", "hunter2"},
                     {"hunter2\r\n", "hunter2"},
                     {" hunter2 \n", " hunter2 "},
                     {"pä:ss ;#\"", "pä:ss ;#\""}};

        for (size_t i = 0; i < ARRAY_SIZE(CASES); i++) {
                secret_write("s", CASES[i].content, strlen(CASES[i].content), 0600);
                assert_secret(here(*state, "s"), CASES[i].secret);
        }
}

static void content_that_is_no_secret_is_refused(void **state)
{
        static const struct {
                const char *content;
                size_t size;
                const char *code;
        } CASES[] = {
                {"", 0, "secret-empty"},
                {"\n", 1, "secret-empty"},
                {"\r\n", 2, "secret-empty"},
                {"hunter2\n\n", 9, "secret-malformed"},
                {"hunter2\r", 8, "secret-malformed"},
                {"a\nhunter2\n", 10, "secret-malformed"},
                {"hunter2\0\n", 9, "secret-malformed"},
                /* O3: a byte order mark, of UTF-8 and of UTF-16 in both orders */
                {"\xef\xbb\xbfhunter2\n", 11, "secret-malformed"},
                {"\xff\xfeh\0u\0", 6, "secret-malformed"},
                {"\xfe\xff\0h\0u", 6, "secret-malformed"},
                {"\xef\xbb\xbf", 3, "secret-malformed"},
        };

        for (size_t i = 0; i < ARRAY_SIZE(CASES); i++) {
                secret_write("s", CASES[i].content, CASES[i].size, 0400);
                assert_secret_refused(here(*state, "s"), -EINVAL, CASES[i].code, here(*state, "s"));
        }
}

static void the_cap_is_exact(void **state)
{
        static char bytes[LIMIT_SECRET_MAX_BYTES + 1];

        memset(bytes, 'x', sizeof(bytes));
        bytes[LIMIT_SECRET_MAX_BYTES] = '\n';
        secret_write("s", bytes, sizeof(bytes), 0600);
        bytes[LIMIT_SECRET_MAX_BYTES] = '\0';
        assert_secret(here(*state, "s"), bytes);
        bytes[LIMIT_SECRET_MAX_BYTES] = 'x';
        secret_write("s", bytes, sizeof(bytes), 0600);
        assert_secret_refused(here(*state, "s"), -EFBIG, "secret-too-large",
                              "more than 65536 bytes");
}

static void a_file_that_others_may_use_is_refused_with_the_remedy(void **state)
{
        static const mode_t EXPOSED[] = {0640, 0604, 0620, 0644, 0660, 0666};
        char remedy[300];

        (void)snprintf(remedy, sizeof(remedy), "run: chmod 600 %s", here(*state, "s"));
        for (size_t i = 0; i < ARRAY_SIZE(EXPOSED); i++) {
                secret_write("s", "hunter2", 7, EXPOSED[i]);
                assert_secret_refused(here(*state, "s"), -EPERM, "secret-exposed", remedy);
        }
        assert_int_equal(chmod("s", 0600), 0);
        assert_secret(here(*state, "s"), "hunter2");
        /* as a shell reads it */
        secret_write("s; a's", "hunter2", 7, 0644);
        (void)snprintf(remedy, sizeof(remedy), "run: chmod 600 '%s/s; a'\\''s'", (char *)*state);
        assert_secret_refused(here(*state, "s; a's"), -EPERM, "secret-exposed", remedy);
}

enum { SOME_USER = 4711, SOME_GROUP = 4712, OTHER_USER = 1 /* daemon, of every system */ };

/* O2: Read by a user that is not its owner, as a secret that is mounted into a container. */
static void a_file_of_root_may_be_read_by_its_group(void **state)
{
        static const struct {
                mode_t mode;
                uid_t owner;
                const char *words; /* NULL: accepted */
        } CASES[] = {
                {0440, 0, NULL},
                {0640, 0, NULL},
                {0444, 0,
                 "mode 0440, with a group of that user (Kubernetes: defaultMode: 0440 and "
                 "fsGroup)"},
                {0644, 0, "mode 0440"},
                {0460, 0, "mode 0440"},
                {0440, SOME_USER + 1, "(uid 4711) own it"},
                {0440, SOME_USER, "run: chmod 600"},
                {0400, 0, "(uid 4711); let it own the file: chown 4711 "},
                /* whose it is to stay */
                {0400, OTHER_USER,
                 "it belongs to daemon: where that is the service's user, run this as that user "
                 "(as "
                 "root: runuser -u daemon -- …); otherwise let the service's user own it: chown "
                 "USER "},
                {0440, OTHER_USER,
                 "and run this as that user (as root: runuser -u daemon -- …); otherwise let the "
                 "service's user own it, with mode 0600"},
                {0400, SOME_USER + 1, "let it own the file: chown 4711 "}, /* without a name */
        };
        if (geteuid() != 0) { /* nobody else may give files away, or become somebody else */
                print_message("# not tried: only root may give files away\n");
                return;
        }
        assert_int_equal(chmod(*state, 0755), 0);
        for (size_t i = 0; i < ARRAY_SIZE(CASES); i++) {
                secret_write("s", "hunter2\n", 8, 0600);
                assert_int_equal(chown("s", CASES[i].owner, SOME_GROUP), 0);
                assert_int_equal(chmod("s", CASES[i].mode), 0);
                assert_int_equal(setegid(SOME_GROUP), 0);
                assert_int_equal(seteuid(SOME_USER), 0);
                if (!CASES[i].words)
                        assert_secret(here(*state, "s"), "hunter2");
                else
                        assert_secret_refused(
                                here(*state, "s"), CASES[i].mode == 0400 ? -EACCES : -EPERM,
                                CASES[i].mode == 0400 ? "secret-denied" : "secret-exposed",
                                CASES[i].words);
                assert_int_equal(seteuid(0), 0);
                assert_int_equal(setegid(0), 0);
        }
}

static void what_is_no_file_is_refused_without_waiting(void **state)
{
        assert_int_equal(mkfifo("fifo", 0600), 0);
        assert_secret_refused(here(*state, "fifo"), -EINVAL, "secret-not-a-file",
                              "not a regular file");
        assert_secret_refused(here(*state, "t.conf.d"), -EINVAL, "secret-not-a-file",
                              "not a regular file");
        assert_secret_refused(here(*state, "absent"), -ENOENT, "secret-missing",
                              "no such file; create it");
        assert_secret_refused("hunter2", -EINVAL, "secret-name", "absolute path");
}

static void links_are_followed(void **state)
{
        secret_write("s", "hunter2", 7, 0600);
        assert_int_equal(symlink("s", "link"), 0);
        assert_secret(here(*state, "link"), "hunter2");
}

/* The words do not repeat what may be the secret itself. */
static void what_is_no_path_is_refused(void **state)
{
        char endless[PATH_MAX + 1];
        memset(endless, 'x', sizeof(endless));
        endless[0] = '/';
        endless[sizeof(endless) - 1] = '\0';
        assert_secret_refused("hunter2", -EINVAL, "secret-name", "absolute path");
        assert_secret_refused(endless, -EINVAL, "secret-name", "absolute path");
        assert_int_equal(symlink("loop", "loop"), 0);
        assert_secret_refused(here(*state, "loop"), -ELOOP, "secret-unreadable",
                              "cannot be opened");
}

static void credentials_come_from_systemds_folder(void **state)
{
        assert_int_equal(unsetenv("CREDENTIALS_DIRECTORY"), 0);
        assert_secret_refused("credential:db", -ENOENT, "secret-no-credentials",
                              "LoadCredential=db:PATH");

        assert_int_equal(setenv("CREDENTIALS_DIRECTORY", *state, 1), 0);
        assert_secret_refused("credential:db", -ENOENT, "secret-no-credentials",
                              "LoadCredential=db:PATH");
        assert_secret_refused("credential:", -EINVAL, "secret-name", "not empty");
        assert_secret_refused("credential:../db", -EINVAL, "secret-name", "no slash");
        assert_secret_refused("credential:..", -EINVAL, "secret-name", "no slash");
        assert_secret_refused("credential:.", -EINVAL, "secret-name", "no slash");
        /* the mask of an access list looks like a mode for the group */
        secret_write("db", "hunter2\n", 8, 0440);
        assert_secret("credential:db", "hunter2");

        assert_int_equal(setenv("CREDENTIALS_DIRECTORY", "", 1), 0);
        assert_secret_refused("credential:db", -ENOENT, "secret-no-credentials",
                              "LoadCredential=db:PATH");
        static const struct {
                const char *directory, *code, *words;
        } UNITS[] = {
                {"/run/absent/edgemirror.service", "secret-missing",
                 "/etc/credstore/edgemirror.db,"},
                {"/run/absent/edgemirror@acme.eu.service", "secret-missing",
                 "/etc/credstore/edgemirror.acme.eu.db,"},
                {"/run/absent/run-u7.service", "secret-no-credentials",
                 "what LoadCredential=db:PATH of this unit names"},
                {"/run/absent/edgemirror@", "secret-no-credentials",
                 "what LoadCredential=db:PATH of this unit names"},
        };
        for (size_t i = 0; i < ARRAY_SIZE(UNITS); i++) {
                assert_int_equal(setenv("CREDENTIALS_DIRECTORY", UNITS[i].directory, 1), 0);
                assert_secret_refused("credential:db", -ENOENT, UNITS[i].code, UNITS[i].words);
        }
        char endless[PATH_MAX];
        memset(endless, 'x', sizeof(endless));
        endless[0] = '/';
        endless[sizeof(endless) - 1] = '\0';
        assert_int_equal(setenv("CREDENTIALS_DIRECTORY", endless, 1), 0);
        assert_secret_refused("credential:db", -ENAMETOOLONG, "secret-name", "too long");
        assert_int_equal(unsetenv("CREDENTIALS_DIRECTORY"), 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, files_setup, files_teardown)

int main(void)
{
        const struct CMUnitTest tests[] = {
                TEST(one_newline_is_dropped_and_nothing_else),
                TEST(content_that_is_no_secret_is_refused),
                TEST(the_cap_is_exact),
                TEST(a_file_that_others_may_use_is_refused_with_the_remedy),
                TEST(a_file_of_root_may_be_read_by_its_group),
                TEST(what_is_no_file_is_refused_without_waiting),
                TEST(links_are_followed),
                TEST(what_is_no_path_is_refused),
                TEST(credentials_come_from_systemds_folder),
        };
        return cmocka_run_group_tests_name("secret", tests, NULL, NULL);
}
