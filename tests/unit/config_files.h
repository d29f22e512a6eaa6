/*
 * config_files: a folder of configuration files for a test, and what config_load says of them.
 *
 * Tests run in the folder, so that file names in messages are short and do not vary.
 */
#pragma once

#include "config/config.h"
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define UUID_A "0b9c1c1e-3d0a-4d55-9d2b-6b8f0f0a1c11"
#define UUID_B "5f3b1e0a-7c55-4d0e-8d53-2f6f2f0c9d10"

#define CATALOG  "[catalog]\nurl = https://c.example\nusername = u\npassword_file = /p\n"
#define POSTGRES "[postgres]\nconninfo = dbname=x\n"
#define EDGE     "[edge \"a\"]\nid = " UUID_A "\n"
#define VALID    CATALOG POSTGRES EDGE

static inline void files_write_bytes(const char *path, const void *bytes, size_t size)
{
        FILE *f = fopen(path, "we");
        assert_non_null(f);
        assert_int_equal(fwrite(bytes, 1, size, f), size);
        assert_int_equal(fclose(f), 0);
}

static inline void files_write(const char *path, const char *text)
{
        files_write_bytes(path, text, strlen(text));
}

/* Setup and teardown of each test: an empty folder with t.conf.d in it. */
static inline int files_setup(void **state)
{
        char *folder = strdup("/tmp/edgemirror-config-XXXXXX");

        if (!folder || !mkdtemp(folder) || chdir(folder) < 0 || mkdir("t.conf.d", 0700) < 0)
                return -1;
        *state = folder;
        return 0;
}

static inline int files_teardown(void **state)
{
        char command[128];

        (void)snprintf(command, sizeof(command), "rm -rf -- '%s'", (const char *)*state);
        free(*state);
        *state = NULL;
        return chdir("/") == 0 && system(command) == 0 ? 0 : -1;
}

/* The whole report of a configuration that must be refused. */
static inline void assert_refused(const char *file, int error, const char *report)
{
        _cleanup_(text_done) Text errors = {0};
        Config *config = NULL;

        assert_int_equal(config_load(file, &config, &errors), error);
        assert_null(config);
        assert_string_equal(errors.data ? errors.data : "", report);
}

static inline Config *assert_loaded(const char *file)
{
        _cleanup_(text_done) Text errors = {0};
        Config *config = NULL;

        int r = config_load(file, &config, &errors);
        assert_string_equal(errors.data ? errors.data : "", "");
        assert_int_equal(r, 0);
        assert_non_null(config);
        return config;
}
