/*
 * The spool: what goes in comes out as COPY text, once, whole, any number of times, wherever it was
 * kept meanwhile.
 */
#include "base/text.h"
#include "mirror/spool.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#ifndef __LP64__ /* files of more than 2 GiB: another name */
#define __wrap_open __wrap_open64
#define __real_open __real_open64
#endif
int __wrap_open(const char *path, int flags, unsigned mode);
int __real_open(const char *path, int flags, unsigned mode);

static bool without_tmpfile; /* the file system, as overlay and network ones are */

int __wrap_open(const char *path, int flags, unsigned mode)
{
        if (without_tmpfile && (flags & O_TMPFILE) == O_TMPFILE) {
                errno = EOPNOTSUPP;
                return -1;
        }
        return __real_open(path, flags, mode);
}

enum { ASKED = 1700 };

static DatabaseConnection row(uint8_t number, const char *name)
{
        return (DatabaseConnection){.id.bytes = {number}, .name = name, .name_size = strlen(name)};
}

static void read_all(Spool *s, Text *out)
{
        Fault fault = {0};
        text_reset(out);
        spool_rewind(s);
        for (;;) {
                const char *data;
                size_t size;
                assert_int_equal(spool_read(s, &data, &size, &fault), 0);
                if (size == 0)
                        return;
                assert_int_equal(text_append(out, data, size), 0);
        }
}

static int set_up(void **state)
{
        Spool *s;
        assert_int_equal(spool_new(&s), 0);
        *state = s;
        return 0;
}

static int tear_down(void **state)
{
        (void)spool_free(*state);
        (void)unsetenv("TMPDIR");
        return 0;
}

static void an_empty_spool_gives_nothing(void **state)
{
        const char *data;
        size_t size = 1;
        assert_int_equal(spool_rows(*state), 0);
        spool_rewind(*state);
        assert_int_equal(spool_read(*state, &data, &size, NULL), 0);
        assert_int_equal(size, 0);
}

static void rows_come_out_as_copy_text(void **state)
{
        _cleanup_(text_done) Text out = {0};
        DatabaseConnection plain = row(1, "plain");
        DatabaseConnection linked = row(2, "linked");
        linked.has_database = true;
        linked.database_id.bytes[0] = 0xdb;
        assert_int_equal(spool_add(*state, &plain, ASKED, NULL), 0);
        assert_int_equal(spool_add(*state, &linked, ASKED, NULL), 0);
        read_all(*state, &out);
        assert_string_equal(
                out.data,
                "0\t1700\t01000000-0000-0000-0000-000000000000\tplain\t\\N\t\\N\tf\n"
                "1\t1700\t02000000-0000-0000-0000-000000000000\tlinked\tdb000000-0000-0000-"
                "0000-000000000000\t\\N\tf\n");
        assert_int_equal(spool_rows(*state), 2);
}

static void names_are_escaped(void **state)
{
        static const struct {
                const char *name, *text;
        } cases[] = {
                {"", ""},
                {"\t", "\\t"},
                {"\n\r", "\\n\\r"},
                {"\\", "\\\\"},
                {"\\N", "\\\\N"},
                {"\\.", "\\\\."},
                {"a\tb\\c\nd", "a\\tb\\\\c\\nd"},
                {"'\"`$1%s", "'\"`$1%s"},
                {"\xf0\x9f\xa6\x86", "\xf0\x9f\xa6\x86"},
        };
        _cleanup_(text_done) Text out = {0};
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                char expected[200];
                DatabaseConnection r = row(1, cases[i].name);
                spool_reset(*state);
                assert_int_equal(spool_add(*state, &r, ASKED, NULL), 0);
                read_all(*state, &out);
                (void)snprintf(expected, sizeof(expected),
                               "0\t1700\t01000000-0000-0000-0000-000000000000\t%s\t\\N\t\\N\tf\n",
                               cases[i].text);
                assert_string_equal(out.data, expected);
        }
}

/* The name's size counts, not a NUL behind it. */
static void a_name_ends_where_its_size_says(void **state)
{
        _cleanup_(text_done) Text out = {0};
        char *name = malloc(3); /* exactly: reading on would be seen by the sanitizer */
        memcpy(name, "a\tb", 3);
        DatabaseConnection r = {.name = name, .name_size = 3};
        assert_int_equal(spool_add(*state, &r, ASKED, NULL), 0);
        free(name);
        read_all(*state, &out);
        assert_non_null(strstr(out.data, "\ta\\tb\t"));
}

