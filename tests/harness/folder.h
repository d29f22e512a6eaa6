/*
 * folder: the temporary folders of a test program, and what in them explains a failure.
 *
 * When an assertion fails, the end of each log that lies in one of them (*.err, *.out, err, out,
 * log) is printed into the test's own log before the folders are removed by the teardown: of the
 * first few failures, and a few KiB of each.
 *
 * EDGEMIRROR_TESTS: a pattern, with * and ?, of the tests that are run; all without it.
 */
#pragma once

enum { HARNESS_FOLDER_SIZE = 64 };

/* Makes /tmp/edgemirror-KIND-XXXXXX. */
void harness_folder_make(const char *kind, char out[HARNESS_FOLDER_SIZE]);

/* With all that is in it. */
void harness_folder_remove(const char *folder);
