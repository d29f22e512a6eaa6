/*
 * Reading a whole file, and writing a new one.
 */
#include "base/cleanup.h"
#include "base/file.h"
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/* A pipe gives what is in it and no more at a time. */
static void pieces_are_joined_up_to_the_end(void **state)
{
        (void)state;
        char bytes[8];
        size_t size = 0;
        int ends[2];
        assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
        pid_t pid = fork();
        assert_true(pid >= 0);
        if (pid == 0) {
                for (const char *c = "abcde"; *c; c++) {
                        if (write(ends[1], c, 1) != 1)
                                _exit(1);
                        (void)usleep(1000);
                }
                _exit(0);
        }
        (void)close(ends[1]);
        assert_int_equal(file_read(ends[0], bytes, sizeof(bytes), &size), 0);
        assert_int_equal(size, 5);
        assert_memory_equal(bytes, "abcde", 5);
        (void)close(ends[0]);
        assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static void a_full_buffer_is_the_end(void **state)
{
        (void)state;
        char bytes[4];
        size_t size = 0;
        _cleanup_(cleanup_close) int fd = open("/dev/zero", O_RDONLY | O_CLOEXEC);
        assert_true(fd >= 0);
        assert_int_equal(file_read(fd, bytes, sizeof(bytes), &size), 0);
        assert_int_equal(size, sizeof(bytes));
}

static void what_cannot_be_read_gives_its_errno(void **state)
{
        (void)state;
        char bytes[4];
        size_t size = 7;
        _cleanup_(cleanup_close) int fd = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        assert_true(fd >= 0);
        assert_int_equal(file_read(fd, bytes, sizeof(bytes), &size), -EISDIR);
        assert_int_equal(file_read(-1, bytes, sizeof(bytes), &size), -EBADF);
        assert_int_equal(size, 7);
}

static int folder_setup(void **state)
{
        char *folder = strdup("/tmp/edgemirror-file-XXXXXX");
        *state = folder;
        return folder && mkdtemp(folder) && chdir(folder) == 0 ? 0 : -1;
}

static int folder_teardown(void **state)
{
        (void)unlink("new");
        (void)unlink("target");
        int r = chdir("/") == 0 ? rmdir(*state) : -1; /* nothing else may be in it */
        free(*state);
        return r;
}

static void assert_holds(const char *path, const char *text)
{
        char bytes[64];
        size_t size = 0;
        _cleanup_(cleanup_close) int fd = open(path, O_RDONLY | O_CLOEXEC);
        assert_int_equal(file_read(fd, bytes, sizeof(bytes), &size), 0);
        assert_int_equal(size, strlen(text));
        assert_memory_equal(bytes, text, size);
}

static void a_new_file_is_whole_and_its_owners_alone(void **state)
{
        char path[64];
        struct stat st;
        mode_t before = umask(0);
        assert_int_equal(file_write_new("new", "text", 4), 0);
        (void)umask(before);
        assert_holds("new", "text");
        assert_int_equal(stat("new", &st), 0);
        assert_int_equal(st.st_mode, S_IFREG | 0600);
        assert_int_equal(st.st_nlink, 1);
        assert_int_equal(unlink("new"), 0);
        (void)snprintf(path, sizeof(path), "%s/new", (const char *)*state);
        assert_int_equal(file_write_new(path, "", 0), 0);
        assert_holds("new", "");
}

static void what_is_there_is_not_replaced(void **state)
{
        (void)state;
        assert_int_equal(file_write_new("new", "mine", 4), 0);
        assert_int_equal(file_write_new("new", "yours", 5), -EEXIST);
        assert_holds("new", "mine");
        assert_int_equal(unlink("new"), 0);
        assert_int_equal(symlink("target", "new"), 0);
        assert_int_equal(file_write_new("new", "yours", 5), -EEXIST);
        assert_int_not_equal(access("target", F_OK), 0);
        assert_int_equal(file_write_new("nowhere/new", "x", 1), -ENOENT);
}

/* As where anybody may leave files for somebody else. Root may read everything. */
static void a_directory_need_not_be_readable(void **state)
{
        enum { NOBODY = 65534 };
        const char *folder = *state;
        assert_int_equal(chmod(folder, 0333), 0);
        pid_t pid = fork();
        assert_true(pid >= 0);
        if (pid == 0) {
                bool is_root = geteuid() == 0;
                if (is_root && (setgid(NOBODY) < 0 || setuid(NOBODY) < 0))
                        _exit(77);
                _exit(-file_write_new("new", "text", 4));
        }
        int status;
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_int_equal(chmod(folder, 0700), 0);
        assert_int_equal(status, 0);
        assert_holds("new", "text");
}

/* The teardown finds what was left behind. */
static void what_cannot_be_written_whole_is_not_there(void **state)
{
        (void)state;
        const struct rlimit little = {3, RLIM_INFINITY}, none = {RLIM_INFINITY, RLIM_INFINITY};
        (void)signal(SIGXFSZ, SIG_IGN);
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &little), 0);
        int r = file_write_new("new", "text", 4);
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &none), 0);
        assert_int_equal(r, -EFBIG);
        assert_int_not_equal(access("new", F_OK), 0);
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(pieces_are_joined_up_to_the_end),
                cmocka_unit_test(a_full_buffer_is_the_end),
                cmocka_unit_test(what_cannot_be_read_gives_its_errno),
                cmocka_unit_test_setup_teardown(a_new_file_is_whole_and_its_owners_alone,
                                                folder_setup, folder_teardown),
                cmocka_unit_test_setup_teardown(what_is_there_is_not_replaced, folder_setup,
                                                folder_teardown),
                cmocka_unit_test_setup_teardown(a_directory_need_not_be_readable, folder_setup,
                                                folder_teardown),
                cmocka_unit_test_setup_teardown(what_cannot_be_written_whole_is_not_there,
                                                folder_setup, folder_teardown),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