static void fill_beyond_memory(Spool *s, Text *expected)
{
        char name[3000];
        memset(name, 'x', sizeof(name));
        for (int i = 0; i < 3 * LIMIT_SPOOL_MEMORY_BYTES / (int)sizeof(name); i++) {
                char id[UUID_STRING_SIZE];
                DatabaseConnection r = {.name = name,
                                        .name_size = 1 + (size_t)(i * 37) % sizeof(name)};
                memcpy(r.id.bytes, &i, sizeof(i));
                assert_int_equal(spool_add(s, &r, ASKED, NULL), 0);
                assert_int_equal(text_printf(expected, "%d\t1700\t%s\t%.*s\t\\N\t\\N\tf\n", i,
                                             uuid_format(&r.id, id), (int)r.name_size, name),
                                 0);
        }
}

static void many_rows_come_out_the_same_every_time(void **state)
{
        _cleanup_(text_done) Text expected = {0};
        _cleanup_(text_done) Text out = {0};
        fill_beyond_memory(*state, &expected);
        assert_true(expected.size > LIMIT_SPOOL_MEMORY_BYTES);
        for (int i = 0; i < 2; i++) {
                read_all(*state, &out);
                assert_int_equal(out.size, expected.size);
                assert_memory_equal(out.data, expected.data, expected.size);
        }
        spool_reset(*state);
        assert_int_equal(spool_rows(*state), 0);
        read_all(*state, &out);
        assert_int_equal(out.size, 0);
}

static size_t entries(const char *folder)
{
        size_t n = 0;
        DIR *d = opendir(folder);
        assert_non_null(d);
        while (readdir(d))
                n++;
        (void)closedir(d);
        return n;
}

/* The descriptor of the one file that has no name any more, and the name that it had; -1: there is
 * none. */
static int find_file(char *where, size_t size)
{
        for (int fd = 3; fd < 64; fd++) {
                char link[32];
                (void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
                ssize_t n = readlink(link, where, size - 1);
                if (n <= 0)
                        continue;
                where[n] = '\0';
                if (strstr(where, " (deleted)"))
                        return fd;
        }
        return -1;
}

static void the_file_is_in_tmpdir_and_has_no_name(void **state)
{
        for (int without = 0; without < 2; without++) {
                char folder[] = "/tmp/edgemirror-spool-XXXXXX", where[128];
                _cleanup_(text_done) Text expected = {0};
                _cleanup_(text_done) Text out = {0};
                without_tmpfile = without == 1;
                assert_non_null(mkdtemp(folder));
                assert_int_equal(setenv("TMPDIR", folder, 1), 0);
                fill_beyond_memory(*state, &expected);
                without_tmpfile = false;
                assert_int_not_equal(find_file(where, sizeof(where)), -1);
                assert_memory_equal(where, folder, strlen(folder));
                assert_int_equal(entries(folder), 2); /* . and .. */
                assert_int_equal(rmdir(folder), 0);
                read_all(*state, &out);
                assert_string_equal(out.data, expected.data);
                spool_reset(*state);
                assert_int_equal(find_file(where, sizeof(where)), -1);
        }
}

static void a_tmpdir_that_cannot_be_used_is_passed_over(void **state)
{
        char too_long[PATH_MAX + 1], where[128];
        memset(too_long, '/', sizeof(too_long) - 1);
        too_long[sizeof(too_long) - 1] = '\0';
        const char *const folders[] = {"/nonexistent/folder", "", too_long};
        for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
                _cleanup_(text_done) Text expected = {0};
                char why[SPOOL_COMPLAINT_BYTES] = "";
                assert_int_equal(setenv("TMPDIR", folders[i], 1), 0);
                fill_beyond_memory(*state, &expected);
                assert_int_not_equal(find_file(where, sizeof(where)), -1);
                assert_memory_equal(where, "/var/tmp/", 9);
                spool_reset(*state);
                assert_int_equal(spool_passes_over(why), folders[i][0] != '\0');
                if (i == 0)
                        assert_non_null(strstr(why, "TMPDIR is /nonexistent/folder, where no "
                                                    "temporary file can be made (No such file or "
                                                    "directory): /var/tmp is used"));
        }
        char why[SPOOL_COMPLAINT_BYTES];
        assert_int_equal(setenv("TMPDIR", "/tmp", 1), 0);
        assert_false(spool_passes_over(why));
        (void)unsetenv("TMPDIR");
        assert_false(spool_passes_over(why));
}

