/*
 * certificates: see the header.
 */
#include "harness/certificates.h"
#include <setjmp.h>
#include <spawn.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

void harness_certificates_make(char out[HARNESS_FOLDER_SIZE])
{
        const char *top = getenv("top_srcdir");
        char script[4096];
        (void)snprintf(script, sizeof(script), "%s/tests/harness/make_certificates.sh",
                       top ? top : ".");
        harness_folder_make("pem", out);
        char *argv[] = {(char *)"sh", script, out, NULL};
        pid_t pid;
        int status;
        assert_int_equal(posix_spawnp(&pid, "sh", NULL, NULL, argv, environ), 0);
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_int_equal(status, 0);
}

int harness_certificates_setup(void **state)
{
        static char folder[HARNESS_FOLDER_SIZE];
        harness_certificates_make(folder);
        *state = folder;
        return 0;
}

int harness_certificates_teardown(void **state)
{
        harness_folder_remove(*state);
        return 0;
}
