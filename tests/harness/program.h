/*
 * program: edgemirror and the sample catalog as a test runs them: real processes, ended by their
 * ids.
 */
#pragma once

#include <cjson/cJSON.h>
#include <sys/types.h>

typedef struct HarnessCatalog {
        pid_t pid;
        char url[128];
        char file[96]; /* where it writes its address */
} HarnessCatalog;

/* `arguments` after --announce FILE --die-with-parent, NULL-terminated. `folder` is where files may
 * be written. */
void harness_catalog_start(HarnessCatalog *c, const char *folder, const char *const *arguments);
void harness_catalog_stop(HarnessCatalog *c);

/* A request to /control/…; the answer as JSON (owned by the caller), which must be a success. body
 * NULL: GET; "": DELETE. */
cJSON *harness_control(const HarnessCatalog *c, const char *path, const char *body);

/* The answer as text. */
char *harness_control_text(const HarnessCatalog *c, const char *path);

/* Starts edgemirror with its output in FOLDER/out and FOLDER/err; waits for the end and gives the
 * exit status. */
pid_t harness_program_start(const char *folder, const char *const *arguments);
int harness_program_wait(pid_t pid);

/* The same, and the most memory that it had resident: no less than this process had when it started
 * the program. */
int harness_program_wait_peak(pid_t pid, long *ret_peak_kib);

/* The same with its output in FOLDER/NAME.out and FOLDER/NAME.err, and with more environment: names
 * and values in turn, NULL-terminated. */
pid_t harness_program_start_as(const char *folder, const char *name, const char *const *environment,
                               const char *const *arguments);
int harness_program(const char *folder, const char *const *arguments);

/* The path of a program of this build. */
void harness_built(const char *what, char out[512]);

/* Instead of a group of tests that cannot be run here: says why, in TAP, and is what main returns.
 * (A test that calls skip() is one that failed, for TAP.) */
int harness_skip_all(const char *reason);

/* A whole file as text, owned by the caller. */
char *harness_read(const char *folder, const char *name);
void harness_write(const char *folder, const char *name, const char *text);