/* Rows that are lost, or are not what was written, are a fault; no list is shorter for it. */
static void a_file_that_was_cut_is_a_fault(void **state)
{
        enum { IDS = 100000, FOREIGN = 10 };
        char where[128];
        Fault fault;
        Uuid id = {0};
        const char *data;
        size_t size;
        for (int i = 0; i < IDS; i++)
                assert_int_equal(spool_add_id(*state, &id, &fault), 0);
        int fd = find_file(where, sizeof(where));
        assert_int_not_equal(fd, -1);
        assert_int_equal(pwrite(fd, "no", 2, FOREIGN * UUID_STRING_SIZE), 2);
        assert_int_equal(spool_get_id(*state, FOREIGN, &id, &fault), -EBADMSG);
        assert_string_equal(fault_code_name(fault.code), "spool-failed");
        assert_int_equal(ftruncate(fd, UUID_STRING_SIZE), 0);
        assert_int_equal(spool_get_id(*state, 0, &id, &fault), 0);
        assert_int_equal(spool_get_id(*state, 1, &id, &fault), -EIO);
        assert_string_equal(fault_code_name(fault.code), "spool-failed");
        spool_rewind(*state);
        assert_int_equal(spool_read(*state, &data, &size, &fault), 0);
        assert_int_equal(size, UUID_STRING_SIZE);
        assert_int_equal(spool_read(*state, &data, &size, &fault), -EIO);
        assert_string_equal(fault_code_name(fault.code), "spool-failed");
}

/* A file that may not grow stands for a full disk. */
static void a_full_disk_is_a_fault_and_leaves_the_spool_as_it_was(void **state)
{
        _cleanup_(text_done) Text expected = {0};
        _cleanup_(text_done) Text out = {0};
        Fault fault = {0};
        char name[100 * 1000];
        memset(name, 'y', sizeof(name));
        DatabaseConnection r = {.name = name, .name_size = sizeof(name)};
        fill_beyond_memory(*state, &expected);
        int64_t rows = spool_rows(*state);

        struct rlimit old, small;
        assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
        small = (struct rlimit){.rlim_cur = expected.size, .rlim_max = old.rlim_max};
        (void)signal(SIGXFSZ, SIG_IGN);
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
        int e;
        /* another row each time: the same one would not be added */
        while (name[0] = (char)('a' + rows % 2), (e = spool_add(*state, &r, ASKED, &fault)) == 0) {
                assert_int_equal(text_printf(&expected,
                                             "%lld\t1700\t00000000-0000-0000-0000-000000000000\t%.*"
                                             "s\t\\N\t\\N\tf\n",
                                             (long long)rows++, (int)sizeof(name), name),
                                 0);
                assert_true(rows < 10000);
        }
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);

        assert_int_equal(e, -EFBIG);
        assert_int_equal(fault.scope, FAULT_RUN);
        assert_true(fault.retryable);
        assert_string_equal(fault_code_name(fault.code), "spool-failed");
        assert_int_equal(spool_rows(*state), rows);
        read_all(*state, &out);
        assert_int_equal(out.size, expected.size);
        assert_memory_equal(out.data, expected.data, expected.size);
}

/* Enough of them for the file, so that some come from there and some from memory. */
static void want_of_a_descriptor_is_no_matter_of_space(void **state)
{
        _cleanup_(text_done) Text name = {0};
        struct rlimit old, none;
        Fault fault = {0};
        assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
        none = (struct rlimit){.rlim_cur = 3, .rlim_max = old.rlim_max};
        while (name.size < 100000)
                assert_int_equal(text_append_string(&name, "0123456789"), 0);
        assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
        int r = 0;
        for (uint8_t i = 0; i < 30 && r == 0; i++) {
                DatabaseConnection c = row(i, name.data);
                r = spool_add(*state, &c, ASKED, &fault);
        }
        assert_int_equal(setrlimit(RLIMIT_NOFILE, &old), 0);
        assert_int_equal(r, -EMFILE);
        assert_true(fault.retryable);
        assert_non_null(strstr(fault.message, "raise the limit of open files"));
        assert_null(strstr(fault.message, "space"));
}

static void ids_come_back_by_their_number(void **state)
{
        enum { IDS = 100000 };
        Fault fault;
        Uuid id = {0}, got;
        for (uint32_t i = 0; i < IDS; i++) {
                memcpy(id.bytes, &i, sizeof(i));
                assert_int_equal(spool_add_id(*state, &id, &fault), 0);
        }
        assert_int_equal(spool_rows(*state), IDS);
        for (uint32_t i = 0; i < IDS; i++) {
                memcpy(id.bytes, &i, sizeof(i));
                assert_int_equal(spool_get_id(*state, i, &got, &fault), 0);
                if (!uuid_equal(&id, &got))
                        fail_msg("id %u", i);
        }
        assert_int_equal(spool_get_id(*state, IDS, &got, &fault), -ENOENT);
        assert_int_equal(spool_get_id(*state, -1, &got, &fault), -ENOENT);
}

