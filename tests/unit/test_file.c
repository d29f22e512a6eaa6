/*
 * Reading a whole file.
 */
#include "base/cleanup.h"
#include "base/file.h"
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
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

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(pieces_are_joined_up_to_the_end),
                cmocka_unit_test(a_full_buffer_is_the_end),
                cmocka_unit_test(what_cannot_be_read_gives_its_errno),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