/* Of very many, what was received is not kept of all. */
static void rows_that_cannot_be_mirrored_are_kept_up_to_a_cap(void **state)
{
        _cleanup_(text_done) Text out = {0};
        DatabaseConnection bad = row(1, "{\"id\":\t7}");
        bad.rejected = "it is odd";
        bad.anonymous = true;
        assert_int_equal(spool_add(*state, &bad, ASKED, NULL), 0);
        read_all(*state, &out);
        assert_string_equal(out.data, "0\t1700\t01000000-0000-0000-0000-000000000000\t{\"id\":\\t7}"
                                      "\t\\N\tit is odd\tt\n");
        for (int i = 2; i < LIMIT_REJECTED_KEPT + 6; i++) {
                memcpy(bad.id.bytes, &i, sizeof(i));
                assert_int_equal(spool_add(*state, &bad, ASKED, NULL), 0);
        }
        text_reset(&out);
        read_all(*state, &out);
        size_t kept = 0;
        for (const char *at = out.data; (at = strstr(at, "\\t7}")); at++)
                kept++;
        assert_int_equal(kept, LIMIT_REJECTED_KEPT);
        assert_int_equal(spool_rows(*state), LIMIT_REJECTED_KEPT + 5);
        assert_int_equal(spool_digest(*state)->rejected, LIMIT_REJECTED_KEPT + 5);
}

static void verdicts_come_out_as_copy_text(void **state)
{
        _cleanup_(text_done) Text out = {0};
        Uuid id = {.bytes = {0xab}};
        const DatabaseConnection elsewhere = {
                .id = id, .edge_connection_id = {.bytes = {0xcd}}, .name = "a\tb", .name_size = 3};
        const SpoolVerdict verdicts[] = {
                {.id = id, .gone = true, .http_status = 410, .asked_usec = ASKED},
                {.id = id, .moved = &elsewhere, .http_status = 200},
                {.id = id, .http_status = 503},
                {.id = id},
        };
        for (size_t i = 0; i < sizeof(verdicts) / sizeof(verdicts[0]); i++)
                assert_int_equal(spool_add_verdict(*state, &verdicts[i], NULL), 0);
        read_all(*state, &out);
        assert_string_equal(
                out.data,
                "1700\tab000000-0000-0000-0000-000000000000\tt\t410\t\\N\t\\N\t\\N\n"
                "0\tab000000-0000-0000-0000-000000000000\tf\t200\tcd000000-0000-0000-0000-"
                "000000000000\ta\\tb\t\\N\n"
                "0\tab000000-0000-0000-0000-000000000000\t\\N\t503\t\\N\t\\N\t\\N\n"
                "0\tab000000-0000-0000-0000-000000000000\t\\N\t\\N\t\\N\t\\N\t\\N\n");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(an_empty_spool_gives_nothing, set_up, tear_down),
                cmocka_unit_test_setup_teardown(rows_come_out_as_copy_text, set_up, tear_down),
                cmocka_unit_test_setup_teardown(names_are_escaped, set_up, tear_down),
                cmocka_unit_test_setup_teardown(a_name_ends_where_its_size_says, set_up, tear_down),
                cmocka_unit_test_setup_teardown(many_rows_come_out_the_same_every_time, set_up,
                                                tear_down),
                cmocka_unit_test_setup_teardown(the_file_is_in_tmpdir_and_has_no_name, set_up,
                                                tear_down),
                cmocka_unit_test_setup_teardown(a_tmpdir_that_cannot_be_used_is_passed_over, set_up,
                                                tear_down),
                cmocka_unit_test_setup_teardown(a_file_that_was_cut_is_a_fault, set_up, tear_down),
                cmocka_unit_test_setup_teardown(want_of_a_descriptor_is_no_matter_of_space, set_up,
                                                tear_down),
                cmocka_unit_test_setup_teardown(ids_come_back_by_their_number, set_up, tear_down),
                cmocka_unit_test_setup_teardown(rows_that_cannot_be_mirrored_are_kept_up_to_a_cap,
                                                set_up, tear_down),
                cmocka_unit_test_setup_teardown(verdicts_come_out_as_copy_text, set_up, tear_down),
                cmocka_unit_test_setup_teardown(
                        a_full_disk_is_a_fault_and_leaves_the_spool_as_it_was, set_up, tear_down),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
